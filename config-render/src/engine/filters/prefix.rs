//! Prefixes: which addresses they hold.

use super::args::{items, nonsense, number, text};
use crate::engine::plain::shown;
use ipnet::IpNet;
use minijinja::{Environment, Error, State, Value};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) fn register(environment: &mut Environment<'static>) {
    environment.add_filter("host", |state: &State, value: &Value, nth: &Value| {
        let prefix = prefix(text(state, value, "host")?);
        let nth = number(state, nth, "host")?;
        let host = prefix.and_then(|prefix| host(prefix, nth));
        host.map_err(|why| nonsense("host", &why))
    });
    environment.add_filter("contains", |state: &State, value: &Value, other: &Value| {
        within(state, other, value, "contains")
    });
    environment.add_test("in_network", |state: &State, value: &Value, network: &Value| {
        within(state, value, network, "in_network")
    });
    environment.add_filter("collapse", collapse);
}

/// A network: an address whose bits behind the length are zero. One that has some is a typing
/// error, or an interface's address that was meant to go through `network` first.
fn prefix(text: &str) -> Result<IpNet, String> {
    let net: IpNet = text.parse().map_err(|_| format!("{} is no prefix", shown(text)))?;
    if net.trunc() == net {
        return Ok(net);
    }
    Err(format!("{} is an address in {}: have `network` take that of it", shown(text), net.trunc()))
}

/// The nth address of a prefix, counted from its first at 0, or from its last at -1.
fn host(prefix: IpNet, nth: i64) -> Result<String, String> {
    let from = if nth < 0 { bits(prefix.broadcast()) } else { bits(prefix.network()) };
    let from_end = u128::from(nth.unsigned_abs()).saturating_sub(u128::from(nth < 0));
    let bits = if nth < 0 { from.checked_sub(from_end) } else { from.checked_add(from_end) };
    let address = bits.and_then(|bits| address(bits, prefix));
    match address.filter(|address| prefix.contains(address)) {
        Some(address) => Ok(address.to_string()),
        None => Err(format!("{prefix} has no address number {nth}")),
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn address(bits: u128, prefix: IpNet) -> Option<IpAddr> {
    match prefix {
        IpNet::V4(_) => Some(Ipv4Addr::from_bits(u32::try_from(bits).ok()?).into()),
        IpNet::V6(_) => Some(Ipv6Addr::from_bits(bits).into()),
    }
}

/// Is an address, or a prefix, inside a network? Never in one of the other family.
fn within(state: &State, inner: &Value, outer: &Value, name: &str) -> Result<bool, Error> {
    let outer = prefix(text(state, outer, name)?).map_err(|why| nonsense(name, &why))?;
    let text = text(state, inner, name)?;
    let inner = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    match inner {
        Ok(inner) => Ok(outer.contains(&inner)),
        Err(_) => Err(nonsense(name, &format!("{} is no IP address", shown(text)))),
    }
}

/// The fewest prefixes that hold the same addresses, IPv4 first, in order of address.
fn collapse(state: &State, value: &Value) -> Result<Value, Error> {
    let mut prefixes = Vec::new();
    for item in items(state, value, "collapse")? {
        let item = prefix(text(state, &item, "collapse")?);
        prefixes.push(item.map_err(|why| nonsense("collapse", &why))?);
    }
    let mut fewest = IpNet::aggregate(&prefixes);
    fewest.sort();
    Ok(fewest.iter().map(ToString::to_string).collect())
}
