//! From where a certificate is good.

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// An address, or a network, that a certificate is good from. Written as sshd reads it: no bits
/// behind the prefix, and IPv4 as IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SourceNet(IpNet);

/// Neither an address nor a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an address nor a network: 192.0.2.7, 192.0.2.0/24 or 2001:db8::/48")]
pub struct BadSource(String);

impl SourceNet {
    /// One address.
    #[must_use]
    pub fn address(address: IpAddr) -> Self {
        Self(address.to_canonical().into())
    }

    /// A network.
    #[must_use]
    pub fn network(net: IpNet) -> Self {
        Self(unmapped(net).unwrap_or(net).trunc())
    }

    /// Whether an address is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

/// What was IPv4 before somebody wrote it as IPv6.
fn unmapped(net: IpNet) -> Option<IpNet> {
    let IpNet::V6(net) = net else { return None };
    let address = net.addr().to_ipv4_mapped()?;
    let bits = net.prefix_len().checked_sub(96)?;
    Ipv4Net::new(address, bits).ok().map(IpNet::V4)
}

impl FromStr for SourceNet {
    type Err = BadSource;

    fn from_str(text: &str) -> Result<Self, BadSource> {
        if let Ok(address) = text.parse() {
            return Ok(Self::address(address));
        }
        let net = text.parse().map_err(|_| BadSource(text.chars().take(80).collect()))?;
        Ok(Self::network(net))
    }
}

impl fmt::Display for SourceNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl TryFrom<String> for SourceNet {
    type Error = BadSource;

    fn try_from(text: String) -> Result<Self, BadSource> {
        text.parse()
    }
}

impl From<SourceNet> for String {
    fn from(net: SourceNet) -> Self {
        net.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks_are_written_as_sshd_reads_them() {
        for (text, written) in [
            ("192.0.2.7", "192.0.2.7/32"),
            ("192.0.2.7/24", "192.0.2.0/24"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:db8::1", "2001:db8::1/128"),
            ("2001:DB8:1:2:3::/48", "2001:db8:1::/48"),
            ("::ffff:192.0.2.7", "192.0.2.7/32"),
            ("::ffff:192.0.2.7/120", "192.0.2.0/24"),
        ] {
            let net: SourceNet = text.parse().expect(text);
            assert_eq!(net.to_string(), written);
            assert_eq!(net.to_string().parse(), Ok(net));
        }
        for none in
            ["", "localhost", "192.0.2.0/33", "192.0.2.1,192.0.2.2", "192.0.2.1\n", "!1.2.3.4"]
        {
            let err = none.parse::<SourceNet>().expect_err(none).to_string();
            assert!(err.contains("neither an address nor a network"), "{err}");
        }
        let net: SourceNet = "192.0.2.0/24".parse().expect("a network");
        assert!(net.contains("::ffff:192.0.2.9".parse().expect("an address")));
        assert!(!net.contains("192.0.3.9".parse().expect("an address")));
    }
}
