//! Which files a device has, by what it is there for.

use super::{Service, Wanted};
use crate::facts::{Facts, Port};
use serde_json::json;

/// The files of a device, in the order in which they are put in place: the network first, and what others
/// come in by last. Of roles that we have no files for, none.
#[must_use]
pub fn wanted(facts: &Facts) -> Vec<Wanted> {
    match facts.role() {
        "appliance" => appliance(facts),
        "router" => router(facts),
        _ => Vec::new(),
    }
}

fn appliance(facts: &Facts) -> Vec<Wanted> {
    let mut files = machine(facts);
    if !facts.sessions.is_empty() {
        let bird = file("/etc/bird/bird.conf", Service::Bird, "bird/bird.conf.j2");
        files.push(Wanted { mode: 0o640, owner: "root:bird", ..bird });
    }
    if !facts.device.get("appliance").is_null() {
        let own = file("/etc/headend/config.yaml", Service::Appliance, "appliance.yaml.j2");
        files.push(Wanted { mode: 0o640, owner: "headend:headend", ..own });
    }
    files
}

fn router(facts: &Facts) -> Vec<Wanted> {
    let mut files = machine(facts);
    let routes = "/etc/systemd/networkd.conf.d/10-headend.conf";
    files.insert(0, file(routes, Service::Network, "network/networkd.conf.j2"));
    for (path, template) in
        [("/etc/frr/daemons", "frr/daemons.j2"), ("/etc/frr/frr.conf", "frr/frr.conf.j2")]
    {
        files.push(Wanted { mode: 0o640, owner: "frr:frr", ..file(path, Service::Frr, template) });
    }
    files
}

/// What every machine of ours has.
fn machine(facts: &Facts) -> Vec<Wanted> {
    let mut files: Vec<Wanted> = facts.ports.iter().flat_map(port).collect();
    files.push(file("/etc/nftables.conf", Service::Nftables, "nftables/nftables.conf.j2"));
    files.push(file("/etc/chrony/chrony.conf", Service::Chrony, "chrony/chrony.conf.j2"));
    let sshd = "/etc/ssh/sshd_config.d/00-headend.conf";
    files.push(file(sshd, Service::Sshd, "sshd/headend.conf.j2"));
    files
}

/// What makes an interface, if a machine makes it, and what it is told. One that nobody says anything of is
/// left alone: it may be what the machine was set up through.
fn port(port: &Port) -> Vec<Wanted> {
    let of = |suffix: &str, template: &'static str| {
        let path = format!("/etc/systemd/network/10-{}.{suffix}", port.name.replace('/', "-"));
        Wanted { item: Some(json!(port)), ..file(&path, Service::Network, template) }
    };
    let made = match (port.port_type.as_str(), port.vlan) {
        ("lag", _) => Some(of("netdev", "network/bundle.netdev.j2")),
        (_, Some(_)) => Some(of("netdev", "network/vlan.netdev.j2")),
        _ => None,
    };
    let is_told = port.is_made
        || port.bundle.is_some()
        || !port.addresses.is_empty()
        || !port.cut_out.is_empty()
        || !port.enabled;
    let told = is_told.then(|| of("network", "network/interface.network.j2"));
    made.into_iter().chain(told).collect()
}

fn file(path: &str, service: Service, template: &'static str) -> Wanted {
    Wanted { path: path.to_owned(), mode: 0o644, owner: "root:root", service, template, item: None }
}
