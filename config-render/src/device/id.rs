//! The name of a change: SHA-256 of its bundle, so that a device can tell what it was sent from what was
//! meant, before it looks at any of it.

use crate::digest::sha256;
use std::fmt;
use std::str::FromStr;

/// The name of a change on its device.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangeId(String);

/// A text that names no change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no name of a change, which is 64 hexadecimal digits in lower case")]
pub struct BadId;

/// Whether this is a digest as `sha256sum` writes it.
pub(super) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl ChangeId {
    pub(super) fn of(bundle: &[u8]) -> Self {
        Self(sha256(bundle))
    }

    /// As it stands in command lines.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ChangeId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        if is_sha256(text) { Ok(Self(text.to_owned())) } else { Err(BadId) }
    }
}
