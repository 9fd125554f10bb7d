//! What leads back from addresses to names (RFC 1035 §3.5, RFC 3596 §2.5).

use super::names::Names;
use super::{Data, Record};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What zones of addresses stand below: of four numbers, and of thirty-two digits.
pub(super) const TOPS: [&str; 2] = ["in-addr.arpa", "ip6.arpa"];

/// The network of a zone; nothing, where it is none of whole parts of an address.
pub(super) fn network(zone: &str) -> Option<IpNet> {
    if let Some(parts) = zone.strip_suffix(".in-addr.arpa") {
        let mut octets = Vec::new();
        for part in parts.rsplit('.') {
            octets.push(part.parse::<u8>().ok().filter(|it| it.to_string() == part)?);
        }
        let length = u8::try_from(8 * octets.len()).ok()?;
        octets.resize(octets.len().max(4), 0);
        let address = Ipv4Addr::from(<[u8; 4]>::try_from(octets).ok()?);
        return Ipv4Net::new(address, length).ok().map(IpNet::V4);
    }
    let parts = zone.strip_suffix(".ip6.arpa")?;
    let (mut bits, mut length) = (0_u128, 0_u8);
    for part in parts.rsplit('.') {
        let digit = u128::from_str_radix(part, 16).ok();
        let digit = digit.filter(|it| *it < 16 && format!("{it:x}") == part)?;
        length = length.checked_add(4).filter(|it| *it <= 128)?;
        bits |= digit << (128 - length);
    }
    Ipv6Net::new(Ipv6Addr::from_bits(bits), length).ok().map(IpNet::V6)
}

/// The zone of so many bits of an address, or of as many more as it takes to be whole parts.
pub(super) fn zone_of(address: IpAddr, bits: u8) -> String {
    let (each, most) = if address.is_ipv4() { (8, 3) } else { (4, 31) };
    // The last part of an address is a name in a zone, not a zone.
    pointer(address, usize::from(bits.div_ceil(each)).min(most))
}

/// All addresses of a network that are boxes', each with the plainest of the names that lead to it.
pub(super) fn reverse(network: &IpNet, names: &Names) -> Vec<Record> {
    let mut plainest: BTreeMap<IpAddr, &str> = BTreeMap::new();
    for (name, host) in names.hosts.iter().filter(|(_, host)| host.is_plain) {
        for address in host.addresses.iter().filter(|it| network.contains(*it)) {
            let known = plainest.entry(*address).or_insert(name);
            if (name.len(), name.as_str()) < (known.len(), *known) {
                *known = name;
            }
        }
    }
    let record = |(address, name): (IpAddr, &str)| Record {
        name: pointer(address, usize::MAX),
        data: Data::Ptr { target: name.to_owned() },
    };
    let mut records: Vec<Record> = plainest.into_iter().map(record).collect();
    records.sort_unstable();
    records
}

/// The name of the first so many parts of an address.
fn pointer(address: IpAddr, parts: usize) -> String {
    let [of_four, of_six] = TOPS;
    let (mut all, end): (Vec<String>, &str) = match address {
        IpAddr::V4(it) => (it.octets().iter().map(u8::to_string).collect(), of_four),
        IpAddr::V6(it) => {
            let digits = it.octets().into_iter().flat_map(|octet| [octet >> 4, octet & 15]);
            (digits.map(|digit| format!("{digit:x}")).collect(), of_six)
        }
    };
    all.truncate(parts);
    all.reverse();
    all.push(end.to_owned());
    all.join(".")
}
