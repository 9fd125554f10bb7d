//! What is wrong with the meaning of a topology. Pure.

use super::{Cdn, FABRIC, Link, Topology};
use ipnet::IpNet;
use serde_yaml::{Location, Spanned};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// A part of a host name, of a control group's and of a namespace's at once.
const MAX_NAME_CHARS: usize = 32;

/// The kernel's limit.
const MAX_INTERFACE_CHARS: usize = 15;

/// Nobody's on the Internet: private use, shared address space, documentation.
const HARMLESS: [&str; 9] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "fc00::/7",
    "2001:db8::/32",
];

/// Where something stands, for people.
pub(super) fn place<T>(at: &Spanned<T>) -> String {
    location(at.referenced)
}

fn location(at: Location) -> String {
    format!("{}:{}", at.line(), at.column())
}

/// All complaints, in the order of the document.
pub(super) fn check(topology: &Topology) -> Vec<String> {
    let mut complaints = Vec::new();
    check_networks(topology, &mut complaints);
    check_devices(topology, &mut complaints);
    if let Some(cdn) = &topology.cdn {
        check_cdn(topology, cdn, &mut complaints);
    }
    complaints
}

fn check_networks(topology: &Topology, complaints: &mut Vec<String>) {
    let harmless: Vec<IpNet> = HARMLESS.iter().filter_map(|net| net.parse().ok()).collect();
    let mut seen: Vec<(&String, IpNet)> = Vec::new();
    for (name, prefixes) in &topology.networks {
        if !is_interface_name(name) {
            complaints.push(format!("networks: {name:?} cannot be the name of a bridge"));
        }
        for prefix in prefixes {
            let (at, prefix) = (place(prefix), prefix.value);
            if !harmless.iter().any(|range| range.contains(&prefix)) {
                complaints.push(format!("{at}: {prefix} is somebody's on the Internet"));
            }
            if let Some((other, _)) = seen.iter().find(|(_, other)| overlap(other, &prefix)) {
                complaints.push(format!("{at}: {prefix} overlaps with a prefix of {other}"));
            }
            seen.push((name, prefix));
        }
    }
}

fn overlap(one: &IpNet, other: &IpNet) -> bool {
    one.contains(other) || other.contains(one)
}

fn check_devices(topology: &Topology, complaints: &mut Vec<String>) {
    let machines =
        topology.machines.iter().map(|(name, it)| (name, it.referenced, &it.value.links));
    let clients = topology.clients.iter().map(|(name, it)| (name, it.referenced, &it.value.links));
    let (mut names, mut addresses) = (BTreeSet::new(), BTreeMap::new());
    for (name, at, links) in machines.chain(clients) {
        let at = location(at);
        if !is_device_name(name) {
            complaints.push(format!("{at}: {name:?} cannot be the name of a device"));
        }
        if !names.insert(name) {
            complaints.push(format!("{at}: {name} is a machine already"));
        }
        for (interface, link) in links {
            if !is_interface_name(interface) || interface == "lo" {
                complaints.push(format!("{at}: {interface:?} cannot be the name of an interface"));
            }
            check_link(topology, name, link, &mut addresses, complaints);
        }
    }
    for (name, machine) in &topology.machines {
        for program in machine.value.programs.iter().filter(|program| !is_device_name(program)) {
            complaints.push(format!("{}: {name}: {program:?} is no program", place(machine)));
        }
        for disk in machine.value.disks_mib.keys().filter(|disk| !is_interface_name(disk)) {
            complaints
                .push(format!("{}: {name}: {disk:?} cannot be the name of a disk", place(machine)));
        }
    }
}

fn check_link<'a>(
    topology: &Topology,
    device: &'a str,
    link: &Link,
    taken: &mut BTreeMap<IpAddr, &'a str>,
    complaints: &mut Vec<String>,
) {
    let network = &link.network;
    let Some(prefixes) = topology.networks.get(&network.value) else {
        let known: Vec<&str> = topology.networks.keys().map(String::as_str).collect();
        let known = known.join(", ");
        let message = format!("there is no network {:?}, only {known}", network.value);
        complaints.push(format!("{}: {message}", place(network)));
        return;
    };
    for address in &link.addresses {
        let (at, address) = (place(address), address.value);
        if !prefixes.iter().any(|prefix| prefix.value.contains(&address)) {
            complaints.push(format!("{at}: {address} is in no prefix of {}", network.value));
        }
        if let Some(other) = taken.insert(address, device) {
            complaints.push(format!("{at}: {address} is an address of {other} already"));
        }
    }
}

fn check_cdn(topology: &Topology, cdn: &Cdn, complaints: &mut Vec<String>) {
    let boxes = || cdn.sites.values().flat_map(|site| &site.appliances);
    for machine in [&cdn.fleet, &cdn.origin].into_iter().chain(boxes()) {
        if !topology.machines.contains_key(&machine.value) {
            complaints.push(format!("{}: there is no machine {:?}", place(machine), machine.value));
        } else {
            check_reach(topology, machine, &cdn.backbone.value, complaints);
        }
    }
    let mut seen = BTreeSet::new();
    for machine in boxes().filter(|machine| !seen.insert(&machine.value)) {
        complaints.push(format!("{}: {} stands in two places", place(machine), machine.value));
    }
    for site in cdn.sites.values() {
        for machine in &site.appliances {
            check_reach(topology, machine, &site.viewers.value, complaints);
        }
    }
}

fn check_reach(
    topology: &Topology,
    machine: &Spanned<String>,
    network: &str,
    complaints: &mut Vec<String>,
) {
    if topology.addresses(&machine.value, network).next().is_none() {
        let message = format!("{} has no address in {network}", machine.value);
        complaints.push(format!("{}: {message}", place(machine)));
    }
}

fn is_device_name(name: &str) -> bool {
    let is_fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
    let ends_well = name.starts_with(|c: char| c.is_ascii_lowercase());
    ends_well && name.len() <= MAX_NAME_CHARS && name.chars().all(is_fine) && name != FABRIC
}

fn is_interface_name(name: &str) -> bool {
    let is_fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty() && name.len() <= MAX_INTERFACE_CHARS && name.chars().all(is_fine)
}
