//! Addresses, and addresses with the length of their network, as interfaces have them.

use super::args::{text, text_filter};
use crate::engine::plain::shown;
use ipnet::IpNet;
use minijinja::{Environment, Error, State, Value};
use std::net::IpAddr;

pub(super) fn register(environment: &mut Environment<'static>) {
    text_filter(environment, "address", |text| Ok(interface(text)?.0.to_string()));
    text_filter(environment, "network", |text| Ok(with_length(text)?.trunc().to_string()));
    text_filter(environment, "prefix_length", |text| Ok(with_length(text)?.prefix_len()));
    text_filter(environment, "netmask", netmask);
    text_filter(environment, "wildcard", wildcard);
    text_filter(environment, "family", |text| Ok(if interface(text)?.0.is_ipv4() { 4 } else { 6 }));
    text_filter(environment, "ptr", ptr);
    environment.add_test("ipv4", |state: &State, value: &Value| is_family(state, value, true));
    environment.add_test("ipv6", |state: &State, value: &Value| is_family(state, value, false));
}

/// An address, with or without the length of its network.
fn interface(text: &str) -> Result<(IpAddr, Option<u8>), String> {
    if let Ok(address) = text.parse() {
        return Ok((address, None));
    }
    match text.parse::<IpNet>() {
        Ok(net) => Ok((net.addr(), Some(net.prefix_len()))),
        Err(_) => Err(format!("{} is no IP address", shown(text))),
    }
}

/// An address with the length of its network.
fn with_length(text: &str) -> Result<IpNet, String> {
    let (address, length) = interface(text)?;
    let net = length.and_then(|length| IpNet::new(address, length).ok());
    net.ok_or_else(|| format!("{} has no prefix length: write {text}/24 or such", shown(text)))
}

fn netmask(text: &str) -> Result<String, String> {
    match with_length(text)? {
        IpNet::V4(net) => Ok(net.netmask().to_string()),
        IpNet::V6(_) => Err(format!("{}: IPv6 has prefix lengths, no masks", shown(text))),
    }
}

fn wildcard(text: &str) -> Result<String, String> {
    match with_length(text)? {
        IpNet::V4(net) => Ok(net.hostmask().to_string()),
        IpNet::V6(_) => Err(format!("{}: IPv6 has prefix lengths, no masks", shown(text))),
    }
}

/// The name under which an address is found in reverse, without the last dot (RFC 1035 §3.5,
/// RFC 3596 §2.5).
fn ptr(text: &str) -> Result<String, String> {
    match interface(text)?.0 {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            Ok(format!("{d}.{c}.{b}.{a}.in-addr.arpa"))
        }
        IpAddr::V6(address) => {
            let mut name = String::with_capacity(72);
            for byte in address.octets().iter().rev() {
                name.push_str(&format!("{:x}.{:x}.", byte & 15, byte >> 4));
            }
            Ok(name + "ip6.arpa")
        }
    }
}

/// Something that is no address belongs to no family: that is an answer, not an error.
fn is_family(state: &State, value: &Value, is_ipv4: bool) -> Result<bool, Error> {
    let address = interface(text(state, value, if is_ipv4 { "ipv4" } else { "ipv6" })?);
    Ok(address.is_ok_and(|(address, _)| address.is_ipv4() == is_ipv4))
}
