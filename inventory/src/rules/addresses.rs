//! Networks and the addresses in them: what stands in what, what is free.

use ipnet::IpNet;
use std::net::IpAddr;

/// An address as its interface has it has to fit the network that it is in.
///
/// # Errors
/// What does not.
pub fn check(address: &IpNet, within: Option<&IpNet>) -> Result<(), String> {
    let Some(within) = within else {
        return Err(format!("there is no network for it: create one that holds {address}"));
    };
    if address.prefix_len() != within.prefix_len() {
        return Err(format!(
            "its network is {within}: the length would be /{}",
            within.prefix_len()
        ));
    }
    match unusable(address) {
        Some(why) => Err(format!("{} is {why} of {within}", address.addr())),
        None => Ok(()),
    }
}

/// Of an IPv4 network the first and the last address are for all; two or less have none such, and
/// neither has IPv6, but for the routers' anycast address, which is the first.
fn unusable(address: &IpNet) -> Option<&'static str> {
    let (net, addr) = (address.trunc(), address.addr());
    let is_small = address.max_prefix_len() - address.prefix_len() < 2;
    match addr {
        _ if is_small => None,
        IpAddr::V4(_) if addr == net.network() => Some("the network address"),
        IpAddr::V4(_) if addr == net.broadcast() => Some("the broadcast address"),
        IpAddr::V6(_) if addr == net.network() => Some("the routers' anycast address"),
        _ => None,
    }
}

/// The narrowest of these that holds an address.
#[must_use]
pub fn narrowest(address: IpAddr, nets: &[IpNet]) -> Option<&IpNet> {
    nets.iter().filter(|net| net.contains(&address)).max_by_key(|net| net.prefix_len())
}

/// Networks of which neither holds the other, and that have addresses in common: there are none, a
/// network either holds another or has nothing of it. So two overlap where one holds the other.
#[must_use]
pub fn overlaps<'a>(wanted: &IpNet, others: &'a [IpNet]) -> Vec<&'a IpNet> {
    let meets = |other: &&IpNet| wanted.contains(*other) || other.contains(wanted);
    others.iter().filter(meets).collect()
}

/// How many addresses a network has that devices can have; no more than fit.
#[must_use]
pub fn usable(net: &IpNet) -> u128 {
    let bits = u32::from(net.max_prefix_len() - net.prefix_len());
    let all = 1_u128.checked_shl(bits).unwrap_or(u128::MAX);
    match (net, bits) {
        (_, 0 | 1) => all,
        (IpNet::V4(_), _) => all - 2,
        (IpNet::V6(_), _) => all - 1,
    }
}

/// The first free address of a network, with its length; `None` where all are taken.
#[must_use]
pub fn first_free(net: &IpNet, taken: &[IpAddr]) -> Option<IpNet> {
    let taken: std::collections::BTreeSet<IpAddr> =
        taken.iter().copied().filter(|address| net.contains(address)).collect();
    // Of those after the first, at most as many are taken as there are.
    let candidates = net.hosts().take(taken.len() + 2);
    let with_length = |address: IpAddr| IpNet::new(address, net.prefix_len()).ok();
    let mut all = candidates.filter_map(with_length);
    all.find(|address| unusable(address).is_none() && !taken.contains(&address.addr()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    fn net(text: &str) -> IpNet {
        text.parse().expect("a network")
    }

    #[test]
    fn an_address_fits_its_network() {
        let within = net("192.0.2.0/24");
        assert_eq!(check(&net("192.0.2.11/24"), Some(&within)), Ok(()));
        for (address, says) in [
            ("192.0.2.11/32", "would be /24"),
            ("192.0.2.0/24", "the network address"),
            ("192.0.2.255/24", "the broadcast address"),
        ] {
            let said = check(&net(address), Some(&within)).expect_err(address);
            assert!(said.contains(says), "{said}");
        }
        assert!(check(&net("192.0.2.11/24"), None).is_err());
        assert_eq!(check(&net("192.0.2.0/31"), Some(&net("192.0.2.0/31"))), Ok(()));
        assert!(check(&net("2001:db8::/64"), Some(&net("2001:db8::/64"))).is_err());
        assert_eq!(check(&net("2001:db8::ffff/64"), Some(&net("2001:db8::/64"))), Ok(()));
    }

    #[test]
    fn the_narrowest_network_is_an_addresss_own() {
        let nets = [net("10.0.0.0/8"), net("10.1.0.0/16"), net("10.1.2.0/24")];
        let found = narrowest("10.1.9.9".parse().expect("an address"), &nets);
        assert_eq!(found, Some(&nets[1]));
        assert_eq!(overlaps(&net("10.1.2.0/25"), &nets).len(), 3);
        assert!(overlaps(&net("10.2.0.0/16"), &nets[1..]).is_empty());
    }

    #[test]
    fn so_many_have_room() {
        for (text, count) in [("10.0.0.0/24", 254), ("10.0.0.0/31", 2), ("10.0.0.0/32", 1)] {
            assert_eq!(usable(&net(text)), count, "{text}");
        }
        assert_eq!(usable(&net("2001:db8::/64")), (1 << 64) - 1);
        assert_eq!(usable(&net("::/0")), u128::MAX - 1);
    }

    proptest! {
        #[test]
        fn what_is_free_is_in_it_and_nobodys(bits in 24_u8..=32, taken: Vec<u8>) {
            let whole = IpNet::new(Ipv4Addr::new(10, 0, 0, 0).into(), bits).expect("a network");
            let taken: Vec<IpAddr> =
                taken.iter().map(|it| Ipv4Addr::new(10, 0, 0, *it).into()).collect();
            let free = first_free(&whole, &taken);
            let is_free = |address: &IpNet| {
                whole.contains(&address.addr()) && !taken.contains(&address.addr())
            };
            prop_assert!(free.iter().all(is_free));
            let count = taken.iter().collect::<std::collections::BTreeSet<_>>();
            let count = count.into_iter().filter(|it| {
                let own = IpNet::new(**it, bits).expect("an address");
                whole.contains(*it) && unusable(&own).is_none()
            });
            prop_assert_eq!(free.is_none(), count.count() as u128 == usable(&whole));
        }
    }
}
