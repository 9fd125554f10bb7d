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
    if !names.iter().any(|name| is_on(name, Path::new(INTERFACES))) {
        let says = format!("no network interface is switched on: {}", names.join(", "));
        let advice = "configure one, or: ip link set NAME up";
        return vec![Finding::missing(About::Links, says, advice)];
    }
    names.iter().map(|name| link(name, Path::new(INTERFACES))).collect()
}

/// Whether somebody wants it to be up.
fn is_on(name: &str, interfaces: &Path) -> bool {
    const IFF_UP: u32 = 1;
    let flags = fs::read_to_string(interfaces.join(name).join("flags")).unwrap_or_default();
    let flags = u32::from_str_radix(flags.trim().trim_start_matches("0x"), 16);
    flags.is_ok_and(|flags| flags & IFF_UP != 0)
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
        // A port that is to spare. Were one of the configuration's addresses its, that is missed.
        _ if !is_on(name, interfaces) => {
            Finding::well(About::Links, format!("{name} is switched off"))
        }
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
            format!("see why, or switch it off: ip link set {name} down"),
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
        let told_with = |flags: &str, operstate: &str, carrier: &str| {
            let interface = folder.path().join("eth0");
            fs::create_dir_all(&interface).expect("made");
            let files = [("operstate", operstate), ("carrier", carrier), ("speed", "1000")];
            for (what, text) in files.into_iter().chain([("flags", flags)]) {
                fs::write(interface.join(what), text).expect("written");
            }
            let found = link("eth0", folder.path());
            (found.is_well, found.says)
        };
        let told = |operstate: &str, carrier: &str| told_with("0x1003\n", operstate, carrier);
        assert_eq!(told("up\n", "1\n"), (true, "eth0 is up, 1000 Mb/s".to_owned()));
        assert!(told("unknown\n", "1\n").0);
        assert_eq!(told("down\n", "0\n"), (false, "eth0 has no carrier".to_owned()));
        assert_eq!(told("down\n", "1\n"), (false, "eth0 is down".to_owned()));
        let off = told_with("0x1002\n", "down\n", "");
        assert_eq!(off, (true, "eth0 is switched off".to_owned()), "it is to spare");
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
