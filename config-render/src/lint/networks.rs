//! Two interfaces of one device in networks that overlap: which of them answers is chance.

use super::{Finding, Fleet};
use crate::facts::{Facts, Port};
use ipnet::IpNet;

pub(super) fn check(fleet: Fleet<'_>) -> Vec<Finding> {
    let devices = fleet.devices.iter().map(|subject| &subject.facts);
    devices.flat_map(of_device).collect()
}

fn of_device(facts: &Facts) -> Vec<Finding> {
    let all: Vec<(&Port, &IpNet)> = facts
        .ports
        .iter()
        .flat_map(|port| port.addresses.iter().map(move |net| (port, net)))
        .collect();
    let mut found = Vec::new();
    for (at, (port, net)) in all.iter().enumerate() {
        let before = all[..at].iter().filter(|(other, _)| other.name != port.name);
        for (other, with) in before.filter(|(_, with)| overlap(net, with)) {
            let message =
                format!("{} ({net}) and {} ({with}) are in one network", port.name, other.name);
            found.push(Finding::new(facts, "one network, one interface", message));
        }
    }
    found
}

/// An address alone (/32, /128) is in nobody's way: loopbacks have such.
fn overlap(a: &IpNet, b: &IpNet) -> bool {
    let is_alone = |net: &IpNet| net.prefix_len() == net.max_prefix_len();
    !is_alone(a) && !is_alone(b) && (a.contains(&b.trunc()) || b.contains(&a.trunc()))
}
