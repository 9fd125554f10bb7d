//! Network cards, and what is plugged into their ports.

use super::ethtool::{Ethtool, value};
use super::files::Files;
use super::slots::{Slots, device_of, is_address};
use super::{told, vpd};
use contract::parts::{Part, PartType};
use std::collections::BTreeMap;

const NET: &str = "sys/class/net";

/// What a card may say of itself: as much as its address leads to.
const MOST_VPD_OCTETS: u64 = 32 << 10;

/// Of a card.
struct Port {
    /// By which the kernel calls it.
    name: String,
    /// The address that it was made with.
    mac: Option<String>,
}

pub(super) fn read(files: &Files, slots: &Slots, ethtool: &Ethtool<'_>) -> Vec<Part> {
    // Cards by their addresses, with their ports.
    let mut cards: BTreeMap<String, Vec<Port>> = BTreeMap::new();
    for name in files.names(NET) {
        let Some(device) = device(files, &name) else { continue };
        let mac = permanent_mac(files, &name, ethtool);
        cards.entry(device_of(&device).to_owned()).or_default().push(Port { name, mac });
    }
    let parts = cards.iter().flat_map(|(device, ports)| {
        let card_itself = part(files, &slots.bay(device), ports, ethtool);
        card_itself.into_iter().chain(ports.iter().filter_map(|port| optic(&port.name, ethtool)))
    });
    parts.collect()
}

/// What an interface is a port of: the address of a card, or what stands in for one. `None` for what is
/// no port of a card of this machine.
fn device(files: &Files, name: &str) -> Option<String> {
    let link = format!("{NET}/{name}/device");
    let way = files.way_to(&link);
    let is_another = way.iter().any(|name| name.starts_with("usb"));
    // A slice of a card (SR-IOV) names the whole.
    if name.starts_with('-') || is_another || files.exists(&format!("{link}/physfn")) {
        return None;
    }
    let address = way.iter().rev().find(|name| is_address(name));
    address.or(way.last()).cloned()
}

/// One that somebody has set is no card's own.
fn permanent_mac(files: &Files, name: &str, ethtool: &Ethtool<'_>) -> Option<String> {
    let says = |what: &str| files.line(&format!("{NET}/{name}/{what}"));
    let is_own = says("addr_assign_type").as_deref() == Some("0");
    // A port of a bundle has the address of the bundle.
    let kept = says("bonding_slave/perm_hwaddr").or_else(|| {
        let printed = ethtool("-P", name)?;
        value(&printed, "Permanent address").map(str::to_owned)
    });
    let kept = kept.and_then(|it| told::serial(&it)).filter(|it| is_mac(it));
    kept.or_else(|| says("address").filter(|it| is_own && is_mac(it)))
        .and_then(|it| told::serial(&it))
        .map(|it| it.to_ascii_lowercase())
}

fn is_mac(text: &str) -> bool {
    let is_octet = |it: &str| it.len() == 2 && it.bytes().all(|it| it.is_ascii_hexdigit());
    text.split(':').count() == 6 && text.split(':').all(is_octet)
}

/// A card is known by its own number where it says one, else by the lowest address of its ports.
fn part(files: &Files, bay: &str, ports: &[Port], ethtool: &Ethtool<'_>) -> Option<Part> {
    let of_port = |port: &Port, what: &str| format!("{NET}/{}/device/{what}", port.name);
    let first = ports.first()?;
    let says = files.octets(&of_port(first, "vpd"), MOST_VPD_OCTETS);
    let says = says.map(|octets| vpd::parse(&octets)).unwrap_or_default();
    let name = |text: Option<String>| text.and_then(|it| told::name(&it));
    let lowest = ports.iter().filter_map(|port| port.mac.clone()).min();
    let serial = says.serial.and_then(|it| told::serial(&it)).or(lowest)?;
    // As a list of them (pci.ids) names it.
    let ids = ["vendor", "device"].map(|what| files.line(&of_port(first, what)));
    let ids = match &ids {
        [Some(vendor), Some(device)] => {
            let bare = |id: &str| id.trim_start_matches("0x").to_owned();
            Some(format!("{}:{}", bare(vendor), bare(device)))
        }
        _ => None,
    };
    let driver = ethtool("-i", &first.name);
    let version = driver.as_deref().and_then(|printed| value(printed, "firmware-version"));
    Some(Part {
        manufacturer: name(says.maker),
        part_id: name(says.part_number).or_else(|| name(says.name)).or_else(|| name(ids)),
        bay: told::short(bay),
        firmware: version.and_then(told::short),
        ..Part::new(PartType::Nic, serial)
    })
}

/// What is plugged in a port, where something is that can be asked.
fn optic(port: &str, ethtool: &Ethtool<'_>) -> Option<Part> {
    let printed = ethtool("-m", port)?;
    let says = |what: &str| value(&printed, what);
    Some(Part {
        manufacturer: says("Vendor name").and_then(told::name),
        part_id: says("Vendor PN").and_then(told::name),
        bay: told::short(port),
        ..Part::new(PartType::Optic, says("Vendor SN").and_then(told::serial)?)
    })
}
