//! How a bare machine becomes a box of a fleet: with a token that an operator carries to it.
//!
//! A token is good once, for one machine, for a while. It says where the fleet is, and by the
//! root's pin ([`RootPin`]) who it is: the machine asks for what the root says, which proves
//! itself, and then speaks to nobody but whom it names.

use crate::names::DeviceName;
use crate::ssh_host_keys::SshHostKeys;
use crate::trust::RootPin;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// What the root has said, for whoever asks: it proves itself.
pub const TRUST_PATH: &str = "/join/v1/trust";

/// Where a machine joins.
pub const JOIN_PATH: &str = "/join/v1/boxes";

/// The most bytes that a request to join may have: a certificate request, keys of the machine's SSH
/// server, and some words.
pub const MAX_JOIN_BYTES: usize = 32 << 10;

/// The most bytes that the answer may have: a configuration with hundreds of disks and groups.
pub const MAX_JOINED_BYTES: usize = 1 << 20;

/// The most characters of a serial number.
pub const MAX_SERIAL_CHARS: usize = 64;

/// The most characters of a token.
const MAX_TOKEN_CHARS: usize = 1024;

/// Says what it is to whoever finds one.
const PREFIX: &str = "headend-join-1.";

/// What an operator carries to a machine.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinToken {
    /// Where the fleet lets machines join.
    pub address: SocketAddr,
    /// Who the fleet is.
    pub root: RootPin,
    /// The version of what the root had said by then: an older one may name keys that were stolen.
    pub trust_version: u64,
    /// Which token.
    pub id: String,
    /// What makes it one.
    pub secret: String,
}

impl fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, id, .. } = self;
        f.debug_struct("JoinToken")
            .field("address", address)
            .field("id", id)
            .finish_non_exhaustive()
    }
}

/// Not a token, or not all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no join token: one begins with {PREFIX} and is a single line; copy all of it")]
pub struct NoToken;

impl JoinToken {
    /// As it is carried: one line, with no character that a shell or a terminal changes. Not
    /// `Display`, so that none gets into a log by mistake.
    #[must_use]
    pub fn to_line(&self) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        format!("{PREFIX}{}", BASE64URL.encode(json))
    }
}

impl FromStr for JoinToken {
    type Err = NoToken;

    fn from_str(line: &str) -> Result<Self, NoToken> {
        let text = line.trim();
        let encoded = text.strip_prefix(PREFIX).filter(|_| text.len() <= MAX_TOKEN_CHARS);
        let json = encoded.and_then(|it| BASE64URL.decode(it).ok()).ok_or(NoToken)?;
        serde_json::from_slice(&json).map_err(|_| NoToken)
    }
}

/// A machine asks to be a box.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinRequest {
    /// The token, by its id.
    pub token: String,
    /// What makes it one.
    pub secret: String,
    /// The machine, as its maker numbers it.
    pub serial: String,
    /// Where its files are to lie: an absolute path.
    pub folder: PathBuf,
    /// The key of its identity: PKCS #10 in PEM.
    pub csr_pem: String,
    /// What it says of its SSH server, where it has one. People who go there are told by the fleet
    /// that these are its keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssh_host_keys: Option<SshHostKeys>,
}

impl fmt::Debug for JoinRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { token, serial, folder, .. } = self;
        let mut shown = f.debug_struct("JoinRequest");
        shown.field("token", token).field("serial", serial).field("folder", folder);
        shown.finish_non_exhaustive()
    }
}

/// A machine has become a box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// Which.
    pub device: DeviceName,
    /// Its identity: the chain, leaf first, in PEM.
    pub chain_pem: String,
    /// What it is told to be, in YAML.
    pub config: String,
}

/// The names of the files of a box, in its folder.
pub mod files {
    /// What the root has said, as the box was told when it joined.
    pub const TRUST: &str = "trust.json";
    /// Who the box is: key and chain, in one file, so that both are replaced at once.
    pub const IDENTITY: &str = "identity.pem";
    /// What it shows to viewers: the same.
    pub const PLAYER: &str = "player.pem";
    /// The configuration.
    pub const CONFIG: &str = "config.yaml";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Digest;
    use proptest::prelude::*;

    fn token() -> JoinToken {
        JoinToken {
            address: ([192, 0, 2, 7], 7444).into(),
            root: RootPin(Digest::of(b"root")),
            trust_version: 3,
            id: "0123456789abcdef".to_owned(),
            secret: "s".repeat(43),
        }
    }

    #[test]
    fn a_token_comes_through_a_shell_and_says_nothing_in_logs() {
        let line = token().to_line();
        assert!(line.chars().all(|it| it.is_ascii_alphanumeric() || "-_.".contains(it)), "{line}");
        assert_eq!(format!(" {line}\n").parse(), Ok(token()));
        assert!(!format!("{:?}", token()).contains("sss"));
    }

    proptest! {
        #[test]
        fn what_is_no_token_is_refused(text in ".{0,100}") {
            prop_assert_eq!(text.parse::<JoinToken>(), Err(NoToken));
            prop_assert_eq!(format!("{PREFIX}{text}").parse::<JoinToken>(), Err(NoToken));
        }

        /// Half of a token, as a terminal that breaks lines leaves it.
        #[test]
        fn a_part_of_a_token_is_none(at in 0usize..200) {
            let line = token().to_line();
            let part = line.get(..at.min(line.len() - 1)).expect("ASCII");
            prop_assert_eq!(part.parse::<JoinToken>(), Err(NoToken));
        }
    }
}
