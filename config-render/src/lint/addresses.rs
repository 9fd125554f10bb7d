//! One address at two interfaces: packets go to either.

use super::{Finding, Fleet};
use crate::facts::Facts;
use ipnet::IpNet;
use std::collections::HashMap;
use std::net::IpAddr;

pub(super) fn check(fleet: Fleet<'_>) -> Vec<Finding> {
    let mut seen: HashMap<IpAddr, (&Facts, &str, &IpNet)> = HashMap::new();
    let mut found = Vec::new();
    let devices = fleet.devices.iter().map(|subject| &subject.facts);
    let ports = devices.flat_map(|facts| facts.ports.iter().map(move |port| (facts, port)));
    for (facts, port) in ports {
        for net in &port.addresses {
            let Some((other, name, as_net)) = seen.get(&net.addr()) else {
                seen.insert(net.addr(), (facts, &port.name, net));
                continue;
            };
            let message =
                format!("{}: {net} is at {}:{name} already, as {as_net}", port.name, other.name());
            found.push(Finding::new(facts, "one address, one interface", message));
        }
    }
    found
}
