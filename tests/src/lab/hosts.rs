//! Names: there is no DNS in a lab, so everybody has a hosts(5) file.

use super::topology::{Cdn, Topology};
use std::fmt::Display;
use std::net::IpAddr;

const LOOPBACK: &str = "127.0.0.1 localhost\n::1 localhost\n";

/// What machines know: each other, by every address.
pub(super) fn of_machines(topology: &Topology) -> String {
    let devices = topology.devices().flat_map(|device| {
        let links = topology.links(device).flat_map(|(_, link)| &link.addresses);
        links.map(move |address| line(address.value, device))
    });
    LOOPBACK.chars().chain(devices.collect::<String>().chars()).collect()
}

/// What viewers know besides: the host names of each content group on each box, at the
/// addresses where the box meets its viewers.
pub(super) fn of_viewers(topology: &Topology, cdn: &Cdn) -> String {
    let mut text = of_machines(topology);
    for site in cdn.sites.values() {
        for device in site.appliances.iter().map(|device| &device.value) {
            for group in cdn.groups.values() {
                let host = group.host_pattern.replace("{device}", device);
                let addresses = topology.addresses(device, &site.viewers.value);
                text.extend(addresses.map(|address| line(address, &host)));
            }
        }
    }
    text
}

fn line(address: IpAddr, name: impl Display) -> String {
    format!("{address} {name}\n")
}
