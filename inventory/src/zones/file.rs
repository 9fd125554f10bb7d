//! A zone as a file (RFC 1035 §5).

use super::text::is_within;
use super::{Data, Record, Zone};
use contract::names::no_host_name;
use std::fmt::Write;
use std::net::IpAddr;

/// How long an answer may be believed: a day, for a box that moves is to be found again.
const MAX_TTL_S: u32 = 86_400;

/// How long it may be believed that there is no such name: boxes come.
const MAX_NEGATIVE_TTL_S: u32 = 300;

/// How often secondaries look, how soon again, and for how long they go on alone (RIPE 203).
const TIMES: &str = "3600 600 1209600";

/// What stands at the top of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Soa {
    /// Who answers for it; the first is where it is changed.
    pub name_servers: Vec<NameServer>,
    /// Whom one writes to, as an address of mail.
    pub hostmaster: String,
    /// So long an answer is believed.
    pub ttl_s: u32,
}

/// A name server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameServer {
    /// Its whole name.
    pub name: String,
    /// Its addresses: where its name stands in the zone itself, nobody could find it otherwise.
    pub addresses: Vec<IpAddr>,
}

/// What cannot stand at the top of a zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadSoa(String);

impl std::str::FromStr for NameServer {
    type Err = BadSoa;

    /// `ns1.example`, or with its addresses: `ns1.example=192.0.2.53,2001:db8::53`.
    fn from_str(text: &str) -> Result<Self, BadSoa> {
        let (name, addresses) = text.split_once('=').unwrap_or((text, ""));
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        if let Some(why) = no_host_name(&name) {
            return Err(BadSoa(format!("name server {name:?}: {why}")));
        }
        let addresses = addresses.split(',').filter(|it| !it.is_empty());
        let read = |it: &str| {
            it.parse().map_err(|_| BadSoa(format!("name server {name}: {it:?} is no address")))
        };
        let addresses = addresses.map(read).collect::<Result<Vec<IpAddr>, BadSoa>>()?;
        Ok(Self { name, addresses })
    }
}

impl Soa {
    /// Whether it can stand at the top of this zone.
    ///
    /// # Errors
    /// When a name server cannot be found, or something cannot be meant.
    pub fn check(&self, zone: &Zone) -> Result<(), BadSoa> {
        if self.name_servers.is_empty() {
            return Err(BadSoa("name at least one name server: no zone is without".to_owned()));
        }
        if !(1..=MAX_TTL_S).contains(&self.ttl_s) {
            return Err(BadSoa(format!("a TTL of 1 to {MAX_TTL_S} seconds, not {}", self.ttl_s)));
        }
        mailbox(&self.hostmaster)?;
        for server in &self.name_servers {
            let is_found = !is_within(&server.name, &zone.zone)
                || !server.addresses.is_empty()
                || zone.records.iter().any(|it| it.name == server.name);
            if !is_found {
                let name = &server.name;
                return Err(BadSoa(format!(
                    "the name server {name} stands in the zone itself: say where it is, as {name}=ADDRESS"
                )));
            }
        }
        Ok(())
    }
}

/// The file.
///
/// # Errors
/// When such a zone cannot be.
pub fn render(zone: &Zone, soa: &Soa) -> Result<String, BadSoa> {
    soa.check(zone)?;
    let (origin, ttl) = (&zone.zone, soa.ttl_s);
    let first = soa.name_servers.first().map_or("", |it| it.name.as_str());
    let (master, serial) = (mailbox(&soa.hostmaster)?, zone.serial);
    let negative = ttl.min(MAX_NEGATIVE_TTL_S);
    let mut text = format!("$ORIGIN {origin}.\n$TTL {ttl}\n");
    // Writing to a string does not fail.
    let _ = writeln!(text, "@ SOA {first}. {master} {serial} {TIMES} {negative}");
    for server in &soa.name_servers {
        let _ = writeln!(text, "@ NS {}.", server.name);
    }
    let mut records: Vec<Record> =
        soa.name_servers.iter().flat_map(|it| glue(it, origin)).collect();
    records.extend(zone.records.iter().cloned());
    records.sort_unstable();
    records.dedup();
    for Record { name, data } in &records {
        let _ = writeln!(text, "{} {data}", relative(name, origin));
    }
    for note in &zone.notes {
        let _ = writeln!(text, "; {} {}", note.name, note.what);
    }
    Ok(text)
}

/// Where a name server is, if its name stands in the zone.
fn glue<'a>(server: &'a NameServer, zone: &str) -> impl Iterator<Item = Record> + use<'a> {
    let addresses: &[IpAddr] = if is_within(&server.name, zone) { &server.addresses } else { &[] };
    addresses.iter().map(|it| Record { name: server.name.clone(), data: Data::of(*it) })
}

fn relative<'a>(name: &'a str, zone: &str) -> &'a str {
    let before = name.strip_suffix(zone).unwrap_or(name);
    if before.is_empty() { "@" } else { before.strip_suffix('.').unwrap_or(before) }
}

/// An address of mail as a name (RFC 1035 §8): the dots of its first part are none between labels.
fn mailbox(address: &str) -> Result<String, BadSoa> {
    let bad = |why: &str| BadSoa(format!("hostmaster {address:?}: {why}"));
    let (local, domain) = address.rsplit_once('@').ok_or_else(|| bad("expected NAME@DOMAIN"))?;
    let is_sent = |it: u8| it.is_ascii_alphanumeric() || b".+-_".contains(&it);
    if !(1..=63).contains(&local.len()) || !local.bytes().all(is_sent) {
        return Err(bad("its first part is 1 to 63 of letters, digits, and . + - _"));
    }
    if let Some(why) = no_host_name(&domain.to_ascii_lowercase()) {
        return Err(bad(&why));
    }
    Ok(format!("{}.{}.", local.replace('.', "\\."), domain.to_ascii_lowercase()))
}
