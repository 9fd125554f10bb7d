//! How what the root says travels, and how far it is believed.

use super::{MAX_ROOT_KEYS, MAX_TRUST_BYTES, Root, RootKey, RootPin, Senseless, Trust, at_most};
use crate::envelope::{BadKey, verify_ed25519};
use crate::object::Digest;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// What the root says, signed by those who keep its keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedTrust {
    /// A [`Trust`], as it was signed.
    pub body: Box<RawValue>,
    /// Who has signed.
    pub signatures: Vec<RootSignature>,
}

/// The signature of one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootSignature {
    /// Which key signed.
    pub key_id: String,
    /// The Ed25519 signature over the body, in base64.
    pub signature: String,
}

/// Why it is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// The body is not what it should be.
    #[error("what the root says cannot be read: {0}")]
    Unreadable(String),
    /// Of a schema that this software does not know.
    #[error("what the root says is of schema {0}, which is not known to this version")]
    Schema(u32),
    /// What is signed is no sense.
    #[error("what the root says is no sense: {0}")]
    Senseless(#[from] Senseless),
    /// The root is another than the one that was named.
    #[error("said by another root than the one that this machine was told of")]
    OtherRoot,
    /// Too few have signed.
    #[error("signed by {signed} of the {threshold} keys that the root of version {version} takes")]
    TooFew {
        /// Of which version the keys are.
        version: u64,
        /// How many have.
        signed: usize,
        /// How many must.
        threshold: u8,
    },
    /// Not the next version.
    #[error("version {offered} does not follow version {known}")]
    NotNext {
        /// Of this one.
        offered: u64,
        /// What is known.
        known: u64,
    },
    /// An epoch that counting does not lead to.
    #[error("epoch {offered} does not follow epoch {known}")]
    Epoch {
        /// Of this one.
        offered: u32,
        /// What is known.
        known: u32,
    },
}

/// A key of the root: kept offline.
pub struct RootSigningKey {
    id: String,
    pair: Ed25519KeyPair,
}

impl std::fmt::Debug for RootSigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RootSigningKey({})", self.id)
    }
}

impl RootSigningKey {
    /// Takes a key in PKCS #8. Its id is made of its public half.
    ///
    /// # Errors
    /// Only that it is not an Ed25519 key.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, BadKey> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| BadKey)?;
        let id = format!("root-{}", &Digest::of(pair.public_key().as_ref()).to_string()[..16]);
        Ok(Self { id, pair })
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> RootKey {
        RootKey { id: self.id.clone(), ed25519: BASE64.encode(self.pair.public_key().as_ref()) }
    }
}

/// Begins with other words than a document does: neither can be taken for the other.
fn signed_bytes(body: &RawValue) -> Vec<u8> {
    [&b"headend trust v1\n"[..], body.get().as_bytes()].concat()
}

impl SignedTrust {
    /// Writes it down, signed by nobody.
    ///
    /// # Errors
    /// When it makes no sense.
    pub fn draft(trust: &Trust) -> Result<Self, Distrust> {
        trust.check()?;
        let body = serde_json::value::to_raw_value(trust)
            .map_err(|err| Distrust::Unreadable(err.to_string()))?;
        Ok(Self { body, signatures: Vec::new() })
    }

    /// The same, signed by one more. Who has signed before signs in the same place.
    #[must_use]
    pub fn sign(mut self, key: &RootSigningKey) -> Self {
        let signature = BASE64.encode(key.pair.sign(&signed_bytes(&self.body)).as_ref());
        self.signatures.retain(|it| it.key_id != key.id);
        self.signatures.push(RootSignature { key_id: key.id.clone(), signature });
        self
    }

    /// What it says, if it is said by the root of that name.
    ///
    /// # Errors
    /// [`Distrust`], with the first reason found.
    pub fn open_pinned(&self, pin: RootPin) -> Result<Trust, Distrust> {
        if self.read()?.root.pin() != pin {
            return Err(Distrust::OtherRoot);
        }
        self.open_first()
    }

    /// What it says, if the root that it names has signed it: for what was given by somebody who
    /// says by that who the root is.
    ///
    /// # Errors
    /// [`Distrust`], with the first reason found.
    pub fn open_first(&self) -> Result<Trust, Distrust> {
        let trust = self.read()?;
        self.check_signatures(&trust.root, trust.version)?;
        Ok(trust)
    }

    /// What it says, if it is the next version after one that is believed.
    ///
    /// # Errors
    /// [`Distrust`], with the first reason found.
    pub fn open_after(&self, before: &Trust) -> Result<Trust, Distrust> {
        // The keys of the version before come first: what they have not signed says nothing.
        self.check_signatures(&before.root, before.version)?;
        let trust = self.read()?;
        before.leads_to(&trust)?;
        self.check_signatures(&trust.root, trust.version)?;
        Ok(trust)
    }

    /// What it says, whoever says it: to be looked at by a person, and to be signed.
    ///
    /// # Errors
    /// When it cannot be read, or makes no sense.
    pub fn read(&self) -> Result<Trust, Distrust> {
        #[derive(Deserialize)]
        struct Schema {
            schema: u32,
        }
        at_most("bytes", self.body.get().len(), MAX_TRUST_BYTES)?;
        let unreadable = |err: serde_json::Error| Distrust::Unreadable(err.to_string());
        let Schema { schema } = serde_json::from_str(self.body.get()).map_err(unreadable)?;
        if schema != crate::SCHEMA {
            return Err(Distrust::Schema(schema));
        }
        let trust: Trust = serde_json::from_str(self.body.get()).map_err(unreadable)?;
        trust.check()?;
        Ok(trust)
    }

    /// How many keys of a root have signed, each counted once.
    #[must_use]
    pub fn signed_by(&self, root: &Root) -> usize {
        let bytes = signed_bytes(&self.body);
        let holds = |key: &&RootKey| {
            let mut of_key = self.signatures.iter().filter(|it| it.key_id == key.id);
            of_key.any(|it| verify_ed25519(&key.ed25519, &bytes, &it.signature))
        };
        let good = root.keys.iter().filter(holds).map(|key| key.ed25519.as_str());
        good.collect::<BTreeSet<_>>().len()
    }

    fn check_signatures(&self, root: &Root, version: u64) -> Result<(), Distrust> {
        // Each costs a verification.
        at_most("signatures", self.signatures.len(), 2 * MAX_ROOT_KEYS)?;
        let signed = self.signed_by(root);
        if signed >= usize::from(root.threshold).max(1) {
            return Ok(());
        }
        Err(Distrust::TooFew { version, signed, threshold: root.threshold })
    }
}

/// How far a chain leads.
#[derive(Debug, Clone, Default)]
pub struct Followed<'a> {
    /// The last version that is believed of it, and how it was signed; `None` when nothing in it
    /// is news.
    pub last: Option<(Trust, &'a SignedTrust)>,
    /// Why the next is not believed.
    pub then: Option<Distrust>,
}

/// From a version that is believed along a chain, as far as it can be believed: who cannot read
/// the newest version is better off with the one before. What is older is passed over.
#[must_use]
pub fn follow<'a>(before: &Trust, chain: &'a [SignedTrust]) -> Followed<'a> {
    let mut followed = Followed::default();
    for signed in chain {
        let known = followed.last.as_ref().map_or(before, |(trust, _)| trust);
        if signed.read().is_ok_and(|it| it.version <= known.version) {
            continue;
        }
        match signed.open_after(known) {
            Ok(trust) => followed.last = Some((trust, signed)),
            Err(why) => {
                followed.then = Some(why);
                break;
            }
        }
    }
    followed
}
