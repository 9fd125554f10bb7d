//! From a client's address to the site that is nearest to it in the network.

use contract::names::SiteName;
use ipnet::IpNet;
use prefix_trie::joint::map::JointPrefixMap;
use std::net::IpAddr;

/// Which prefix belongs to which site.
#[derive(Debug, Clone, Default)]
pub struct Clients(JointPrefixMap<IpNet, SiteName>);

impl FromIterator<(IpNet, SiteName)> for Clients {
    fn from_iter<I: IntoIterator<Item = (IpNet, SiteName)>>(prefixes: I) -> Self {
        let mut map = JointPrefixMap::new();
        for (prefix, site) in prefixes {
            map.insert(prefix.trunc(), site);
        }
        Self(map)
    }
}

impl Clients {
    /// The site whose prefix is the longest that holds the address.
    #[must_use]
    pub fn site_of(&self, client: IpAddr) -> Option<&SiteName> {
        // A dual-stack socket shows IPv4 clients as ::ffff:192.0.2.1.
        let (_, site) = self.0.get_lpm(&IpNet::from(client.to_canonical()))?;
        Some(site)
    }
}

/// The network that stands for a client where the address itself must not: /24 or /48.
#[must_use]
pub fn client_network(client: IpAddr) -> IpNet {
    let client = client.to_canonical();
    let length = if client.is_ipv4() { 24 } else { 48 };
    IpNet::new(client, length).map_or_else(|_| IpNet::from(client), |net| net.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    fn clients(prefixes: &[(&str, &str)]) -> Clients {
        let pair = |(prefix, site): &(&str, &str)| {
            (prefix.parse().expect("net"), SiteName::new(*site).expect("name"))
        };
        prefixes.iter().map(pair).collect()
    }

    #[test]
    fn the_longest_prefix_wins_in_both_families() {
        let clients = clients(&[
            ("127.0.0.0/8", "wide"),
            ("127.0.2.0/24", "b"),
            ("2001:db8::/32", "six"),
            ("2001:db8:1::/48", "six-one"),
        ]);
        let cases = [
            ("127.0.1.1", Some("wide")),
            ("127.0.2.9", Some("b")),
            ("::ffff:127.0.2.9", Some("b")),
            ("2001:db8::1", Some("six")),
            ("2001:db8:1::1", Some("six-one")),
            ("10.0.0.1", None),
            ("::1", None),
        ];
        for (client, expected) in cases {
            let site = clients.site_of(client.parse().expect("address"));
            assert_eq!(site.map(SiteName::as_str), expected, "{client}");
        }
    }

    proptest! {
        #[test]
        fn a_linear_search_finds_the_same(
            prefixes in proptest::collection::btree_map((any::<u32>(), 0u8..=32), 0u8..9, 0..20),
            client in any::<u32>(),
        ) {
            let nets: std::collections::BTreeMap<IpNet, SiteName> = prefixes
                .into_iter()
                .map(|((address, length), site)| {
                    let net = IpNet::new(Ipv4Addr::from_bits(address).into(), length).expect("net");
                    (net.trunc(), SiteName::new(format!("s{site}")).expect("name"))
                })
                .collect();
            let client = IpAddr::from(Ipv4Addr::from_bits(client));
            let longest = nets.iter().filter(|(net, _)| net.contains(&client))
                .max_by_key(|(net, _)| net.prefix_len());
            let clients: Clients = nets.clone().into_iter().collect();
            prop_assert_eq!(clients.site_of(client), longest.map(|(_, site)| site));
        }
    }
}
