//! Networks and the addresses in them: what stands in what, what is free.

use ipnet::IpNet;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Bound;

/// Networks: in order of their first address, the wider before those in it. With each whether it is a
/// container, which holds networks and gives no addresses.
#[derive(Debug, Default)]
pub struct Nets(BTreeMap<(IpAddr, u8), bool>);

impl FromIterator<(IpNet, bool)> for Nets {
    fn from_iter<I: IntoIterator<Item = (IpNet, bool)>>(nets: I) -> Self {
        let key =
            |(net, is_container): (IpNet, bool)| ((net.network(), net.prefix_len()), is_container);
        Self(nets.into_iter().map(key).collect())
    }
}

impl Nets {
    /// Adds a network that gives addresses.
    pub fn add(&mut self, net: IpNet) {
        self.0.insert((net.network(), net.prefix_len()), false);
    }

    /// A network stands in containers alone, and holds others only where it is one.
    ///
    /// # Errors
    /// What it overlaps.
    pub fn check(&self, net: &IpNet, is_container: bool) -> Result<(), String> {
        let outer = self.around(net.network(), net.prefix_len());
        if let Some((outer, _)) = outer.into_iter().find(|(_, is_container)| !is_container) {
            return Err(format!("it lies in {outer}, which is no container"));
        }
        match self.first_within(net).filter(|_| !is_container) {
            Some(inner) => Err(format!("{inner} lies in it: only a container holds networks")),
            None => Ok(()),
        }
    }

    /// An address stands in a network that gives some, as that one's devices have it, or by itself.
    ///
    /// # Errors
    /// What does not fit.
    pub fn check_address(&self, address: &IpNet) -> Result<(), String> {
        let around = self.around(address.addr(), address.max_prefix_len() + 1);
        let narrowest = around.into_iter().last().filter(|(_, is_container)| !is_container);
        check(address, narrowest.map(|(net, _)| net).as_ref())
    }

    /// Networks with a shorter prefix that hold an address, the widest first.
    fn around(&self, address: IpAddr, below: u8) -> Vec<(IpNet, bool)> {
        let of_length = |length: u8| {
            let net = IpNet::new(address, length).ok()?.trunc();
            Some((net, *self.0.get(&(net.network(), length))?))
        };
        (0..below).filter_map(of_length).collect()
    }

    fn first_within(&self, net: &IpNet) -> Option<IpNet> {
        let own = (net.network(), net.prefix_len());
        let mut after = self.0.range((Bound::Excluded(own), Bound::Unbounded));
        let ((address, length), _) = after.next()?;
        IpNet::new(*address, *length).ok().filter(|inner| net.contains(inner))
    }
}

/// The same address with each other length.
pub fn other_lengths(address: &IpNet) -> impl Iterator<Item = String> + use<> {
    let (own, host) = (address.prefix_len(), address.addr());
    let lengths = (0..=address.max_prefix_len()).filter(move |length| *length != own);
    lengths.map(move |length| format!("{host}/{length}"))
}

/// An address as its interface has it has to fit the network that it is in.
///
/// # Errors
/// What does not.
pub fn check(address: &IpNet, within: Option<&IpNet>) -> Result<(), String> {
    let is_alone = address.prefix_len() == address.max_prefix_len();
    let Some(within) = within else {
        let says = format!("there is no network for it: create one that holds {address}");
        return if is_alone { Ok(()) } else { Err(says) };
    };
    if address.prefix_len() != within.prefix_len() && !is_alone {
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

/// Whether the whole Internet can reach an address.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(it) => {
            let [a, b, ..] = it.octets();
            let is_shared = a == 100 && (64..128).contains(&b);
            let is_ours = it.is_private() || it.is_link_local() || it.is_loopback() || is_shared;
            !is_ours && !it.is_documentation() && !it.is_unspecified()
        }
        IpAddr::V6(it) => match it.to_ipv4_mapped() {
            Some(mapped) => is_public(IpAddr::V4(mapped)),
            // 2000::/3 but for documentation.
            None => it.segments()[0] & 0xe000 == 0x2000 && it.segments()[..2] != [0x2001, 0xdb8],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> IpNet {
        text.parse().expect("a network")
    }

    #[test]
    fn an_address_fits_its_network() {
        let within = net("192.0.2.0/24");
        assert_eq!(check(&net("192.0.2.11/24"), Some(&within)), Ok(()));
        for (address, says) in [
            ("192.0.2.11/25", "would be /24"),
            ("192.0.2.0/24", "the network address"),
            ("192.0.2.255/24", "the broadcast address"),
        ] {
            let said = check(&net(address), Some(&within)).expect_err(address);
            assert!(said.contains(says), "{said}");
        }
        assert!(check(&net("192.0.2.11/24"), None).is_err());
        assert_eq!(check(&net("192.0.2.11/32"), None), Ok(()), "it stands alone");
        assert_eq!(check(&net("192.0.2.0/31"), Some(&net("192.0.2.0/31"))), Ok(()));
        assert!(check(&net("2001:db8::/64"), Some(&net("2001:db8::/64"))).is_err());
        assert_eq!(check(&net("2001:db8::ffff/64"), Some(&net("2001:db8::/64"))), Ok(()));
    }

    #[test]
    fn networks_stand_in_containers() {
        let nets: Nets =
            [("10.0.0.0/8", true), ("10.1.0.0/16", true), ("10.1.2.0/24", false), ("::/0", true)]
                .map(|(text, is_container)| (net(text), is_container))
                .into_iter()
                .collect();
        assert_eq!(nets.check(&net("10.2.0.0/16"), false), Ok(()));
        assert_eq!(nets.check(&net("2001:db8::/32"), false), Ok(()));
        let said = nets.check(&net("10.1.2.0/25"), false).expect_err("inside");
        assert_eq!(said, "it lies in 10.1.2.0/24, which is no container");
        let said = nets.check(&net("10.1.0.0/20"), false).expect_err("around");
        assert_eq!(said, "10.1.2.0/24 lies in it: only a container holds networks");
        assert_eq!(nets.check(&net("10.1.0.0/20"), true), Ok(()));
        assert_eq!(nets.check(&net("10.1.2.0/24"), false), Ok(()), "it is itself");
        assert_eq!(nets.check_address(&net("10.1.2.3/24")), Ok(()));
        assert_eq!(nets.check_address(&net("10.1.2.3/32")), Ok(()), "a loopback");
        for bad in ["10.1.2.3/25", "10.1.3.3/24", "2001:db8::1/64", "11.0.0.1/24"] {
            assert!(nets.check_address(&net(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn lengths_tell_no_addresses_apart() {
        let all: Vec<String> = other_lengths(&net("10.0.0.1/24")).collect();
        assert_eq!((all.len(), all[24].as_str()), (32, "10.0.0.1/25"));
    }

    #[test]
    fn what_the_internet_reaches_is_public() {
        for text in ["9.9.9.9", "2600::1", "::ffff:9.9.9.9"] {
            assert!(is_public(text.parse().expect(text)), "{text}");
        }
        for text in ["10.0.0.1", "100.64.0.1", "192.0.2.1", "fd00::1", "fe80::1", "2001:db8::1"] {
            assert!(!is_public(text.parse().expect(text)), "{text}");
        }
    }
}
