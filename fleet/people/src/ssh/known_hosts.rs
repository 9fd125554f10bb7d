//! `known_hosts`: which key is shown where (sshd(8), «SSH_KNOWN_HOSTS FILE FORMAT»).

use super::HostKey;
use contract::names::DeviceName;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// Where SSH is spoken if nobody says otherwise.
pub const SSH_PORT: u16 = 22;

/// The longest name that DNS has.
const MAX_HOST_BYTES: usize = 253;

/// Where a server is reached: a name or an address, and a port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SshHost {
    host: String,
    port: u16,
}

/// Nothing that a server is reached by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is neither a host name nor an address: oca1.example.org, oca1.example.org:2222, 192.0.2.7, [2001:db8::7]:2222"
)]
pub struct BadHost(String);

impl SshHost {
    /// Takes a host name or an address, and a port.
    ///
    /// # Errors
    /// [`BadHost`] when it is neither: nothing that means something in `known_hosts` passes.
    pub fn new(host: &str, port: u16) -> Result<Self, BadHost> {
        let bad = || BadHost(host.chars().take(80).collect());
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(SocketAddr::new(address, port).into());
        }
        let is_edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let is_label = |label: &str| {
            let bytes = label.as_bytes();
            is_edge(bytes.first())
                && is_edge(bytes.last())
                && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        };
        if host.len() > MAX_HOST_BYTES || !host.split('.').all(is_label) {
            return Err(bad());
        }
        Ok(Self { host: host.to_ascii_lowercase(), port })
    }

    /// A host name in lower case, or an address.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl From<SocketAddr> for SshHost {
    fn from(address: SocketAddr) -> Self {
        Self { host: address.ip().to_canonical().to_string(), port: address.port() }
    }
}

impl FromStr for SshHost {
    type Err = BadHost;

    fn from_str(text: &str) -> Result<Self, BadHost> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(address.into());
        }
        if text.parse::<IpAddr>().is_ok() {
            return Self::new(text, SSH_PORT);
        }
        match text.rsplit_once(':') {
            None => Self::new(text, SSH_PORT),
            Some((host, port)) => {
                let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
                let port = port.parse().ok().filter(|_| is_number);
                Self::new(host, port.ok_or_else(|| BadHost(text.chars().take(80).collect()))?)
            }
        }
    }
}

/// As `known_hosts` has it.
impl fmt::Display for SshHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            SSH_PORT => f.write_str(&self.host),
            port => write!(f, "[{}]:{port}", self.host),
        }
    }
}

/// A line for each key, with its end.
pub(super) fn lines(appliance: &DeviceName, addresses: &[SshHost], keys: &[HostKey]) -> String {
    let mut hosts = vec![appliance.to_string()];
    hosts.extend(addresses.iter().map(ToString::to_string));
    let hosts = hosts.join(",");
    keys.iter().map(|key| format!("{hosts} {key}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hosts_are_written_as_openssh_looks_for_them() {
        for (text, written) in [
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7:22", "192.0.2.7"),
            ("192.0.2.7:2222", "[192.0.2.7]:2222"),
            ("2001:DB8::7", "2001:db8::7"),
            ("[2001:db8::7]:2222", "[2001:db8::7]:2222"),
            ("[::ffff:192.0.2.7]:2222", "[192.0.2.7]:2222"),
            ("OCA1.example.org", "oca1.example.org"),
            ("oca1.example.org:2222", "[oca1.example.org]:2222"),
        ] {
            assert_eq!(text.parse::<SshHost>().expect(text).to_string(), written);
        }
        for none in [
            "", ":22", "a b", "*", "!a", "a,b", "a\n", "a:", "a:x", "a:+1", "a:70000", "a_b", "-a",
            "|1|a",
        ] {
            let err = none.parse::<SshHost>().expect_err(none).to_string();
            assert!(err.contains("neither a host name nor an address"), "{err}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_means_something_gets_into_a_line(text: String, near in "[a-z0-9.:*,! \n\\[\\]-]{0,20}") {
            for text in [text, near] {
                if let Ok(host) = text.parse::<SshHost>() {
                    let written = host.to_string();
                    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".:-[]".contains(c);
                    prop_assert!(!written.is_empty() && written.chars().all(is_plain), "{written:?}");
                }
            }
        }
    }
}
