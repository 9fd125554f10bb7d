//! What a network has left.

use ipnet::IpNet;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// How many addresses a network has that devices can have; no more than can be counted.
///
/// Of an IPv4 network the first and the last address are for all, of one of IPv6 the first is the routers'; two
/// or less have none such.
#[must_use]
pub fn usable(net: &IpNet) -> u64 {
    let bits = u32::from(net.max_prefix_len() - net.prefix_len());
    let all = 1_u64.checked_shl(bits).unwrap_or(u64::MAX);
    match (net, bits) {
        (_, 0 | 1 | 64..) => all,
        (IpNet::V4(_), _) => all - 2,
        (IpNet::V6(_), _) => all - 1,
    }
}

/// The first addresses of a network that nobody has, with its length.
#[must_use]
pub fn free(net: &IpNet, taken: &BTreeSet<IpAddr>, most: usize) -> Vec<IpNet> {
    let is_small = net.max_prefix_len() - net.prefix_len() < 2;
    let is_routers = |it: &IpAddr| it.is_ipv6() && !is_small && *it == net.network();
    // The hosts of an IPv4 network are without the two that are for all.
    let hosts = net.hosts().filter(|it| !is_routers(it) && !taken.contains(it));
    hosts.take(most).filter_map(|it| IpNet::new(it, net.prefix_len()).ok()).collect()
}

/// How much of a network is taken.
#[must_use]
pub fn percent(taken: usize, usable: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "as good as a person reads it")]
    let (taken, usable) = (taken as f64, usable as f64);
    if usable > 0.0 { (taken / usable * 1000.0).round() / 10.0 } else { 100.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn net(text: &str) -> IpNet {
        text.parse().expect("a network")
    }

    #[test]
    fn what_is_for_all_is_nobodys() {
        for (text, count, first) in [
            ("192.0.2.0/24", 254, "192.0.2.1/24"),
            ("192.0.2.4/31", 2, "192.0.2.4/31"),
            ("192.0.2.4/32", 1, "192.0.2.4/32"),
            ("2001:db8::/64", u64::MAX, "2001:db8::1/64"),
            ("2001:db8::/127", 2, "2001:db8::/127"),
        ] {
            assert_eq!(usable(&net(text)), count, "{text}");
            assert_eq!(free(&net(text), &BTreeSet::new(), 1), [net(first)], "{text}");
        }
        assert_eq!((percent(127, 254), percent(0, u64::MAX)), (50.0, 0.0));
    }

    proptest! {
        /// Of a small network each address is given once, and then none.
        #[test]
        fn every_address_is_given_once(length in 26_u8..=32, is_v6: bool) {
            let net = if is_v6 {
                IpNet::new(Ipv6Addr::from(0x2001_0db8_u128 << 96).into(), length + 96)
            } else {
                IpNet::new(Ipv4Addr::new(192, 0, 2, 0).into(), length)
            };
            let net = net.expect("a network");
            let mut taken = BTreeSet::new();
            while let Some(address) = free(&net, &taken, 1).pop() {
                prop_assert_eq!(crate::rules::addresses::check(&address, Some(&net)), Ok(()));
                prop_assert!(taken.insert(address.addr()));
            }
            prop_assert_eq!(taken.len() as u64, usable(&net));
        }
    }
}
