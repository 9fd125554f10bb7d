//! What the root says: whose word counts for what.
//!
//! The root is a few keys that are kept offline. What they say names all other keys: those that
//! sign documents, each with its role, the authorities whose certificates boxes and viewers
//! believe, and the epoch in which documents are counted. It is numbered; whoever has one version
//! believes the next if enough keys of the one before *and* of the new one have signed it, as TUF
//! does it (The Update Framework, §5.3), so that root keys can be replaced as well. Each version
//! proves itself, so that anybody may bring it, over whatever connection.
//!
//! [`SignedTrust`] is how it travels; [`Trust`] is what has been verified.

mod signed;

pub use signed::{Distrust, Followed, RootSignature, RootSigningKey, SignedTrust, follow};

use crate::envelope::{MAX_EPOCH_JUMP, Role, TrustedKey};
use crate::object::Digest;
use crate::time::TimeUs;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// More people than ever come together for a ceremony.
pub const MAX_ROOT_KEYS: usize = 16;

/// Two for each role while one takes over from the other, and many that have served.
pub const MAX_ROLE_KEYS: usize = 64;

/// What people read of a key before they sign, on one line.
const MAX_KEY_ID_CHARS: usize = 64;

/// Two while one takes over from the other, twice that for a fleet that is moved.
pub const MAX_AUTHORITIES: usize = 8;

/// A certificate of an authority with the largest key in use, three times over.
pub const MAX_AUTHORITY_BYTES: usize = 8 << 10;

/// The most bytes that a signed trust has: twice what the limits above come to.
pub const MAX_TRUST_BYTES: usize = 512 << 10;

const _: () = assert!(MAX_TRUST_BYTES > 2 * 2 * MAX_AUTHORITIES * MAX_AUTHORITY_BYTES);

/// What the root says. A newer version may say more: what is not known here is ignored, for a box
/// of today must be able to follow the root of tomorrow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trust {
    /// [`crate::SCHEMA`].
    pub schema: u32,
    /// Rises by one each time.
    pub version: u64,
    /// When it was drawn up.
    pub issued_at_us: TimeUs,
    /// Nothing is believed on its word after this.
    pub not_after_us: TimeUs,
    /// The epoch in which documents are counted. A fleet that was restored from a backup has
    /// forgotten numbers that it gave, and begins another.
    pub epoch: u32,
    /// Who signs this, and the next.
    pub root: Root,
    /// Who signs documents; of several with one role the last is the newest.
    pub keys: Vec<TrustedKey>,
    /// Who issues certificates.
    pub authorities: Authorities,
}

/// The keys that are kept offline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// So many of them have to sign.
    pub threshold: u8,
    /// All of them.
    pub keys: Vec<RootKey>,
}

/// The public half of a key of the root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RootKey {
    /// Names the key.
    pub id: String,
    /// The Ed25519 public key, in base64.
    pub ed25519: String,
}

/// Who issues certificates: X.509 authorities, each in PEM; of several the last is the newest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Authorities {
    /// Who says who a box is, and who the fleet is: mTLS between them.
    pub boxes: Vec<String>,
    /// Who says which names a box may show to viewers, where the fleet does that itself.
    #[serde(default)]
    pub players: Vec<String>,
}

/// Names a root by its keys: what a machine is given that has never heard of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RootPin(pub Digest);

/// Why what a root says is no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Senseless {
    /// More than there may be.
    #[error("{what}: more than {at_most}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        at_most: usize,
    },
    /// Nobody could sign the next version.
    #[error("{threshold} of {keys} root keys cannot sign")]
    Threshold {
        /// How many should.
        threshold: u8,
        /// How many there are, each counted once.
        keys: usize,
    },
    /// A key twice, under one id or several: it would count twice.
    #[error("key {0:?} is there twice")]
    Twice(String),
    /// It would be read as something else.
    #[error("{0:?} names no key: expected 1 to {MAX_KEY_ID_CHARS} of a-z, 0-9 and -")]
    NotAnId(String),
    /// Not the public half of an Ed25519 key.
    #[error("key {0:?} is not an Ed25519 public key")]
    NotAKey(String),
    /// Versions begin with 1, and so do epochs.
    #[error("there is no {0} 0")]
    Zero(&'static str),
}

