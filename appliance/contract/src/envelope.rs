//! How a document travels to a box: addressed, dated, numbered and signed.
//!
//! The signature covers the header and the body's exact bytes (the body stays raw JSON
//! until it has been checked). A box opens an envelope only with [`Envelope::open`], which
//! checks signature, addressee, order, epoch and date, in that sequence.

mod epoch;

pub use epoch::{EpochGrant, FIRST_EPOCH, NoGrant};

use crate::names::DeviceName;
use crate::time::TimeUs;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A generation this far beyond the newest accepted one is refused: no fleet gets there by
/// counting, and accepting it once would lock every later document out.
pub const MAX_GENERATION_JUMP: u64 = 1 << 32;

/// The same of epochs. Nobody restores a backup a thousand times, and the key that opens epochs
/// may be wrong once.
pub const MAX_EPOCH_JUMP: u32 = 1 << 10;

/// The kinds of documents that are sent to a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// [`crate::config::ApplianceConfig`].
    Config,
    /// [`crate::manifest::Manifest`].
    Manifest,
    /// [`crate::sources::Sources`].
    Sources,
    /// [`crate::tombstones::Tombstones`].
    Tombstones,
    /// [`crate::command::Command`].
    Command,
}

impl Kind {
    /// The role whose key may sign it.
    #[must_use]
    pub fn role(self) -> Role {
        match self {
            Self::Config => Role::Config,
            Self::Manifest | Self::Sources | Self::Tombstones | Self::Command => Role::Control,
        }
    }

    /// As written in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Manifest => "manifest",
            Self::Sources => "sources",
            Self::Tombstones => "tombstones",
            Self::Command => "command",
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a signing key may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Configuration.
    Config,
    /// Manifest, sources, tombstones and commands.
    Control,
}

/// The version of a document: a fleet restored from a backup starts a new epoch.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Generation {
    /// The epoch.
    pub epoch: u32,
    /// The number inside the epoch.
    pub number: u64,
}

impl std::fmt::Display for Generation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.epoch, self.number)
    }
}

/// A public key that a box trusts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedKey {
    /// Names the key.
    pub id: String,
    /// What it may sign.
    pub role: Role,
    /// The Ed25519 public key, in base64.
    pub ed25519: String,
}

/// The header: everything about a document but its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`crate::SCHEMA`].
    pub schema: u32,
    /// What the body is.
    pub kind: Kind,
    /// Whom it is for.
    pub addressee: DeviceName,
    /// Which version of it.
    pub generation: Generation,
    /// When it was signed.
    pub issued_at_us: TimeUs,
    /// Not to be accepted after this.
    pub not_after_us: TimeUs,
}

/// A signed document.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// About the document.
    pub header: Header,
    /// The document, as it was signed.
    pub body: Box<RawValue>,
    /// Which key signed.
    pub key_id: String,
    /// The Ed25519 signature over header and body, in base64.
    pub signature: String,
    /// Who allows its epoch, where that is not the first. Proves itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch_grant: Option<EpochGrant>,
}

/// Why a box does not accept a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No trusted key has that id.
    #[error("signed by key {0:?}, which this box does not know")]
    UnknownKey(String),
    /// The key may not sign this kind.
    #[error("signed by key {key:?}, which may not sign a {kind}")]
    WrongRole {
        /// The key.
        key: String,
        /// The kind of document.
        kind: Kind,
    },
    /// The signature does not fit.
    #[error("the signature does not hold")]
    BadSignature,
    /// For somebody else.
    #[error("addressed to {0}")]
    OtherAddressee(DeviceName),
    /// Older than what is in force.
    #[error("generation {offered} is not newer than {newest}")]
    Old {
        /// Of this document.
        offered: Generation,
        /// The newest accepted.
        newest: Generation,
    },
    /// Further ahead than counting can lead.
    #[error("generation {offered} is absurdly far beyond {newest}")]
    FarAhead {
        /// Of this document.
        offered: Generation,
        /// The newest accepted.
        newest: Generation,
    },
    /// The number in force, with another content: two fleets count, or one was restored.
    #[error("generation {0} is in force with another content")]
    OtherContent(Generation),
    /// A new epoch that nobody has allowed.
    #[error("epoch {epoch} is not authorised: {reason}")]
    Epoch {
        /// Of this document.
        epoch: u32,
        /// What is wrong with its grant.
        reason: NoGrant,
    },
    /// Its time is over.
    #[error("expired")]
    Expired,
    /// Of a schema that this software does not know.
    #[error("schema {0} is not known to this version")]
    Schema(u32),
    /// The body is not what the kind says.
    #[error("the document cannot be read: {0}")]
    Unreadable(String),
}

/// A key that signs documents of one role.
pub struct SigningKey {
    id: String,
    role: Role,
    pair: Ed25519KeyPair,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({}, {:?})", self.id, self.role)
    }
}

