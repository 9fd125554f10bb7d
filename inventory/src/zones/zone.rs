//! What stands in one zone.

use super::Record;
use super::forward::{forward, tops_within};
use super::names::Names;
use super::reverse::{TOPS, network, reverse};
use super::text::is_within;
use contract::names::no_host_name;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A zone, as the inventory has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Zone {
    /// Its name, without the dot at its end.
    #[schema(example = "cdn.example")]
    pub zone: String,
    /// Rises with every change of the inventory, also of what does not stand here.
    pub serial: u32,
    /// What stands in it, in order.
    pub records: Vec<Record>,
    /// What is not as somebody may expect it.
    pub notes: Vec<Note>,
    /// Names of boxes that there are or ever were. The addresses under them (A, AAAA) are the fleet's, and so
    /// is what leads back to them (PTR); all else that stands in the zone is others'.
    pub owned: BTreeSet<String>,
    /// Names under which it is the fleet that says who may issue certificates (CAA, `issue`), where it is told.
    pub owned_tops: BTreeSet<String>,
}

/// Something about a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(as = ZoneNote)]
pub struct Note {
    /// Which.
    pub name: String,
    /// What.
    pub what: String,
}

/// What cannot be a zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoZone {
    /// It is no name.
    #[error("{0:?} is no name of a zone: {1}")]
    NoName(String, String),
    /// It is none of whole parts of an address.
    #[error(
        "{0:?} is no zone of addresses: expected whole parts of one, such as 2.0.192.in-addr.arpa or 8.b.d.0.1.0.0.2.ip6.arpa"
    )]
    NoNetwork(String),
}

/// The zone of that name.
///
/// # Errors
/// When it can be none.
pub fn zone(name: &str, names: &Names, issuers: &[String]) -> Result<Zone, NoZone> {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    if let Some(why) = no_host_name(&name) {
        return Err(NoZone::NoName(name.chars().take(253).collect(), why));
    }
    let serial = names.serial();
    if TOPS.iter().any(|top| is_within(&name, top)) {
        let Some(network) = network(&name) else { return Err(NoZone::NoNetwork(name)) };
        let records = reverse(&network, names);
        let owned = names.ever(|_| true);
        let (notes, owned_tops) = (Vec::new(), BTreeSet::new());
        return Ok(Zone { zone: name, serial, records, notes, owned, owned_tops });
    }
    let records = forward(&name, names, issuers);
    let mut notes: Vec<Note> =
        names.notes.iter().filter(|it| is_within(&it.name, &name)).cloned().collect();
    notes.sort_unstable();
    let owned = names.ever(|it| is_within(it, &name));
    let tops = tops_within(&name, names.ever_tops());
    let owned_tops = tops.into_iter().map(str::to_owned).collect();
    Ok(Zone { zone: name, serial, records, notes, owned, owned_tops })
}
