//! Who asks, as far as this box remembers it.

use std::fmt;
use std::net::IpAddr;

/// A client's network: /24 of IPv4, /48 of IPv6. The address itself is never kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientPrefix {
    /// The first three octets.
    V4([u8; 3]),
    /// The first three groups.
    V6([u16; 3]),
}

impl ClientPrefix {
    /// The network of an address. IPv4 in IPv6 clothes (`::ffff:0:0/96`) is IPv4.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                Self::V4([a, b, c])
            }
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                Self::V6([a, b, c])
            }
        }
    }
}

impl fmt::Display for ClientPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4([a, b, c]) => write!(f, "{a}.{b}.{c}.0/24"),
            Self::V6([a, b, c]) => {
                let address = std::net::Ipv6Addr::new(*a, *b, *c, 0, 0, 0, 0, 0);
                write!(f, "{address}/48")
            }
        }
    }
}

impl serde::Serialize for ClientPrefix {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_network_is_kept() {
        let prefix = |text: &str| ClientPrefix::of(text.parse().unwrap()).to_string();
        assert_eq!(prefix("203.0.113.77"), "203.0.113.0/24");
        assert_eq!(prefix("::ffff:203.0.113.77"), "203.0.113.0/24");
        assert_eq!(prefix("2001:db8:7:8:9::1"), "2001:db8:7::/48");
        assert_eq!(prefix("::1"), "::/48");
    }
}
