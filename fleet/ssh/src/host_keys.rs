//! By what devices are known.

use crate::Algorithms;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

/// OpenSSH has three, and somebody may change all of them at once.
const MAX_KEYS: usize = 16;

/// RSA with 16,384 bits has 2,100.
const MAX_KEY_BYTES: usize = 4096;

/// Types of keys, and the algorithms that sign with them, best first. Never those of certificates:
/// libssh2 would prefer them, and then shows a key that nobody has written down.
const TYPES: &[(&str, &[&str])] = &[
    ("ssh-ed25519", &["ssh-ed25519"]),
    ("ecdsa-sha2-nistp256", &["ecdsa-sha2-nistp256"]),
    ("ecdsa-sha2-nistp384", &["ecdsa-sha2-nistp384"]),
    ("ecdsa-sha2-nistp521", &["ecdsa-sha2-nistp521"]),
    ("ssh-rsa", &["rsa-sha2-512", "rsa-sha2-256"]),
];

/// What inventory knows of a device: the public keys that it may show. Without one it is not spoken to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostKeys(Vec<HostKey>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct HostKey {
    kind: &'static str,
    blob: Vec<u8>,
}

/// Nothing by which a device is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line}: {why}: a host key is `ssh-ed25519 AAAA…`, as in the device's .pub file or in known_hosts"
)]
pub struct BadHostKeys {
    line: usize,
    why: &'static str,
}

impl HostKeys {
    /// Reads lines as `.pub` files and `known_hosts` have them. Who is named before a key is not looked
    /// at: inventory knows whose it is. Empty lines and those that begin with `#` say nothing.
    ///
    /// # Errors
    /// [`BadHostKeys`] when a line is no key of a type that we take, or there are too many.
    pub fn parse(text: &str) -> Result<Self, BadHostKeys> {
        let mut keys: Vec<HostKey> = Vec::new();
        for (at, line) in text.lines().map(str::trim).enumerate() {
            let bad = |why| BadHostKeys { line: at + 1, why };
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let key = HostKey::parse(line).map_err(bad)?;
            if !keys.contains(&key) {
                keys.push(key);
            }
            if keys.len() > MAX_KEYS {
                return Err(bad("more than 16 keys of one device"));
            }
        }
        Ok(Self(keys))
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `ssh-ed25519 SHA256:…`, for each.
    #[must_use]
    pub fn fingerprints(&self) -> Vec<String> {
        self.0.iter().map(|key| fingerprint(&key.blob)).collect()
    }

    pub(crate) fn contains(&self, blob: &[u8]) -> bool {
        self.0.iter().any(|key| key.blob == blob)
    }

    /// What the device may sign with: what fits a key that we know, so that it shows one of those.
    pub(crate) fn algorithms(&self, algorithms: Algorithms) -> String {
        let mut names: Vec<&str> = Vec::new();
        for (kind, signed_with) in TYPES.iter().filter(|(kind, _)| self.knows(kind)) {
            names.extend(*signed_with);
            if *kind == "ssh-rsa" && algorithms == Algorithms::Old {
                names.push("ssh-rsa");
            }
        }
        names.join(",")
    }

    /// The types that are known, for people.
    pub(crate) fn types(&self) -> String {
        let types: Vec<&str> =
            TYPES.iter().map(|(kind, _)| *kind).filter(|kind| self.knows(kind)).collect();
        types.join(", ")
    }

    fn knows(&self, kind: &str) -> bool {
        self.0.iter().any(|key| key.kind == kind)
    }
}

impl HostKey {
    fn parse(line: &str) -> Result<Self, &'static str> {
        if line.starts_with('@') {
            return Err("authorities of hosts and revoked keys are not looked at");
        }
        let mut words = line.split_ascii_whitespace().take(3);
        let kind = words
            .by_ref()
            .take(2)
            .find_map(|word| TYPES.iter().find(|(kind, _)| *kind == word))
            .ok_or("no type of key that we take")?
            .0;
        let blob = words.next().and_then(|word| STANDARD.decode(word).ok()).ok_or("no base64")?;
        if blob.len() > MAX_KEY_BYTES {
            return Err("longer than any key");
        }
        match first_word(&blob) {
            Some(word) if word == kind.as_bytes() => Ok(Self { kind, blob }),
            _ => Err("the key is not of the type before it"),
        }
    }
}

/// `ssh-ed25519 SHA256:…`, as ssh-keygen shows it.
pub(crate) fn fingerprint(blob: &[u8]) -> String {
    let kind = String::from_utf8_lossy(first_word(blob).unwrap_or_default());
    let hash = STANDARD_NO_PAD.encode(digest(&SHA256, blob));
    format!("{kind} SHA256:{hash}")
}

/// A key begins with its type: four bytes of length, and the word (RFC 4253 §6.6).
fn first_word(blob: &[u8]) -> Option<&[u8]> {
    let (length, rest) = blob.split_first_chunk::<4>()?;
    rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

#[cfg(test)]
mod tests;
