//! How a document travels to a box: addressed, dated, numbered and signed.
//!
//! The signature covers the header and the body's exact bytes (the body stays raw JSON
//! until it has been checked). A box opens an envelope only with [`Envelope::open`], which
//! checks signature, addressee, order, epoch and date, in that sequence. Whose signature counts,
//! and which epoch it is, says the root ([`crate::trust`]).

use crate::names::DeviceName;
use crate::time::TimeUs;
use crate::trust::Trust;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A generation this far beyond the newest accepted one is refused: no fleet gets there by
/// counting, and accepting it once would lock every later document out.
pub const MAX_GENERATION_JUMP: u64 = 1 << 32;

/// The same of epochs. Nobody restores a backup a thousand times, and the root may be wrong once.
pub const MAX_EPOCH_JUMP: u32 = 1 << 10;

/// What was made so long from now comes of a clock that is wrong, here or at the fleet. It is not
/// acted on: a fleet that is years ahead would have boxes throw away what rights have ended for.
pub const MAX_AHEAD_S: i64 = 86_400;

/// The epoch of a fleet that was never restored from a backup.
pub const FIRST_EPOCH: u32 = 1;

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
    /// Software. Nothing is signed with it yet; the root may name keys for it all the same.
    Image,
    /// Something that the root knows of, and this version does not.
    #[serde(other)]
    Other,
}

impl Role {
    /// As written in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Control => "control",
            Self::Image => "image",
            Self::Other => "other",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
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

/// A public key that a box trusts. The root may come to say more of one than is known here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustedKey {
    /// Names the key.
    pub id: String,
    /// What it may sign.
    pub role: Role,
    /// The Ed25519 public key, in base64.
    pub ed25519: String,
    /// It has served: what it signs is not accepted any more, and what a box has accepted of it
    /// still holds.
    #[serde(default, rename = "retired", skip_serializing_if = "is_false")]
    pub is_retired: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(it: &bool) -> bool {
    !it
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
}

/// Why a box does not accept a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No trusted key has that id.
    #[error("signed by key {0:?}, which the root does not name")]
    UnknownKey(String),
    /// The key has served.
    #[error("signed by key {0:?}, which has been retired")]
    RetiredKey(String),
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
    /// An epoch that the root does not speak of.
    #[error("epoch {offered} has not begun: the root speaks of epoch {known}")]
    Epoch {
        /// Of this document.
        offered: u32,
        /// Of which the root speaks.
        known: u32,
    },
    /// What the root has said is over.
    #[error("what the root said, version {0}, has expired")]
    TrustExpired(u64),
    /// Made at a time that has not come.
    #[error("made {ahead_s} s from now: is the clock right?")]
    Ahead {
        /// By so much.
        ahead_s: i64,
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
        TrustedKey { id: self.id.clone(), role: self.role, ed25519, is_retired: false }
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// Not an Ed25519 private key in PKCS #8.
#[derive(Debug, thiserror::Error)]
#[error("not an Ed25519 private key in PKCS #8")]
pub struct BadKey;

/// Whether a key has made this signature; both in base64.
pub(crate) fn verify_ed25519(key: &str, bytes: &[u8], signature: &str) -> bool {
    let (Ok(key), Ok(signature)) = (BASE64.decode(key), BASE64.decode(signature)) else {
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
        Ok(Self { header, body, key_id: key.id.clone(), signature })
    }

    /// Checks everything about a document that has come and gives its content.
    ///
    /// # Errors
    /// [`Refused`], with the first reason found.
    pub fn open<T: DeserializeOwned>(&self, reader: &Reader<'_>) -> Result<T, Refused> {
        let Reader { me, trust, newest, now } = *reader;
        let key = self.check_signature(trust)?;
        if key.is_retired {
            return Err(Refused::RetiredKey(key.id.clone()));
        }
        if now > trust.not_after_us {
            return Err(Refused::TrustExpired(trust.version));
        }
        self.check_addressee(me)?;
        check_order(self.header.generation, newest, trust.epoch)?;
        if self.header.issued_at_us > now.plus_s(MAX_AHEAD_S) {
            let ahead_s = self.header.issued_at_us.unix_s().saturating_sub(now.unix_s());
            return Err(Refused::Ahead { ahead_s });
        }
        if now > self.header.not_after_us {
            return Err(Refused::Expired);
        }
        self.content()
    }

    /// The content of a document that was accepted before, and has been kept since: it was in
    /// order and in time then.
    ///
    /// # Errors
    /// [`Refused`], where the root names its key no more, or it is not what was kept.
    pub fn open_kept<T: DeserializeOwned>(
        &self,
        me: &DeviceName,
        trust: &Trust,
    ) -> Result<T, Refused> {
        self.check_signature(trust)?;
        self.check_addressee(me)?;
        self.content()
    }

    fn content<T: DeserializeOwned>(&self) -> Result<T, Refused> {
        serde_json::from_str(self.body.get()).map_err(|err| Refused::Unreadable(err.to_string()))
    }

    fn check_addressee(&self, me: &DeviceName) -> Result<(), Refused> {
        if self.header.schema != crate::SCHEMA {
            return Err(Refused::Schema(self.header.schema));
        }
        if self.header.addressee != *me {
            return Err(Refused::OtherAddressee(self.header.addressee.clone()));
        }
        Ok(())
    }

    fn check_signature<'a>(&self, trust: &'a Trust) -> Result<&'a TrustedKey, Refused> {
        let key =
            trust.key(&self.key_id).ok_or_else(|| Refused::UnknownKey(self.key_id.clone()))?;
        let kind = self.header.kind;
        if key.role != kind.role() {
            return Err(Refused::WrongRole { key: key.id.clone(), kind });
        }
        let signed = signed_bytes(&self.header, &self.body);
        let is_good = verify_ed25519(&key.ed25519, &signed, &self.signature);
        is_good.then_some(key).ok_or(Refused::BadSignature)
    }
}

/// An epoch that has begun for one kind has for all: whoever still signs in the one before has
/// missed it, and whoever signs in the next does so without the root.
fn check_order(offered: Generation, newest: Option<Generation>, epoch: u32) -> Result<(), Refused> {
    if offered.epoch > epoch {
        return Err(Refused::Epoch { offered: offered.epoch, known: epoch });
    }
    let floor = newest.unwrap_or_default().max(Generation { epoch, number: 0 });
    if offered <= floor {
        return Err(Refused::Old { offered, newest: floor });
    }
    if offered.number.saturating_sub(floor.number) > MAX_GENERATION_JUMP {
        return Err(Refused::FarAhead { offered, newest: floor });
    }
    Ok(())
}

/// Who reads a document, and what it knows.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// Whom documents must be addressed to.
    pub me: &'a DeviceName,
    /// Whose word counts, and in which epoch.
    pub trust: &'a Trust,
    /// The newest generation of this kind that it has accepted.
    pub newest: Option<Generation>,
    /// The time.
    pub now: TimeUs,
}

#[cfg(test)]
mod tests;
