//! Whether cables are in, and the addresses of the configuration are this machine's.

use super::{About, Finding};
use contract::config::ApplianceConfig;
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::net::{IpAddr, UdpSocket};
use std::path::Path;

const INTERFACES: &str = "/sys/class/net";

pub(super) fn look() -> Vec<Finding> {
    let interfaces = fs::read_dir(INTERFACES).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        interfaces.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| name != "lo" && matters(name, Path::new(INTERFACES)));
    names.sort();
    if names.is_empty() {
        let advice = "see whether the kernel knows the card: lspci -nnk";
        return vec![Finding::missing(About::Links, "there is no network interface", advice)];
    }
    names.iter().map(|name| link(name, Path::new(INTERFACES))).collect()
}

/// A card does, and whatever is up; what the kernel makes at hand for those who may want it does not.
fn matters(name: &str, interfaces: &Path) -> bool {
    let interface = interfaces.join(name);
    let is_up = fs::read_to_string(interface.join("operstate")).is_ok_and(|it| it.trim() == "up");
    is_up || interface.join("device").exists()
}

fn link(name: &str, interfaces: &Path) -> Finding {
    let read = |what: &str| fs::read_to_string(interfaces.join(name).join(what)).ok();
    let read = |what: &str| read(what).map(|text| text.trim().to_owned());
    let speed = read("speed").and_then(|text| text.parse::<u32>().ok());
    let speed = speed.map_or_else(String::new, |mbit| format!(", {mbit} Mb/s"));
    match (read("operstate").as_deref(), read("carrier").as_deref()) {
        // Some kinds of links, such as tunnels, do not say.
        (Some("up" | "unknown"), _) => Finding::well(About::Links, format!("{name} is up{speed}")),
        (_, Some("0")) => Finding::missing(
            About::Links,
            format!("{name} has no carrier"),
            "see whether cable and optic are in at both ends, and the port is switched on",
        ),
        _ => Finding::missing(
            About::Links,
            format!("{name} is down"),
            format!("switch it on, or leave it out: ip link set {name} up"),
        ),
    }
}

/// One finding for all that are there, and one for each that is not.
pub(super) fn addresses(config: &ApplianceConfig) -> Vec<Finding> {
    let all: BTreeSet<IpAddr> = config
        .listeners
        .iter()
        .flat_map(|listener| &listener.addresses)
        .map(std::net::SocketAddr::ip)
        .collect();
    let (here, elsewhere): (Vec<IpAddr>, Vec<IpAddr>) = all.into_iter().partition(is_here);
    let shown: Vec<String> = here.iter().map(ToString::to_string).collect();
    let here = (!here.is_empty()).then(|| Finding::well(About::Addresses, shown.join(", ")));
    let elsewhere = elsewhere.into_iter().map(|address| {
        let says = format!("{address} is no address of this machine");
        Finding::missing(About::Addresses, says, "give it to an interface, or correct the fleet's")
    });
    here.into_iter().chain(elsewhere).collect()
}

/// Nobody is disturbed by this: any port will do, and nothing is sent.
fn is_here(address: &IpAddr) -> bool {
    let bound = UdpSocket::bind((*address, 0));
    !bound.is_err_and(|err| err.kind() == ErrorKind::AddrNotAvailable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_told_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        let told = |operstate: &str, carrier: &str| {
            let interface = folder.path().join("eth0");
            fs::create_dir_all(&interface).expect("made");
            for (what, text) in [("operstate", operstate), ("carrier", carrier), ("speed", "1000")]
            {
                fs::write(interface.join(what), text).expect("written");
            }
            let found = link("eth0", folder.path());
            (found.is_well, found.says)
        };
        assert_eq!(told("up\n", "1\n"), (true, "eth0 is up, 1000 Mb/s".to_owned()));
        assert!(told("unknown\n", "1\n").0);
        assert_eq!(told("down\n", "0\n"), (false, "eth0 has no carrier".to_owned()));
        assert_eq!(told("down\n", "1\n"), (false, "eth0 is down".to_owned()));
        assert!(!matters("eth0", folder.path()), "no card, and down");
        fs::create_dir(folder.path().join("eth0/device")).expect("made");
        assert!(matters("eth0", folder.path()));
    }

    #[test]
    fn addresses_of_others_are_found_out() {
        let here = |text: &str| is_here(&text.parse().expect("an address"));
        assert!(here("127.0.0.1") && here("0.0.0.0"));
        assert!(!here("192.0.2.1"));
    }
}
