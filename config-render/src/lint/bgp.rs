//! Conversations by BGP have two ends that agree on whom they speak with. Where the other end is no device of
//! ours, only what can be known from this side is looked at.

use super::{Finding, Fleet};
use crate::facts::{Facts, text};
use inventory::schema::Record;
use std::collections::HashMap;
use std::net::IpAddr;

const RULE: &str = "BGP sessions have two ends";

pub(super) fn check(fleet: Fleet<'_>) -> Vec<Finding> {
    let devices = || fleet.devices.iter().map(|subject| &subject.facts);
    let by_address: HashMap<IpAddr, &Facts> =
        devices().flat_map(|facts| addresses(facts).map(move |address| (address, facts))).collect();
    let sessions = devices().flat_map(|facts| facts.sessions.iter().map(move |it| (facts, it)));
    sessions
        .filter_map(|(facts, session)| {
            let other = by_address.get(&text(session, "peer_address").parse().ok()?);
            let message = match other {
                Some(other) if other.name() == facts.name() => {
                    "it would speak with itself".to_owned()
                }
                Some(other) => wrong(facts, session, other)?,
                None => return None,
            };
            let peer = text(session, "peer_address");
            Some(Finding::new(facts, RULE, format!("session with {peer}: {message}")))
        })
        .collect()
}

fn addresses(facts: &Facts) -> impl Iterator<Item = IpAddr> {
    facts.ports.iter().flat_map(|port| port.addresses.iter().map(ipnet::IpNet::addr))
}

/// What is wrong with a session whose other end is a device of ours.
fn wrong(facts: &Facts, session: &Record, other: &Facts) -> Option<String> {
    let peer = text(session, "peer_address");
    // By our address in the network in which the other end is; from further away, by any of its family.
    let towards = facts.address_towards(peer);
    let is_ipv6 = peer.contains(':');
    let is_ours = |at: IpAddr| towards.map_or(at.is_ipv6() == is_ipv6, |ours| ours == at);
    let own: Vec<IpAddr> = addresses(facts).filter(|at| is_ours(*at)).collect();
    let leads_back = |it: &&Record| {
        text(it, "peer_address").parse().is_ok_and(|back: IpAddr| own.contains(&back))
    };
    let back = other.sessions.iter().find(leads_back);
    let name = other.name();
    let Some(back) = back else {
        return Some(format!("{name} has no active session back: fleet bgp create {name} …"));
    };
    let number = |of: &Record, field: &str| of.get(field).as_i64().unwrap_or_default();
    let agrees = number(session, "peer_asn") == number(back, "local_asn")
        && number(session, "local_asn") == number(back, "peer_asn");
    (!agrees).then(|| {
        let (here, there) = (number(session, "local_asn"), number(session, "peer_asn"));
        let (theirs, ours) = (number(back, "local_asn"), number(back, "peer_asn"));
        format!("it is AS{here} with AS{there}; {name} says it is AS{theirs} with AS{ours}")
    })
}