impl Root {
    /// What names it: the same for the same keys in any order.
    #[must_use]
    pub fn pin(&self) -> RootPin {
        let keys: BTreeSet<&str> = self.keys.iter().map(|key| key.ed25519.as_str()).collect();
        let mut bytes = format!("headend root v1\n{}\n", self.threshold);
        for key in keys {
            bytes.push_str(key);
            bytes.push('\n');
        }
        RootPin(Digest::of(bytes.as_bytes()))
    }

    fn check(&self) -> Result<(), Senseless> {
        at_most("root keys", self.keys.len(), MAX_ROOT_KEYS)?;
        let all = self.keys.iter().map(|key| (key.id.as_str(), key.ed25519.as_str()));
        let distinct = each_once(all)?;
        match usize::from(self.threshold) {
            threshold if (1..=distinct).contains(&threshold) => Ok(()),
            _ => Err(Senseless::Threshold { threshold: self.threshold, keys: distinct }),
        }
    }
}

impl Trust {
    /// The key with an id, whatever it may sign.
    #[must_use]
    pub fn key(&self, id: &str) -> Option<&TrustedKey> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// The keys that sign what is new with a role, newest last.
    pub fn signers(&self, role: Role) -> impl DoubleEndedIterator<Item = &TrustedKey> {
        self.keys.iter().filter(move |key| key.role == role && !key.is_retired)
    }

    /// Whether it makes sense, whoever has signed it.
    ///
    /// # Errors
    /// [`Senseless`], with the first thing that does not.
    pub fn check(&self) -> Result<(), Senseless> {
        if self.version == 0 {
            return Err(Senseless::Zero("version"));
        }
        if self.epoch == 0 {
            return Err(Senseless::Zero("epoch"));
        }
        self.root.check()?;
        at_most("keys", self.keys.len(), MAX_ROLE_KEYS)?;
        each_once(self.keys.iter().map(|key| (key.id.as_str(), key.ed25519.as_str())))?;
        let Authorities { boxes, players } = &self.authorities;
        for all in [boxes, players] {
            at_most("authorities", all.len(), MAX_AUTHORITIES)?;
            let largest = all.iter().map(String::len).max().unwrap_or(0);
            at_most("bytes of an authority", largest, MAX_AUTHORITY_BYTES)?;
        }
        Ok(())
    }

    /// Whether another is the next version after this one, whoever has signed it.
    ///
    /// # Errors
    /// [`Distrust`], when it is not.
    pub fn leads_to(&self, next: &Self) -> Result<(), Distrust> {
        if Some(next.version) != self.version.checked_add(1) {
            return Err(Distrust::NotNext { offered: next.version, known: self.version });
        }
        let epochs = self.epoch..=self.epoch.saturating_add(MAX_EPOCH_JUMP);
        if !epochs.contains(&next.epoch) {
            return Err(Distrust::Epoch { offered: next.epoch, known: self.epoch });
        }
        Ok(())
    }
}

fn at_most(what: &'static str, count: usize, at_most: usize) -> Result<(), Senseless> {
    if count > at_most { Err(Senseless::TooMany { what, at_most }) } else { Ok(()) }
}

/// How many keys there are, each with an id of its own.
fn each_once<'a>(keys: impl Iterator<Item = (&'a str, &'a str)>) -> Result<usize, Senseless> {
    let (mut ids, mut values) = (BTreeSet::new(), BTreeSet::new());
    for (id, ed25519) in keys {
        let is_id = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
        if !(1..=MAX_KEY_ID_CHARS).contains(&id.len()) || !id.chars().all(is_id) {
            return Err(Senseless::NotAnId(id.to_owned()));
        }
        let bytes = BASE64.decode(ed25519).ok().filter(|bytes| bytes.len() == 32);
        let Some(bytes) = bytes else { return Err(Senseless::NotAKey(id.to_owned())) };
        if !ids.insert(id) || !values.insert(bytes) {
            return Err(Senseless::Twice(id.to_owned()));
        }
    }
    Ok(values.len())
}

#[cfg(test)]
mod tests;
