//! Which zones there have to be for all names and addresses to stand in one.

use super::names::Names;
use super::reverse::zone_of;
use super::text::is_within;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::IpAddr;
use utoipa::ToSchema;

/// A zone that something calls for. Names may as well stand in one further up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CalledZone)]
pub struct Called {
    /// Its name.
    #[schema(example = "cdn.example")]
    pub zone: String,
    /// The networks that call for it; none, where host patterns do.
    #[schema(value_type = Vec<String>)]
    pub prefixes: BTreeSet<IpNet>,
    /// How many names stand in it.
    pub names: u64,
}

/// The zones that host patterns and networks call for, by name. Of networks in one another the widest counts:
/// that is what was delegated to somebody. Where one ends within a part of an address, its addresses are
/// in several zones of the next whole part, and what is narrower than a zone can be is in the one around it.
#[must_use]
pub fn called_for(names: &Names) -> Vec<Called> {
    let mut all: BTreeMap<String, Called> = BTreeMap::new();
    let mut count = |zone: String, prefix: Option<IpNet>| {
        let empty = || Called { zone: zone.clone(), prefixes: BTreeSet::new(), names: 0 };
        let called = all.entry(zone.clone()).or_insert_with(empty);
        called.prefixes.extend(prefix);
        called.names += 1;
    };
    let mut addresses: BTreeSet<IpAddr> = BTreeSet::new();
    for (name, host) in &names.hosts {
        addresses.extend(&host.addresses);
        // The nearest: one pattern may begin below another.
        let tops = names.tops.iter().filter(|top| is_within(name, top));
        if let Some(top) = tops.max_by_key(|top| top.len()) {
            count(top.clone(), None);
        }
    }
    let known: HashSet<IpNet> = names.prefixes.iter().map(IpNet::trunc).collect();
    for address in addresses {
        if let Some(network) = widest(&known, address) {
            count(zone_of(address, network.prefix_len()), Some(network));
        }
    }
    all.into_values().collect()
}

/// The widest of these that has an address. «All addresses» is delegated to nobody.
fn widest(known: &HashSet<IpNet>, address: IpAddr) -> Option<IpNet> {
    let longest = if address.is_ipv4() { 32 } else { 128 };
    (1..=longest).find_map(|length| {
        let network = IpNet::new(address, length).ok()?.trunc();
        known.contains(&network).then_some(network)
    })
}