impl SigningKey {
    /// Takes a key in PKCS #8.
    ///
    /// # Errors
    /// `None` of the key's content is told: only that it is not an Ed25519 key.
    pub fn from_pkcs8(id: String, role: Role, pkcs8: &[u8]) -> Result<Self, BadKey> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| BadKey)?;
        Ok(Self { id, role, pair })
    }

    /// The public half, as a box's configuration carries it.
    #[must_use]
    pub fn trusted(&self) -> TrustedKey {
        let ed25519 = BASE64.encode(self.pair.public_key().as_ref());
        TrustedKey { id: self.id.clone(), role: self.role, ed25519 }
    }
}

/// Not an Ed25519 private key in PKCS #8.
#[derive(Debug, thiserror::Error)]
#[error("not an Ed25519 private key in PKCS #8")]
pub struct BadKey;

/// Whether a key has made this signature; both in base64.
fn verify(key: &TrustedKey, bytes: &[u8], signature: &str) -> bool {
    let (Ok(key), Ok(signature)) = (BASE64.decode(&key.ed25519), BASE64.decode(signature)) else {
        return false;
    };
    UnparsedPublicKey::new(&ED25519, key).verify(bytes, &signature).is_ok()
}

/// Length-prefixed, so that no two (header, body) pairs sign the same bytes.
fn signed_bytes(header: &Header, body: &RawValue) -> Vec<u8> {
    let header = serde_json::to_string(header).unwrap_or_default();
    let mut bytes = b"headend document v1".to_vec();
    for part in [header.as_bytes(), body.get().as_bytes()] {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

impl Envelope {
    /// Signs a document.
    ///
    /// # Errors
    /// When the body cannot be written as JSON (a map with keys that are not text, say).
    pub fn seal<T: Serialize>(
        header: Header,
        body: &T,
        key: &SigningKey,
    ) -> Result<Self, serde_json::Error> {
        let body = serde_json::value::to_raw_value(body)?;
        let signature = BASE64.encode(key.pair.sign(&signed_bytes(&header, &body)).as_ref());
        Ok(Self { header, body, key_id: key.id.clone(), signature, epoch_grant: None })
    }

    /// The same with leave for its epoch.
    #[must_use]
    pub fn with_grant(self, epoch_grant: Option<EpochGrant>) -> Self {
        Self { epoch_grant, ..self }
    }

    /// Checks everything about the document and gives its content.
    ///
    /// # Errors
    /// [`Refused`], with the first reason found.
    pub fn open<T: DeserializeOwned>(&self, reader: &Reader<'_>) -> Result<T, Refused> {
        self.check_signature(reader.keys)?;
        if self.header.schema != crate::SCHEMA {
            return Err(Refused::Schema(self.header.schema));
        }
        if self.header.addressee != *reader.me {
            return Err(Refused::OtherAddressee(self.header.addressee.clone()));
        }
        check_order(self.header.generation, reader.newest)?;
        self.check_epoch(reader)?;
        if reader.now > self.header.not_after_us {
            return Err(Refused::Expired);
        }
        serde_json::from_str(self.body.get()).map_err(|err| Refused::Unreadable(err.to_string()))
    }

    /// Whoever may sign documents could otherwise lock the fleet out with one of a late epoch.
    fn check_epoch(&self, reader: &Reader<'_>) -> Result<(), Refused> {
        let epoch = self.header.generation.epoch;
        let known = reader.newest.map_or(FIRST_EPOCH, |newest| newest.epoch);
        if epoch <= known {
            return Ok(());
        }
        epoch::check(self.epoch_grant.as_ref(), epoch, reader.keys)
            .map_err(|reason| Refused::Epoch { epoch, reason })
    }

    fn check_signature(&self, keys: &[TrustedKey]) -> Result<(), Refused> {
        let key = keys
            .iter()
            .find(|key| key.id == self.key_id)
            .ok_or_else(|| Refused::UnknownKey(self.key_id.clone()))?;
        let kind = self.header.kind;
        if key.role != kind.role() {
            return Err(Refused::WrongRole { key: key.id.clone(), kind });
        }
        let is_good = verify(key, &signed_bytes(&self.header, &self.body), &self.signature);
        is_good.then_some(()).ok_or(Refused::BadSignature)
    }
}

fn check_order(offered: Generation, newest: Option<Generation>) -> Result<(), Refused> {
    let floor = newest.unwrap_or_default();
    if newest.is_some() && offered <= floor {
        return Err(Refused::Old { offered, newest: floor });
    }
    // A new epoch begins to count anew.
    let from = if offered.epoch == floor.epoch { floor.number } else { 0 };
    if offered.number.saturating_sub(from) > MAX_GENERATION_JUMP
        || offered.epoch.saturating_sub(floor.epoch) > MAX_EPOCH_JUMP
    {
        return Err(Refused::FarAhead { offered, newest: floor });
    }
    Ok(())
}

/// Who reads a document, and what it knows.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// Whom documents must be addressed to.
    pub me: &'a DeviceName,
    /// The keys it trusts.
    pub keys: &'a [TrustedKey],
    /// The newest generation of this kind that it has accepted, and no less than the beginning
    /// of the newest epoch that it knows of.
    pub newest: Option<Generation>,
    /// The time.
    pub now: TimeUs,
}

#[cfg(test)]
mod tests;
