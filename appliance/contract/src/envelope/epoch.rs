//! Leave to begin a new epoch.
//!
//! A fleet that was restored from a backup has forgotten numbers that it has given. It counts
//! anew in the next epoch, and boxes follow it there only with leave from a key that signs no
//! everyday documents: the one for configurations.

use super::{Role, SigningKey, TrustedKey, verify};
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

/// The epoch of a fleet that was never restored from a backup. It needs no leave.
pub const FIRST_EPOCH: u32 = 1;

/// Whose key may open epochs.
const OPENER: Role = Role::Config;

/// Leave to begin an epoch, signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochGrant {
    /// The epoch.
    pub epoch: u32,
    /// Which key signed.
    pub key_id: String,
    /// The Ed25519 signature, in base64.
    pub signature: String,
}

/// What is wrong with leave to begin an epoch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoGrant {
    /// There is none.
    #[error("it comes without a grant")]
    None,
    /// It is for another one.
    #[error("its grant is for epoch {0}")]
    OtherEpoch(u32),
    /// No trusted key has that id.
    #[error("granted by key {0:?}, which this box does not know")]
    UnknownKey(String),
    /// The key may not.
    #[error("granted by key {0:?}, which may not open epochs")]
    WrongRole(String),
    /// The signature does not fit.
    #[error("the signature of its grant does not hold")]
    BadSignature,
}

impl EpochGrant {
    /// Signs leave for an epoch. Boxes believe it of a key for configurations alone.
    #[must_use]
    pub fn sign(epoch: u32, key: &SigningKey) -> Self {
        let pair: &Ed25519KeyPair = &key.pair;
        let signature = BASE64.encode(pair.sign(&signed_bytes(epoch)).as_ref());
        Self { epoch, key_id: key.id.clone(), signature }
    }
}

/// Begins with other words than a document does: neither can be taken for the other.
fn signed_bytes(epoch: u32) -> Vec<u8> {
    [&b"headend epoch v1"[..], &epoch.to_be_bytes()].concat()
}

pub(super) fn check(
    grant: Option<&EpochGrant>,
    epoch: u32,
    keys: &[TrustedKey],
) -> Result<(), NoGrant> {
    let grant = grant.ok_or(NoGrant::None)?;
    if grant.epoch != epoch {
        return Err(NoGrant::OtherEpoch(grant.epoch));
    }
    let key = keys.iter().find(|key| key.id == grant.key_id);
    let key = key.ok_or_else(|| NoGrant::UnknownKey(grant.key_id.clone()))?;
    if key.role != OPENER {
        return Err(NoGrant::WrongRole(key.id.clone()));
    }
    let is_good = verify(key, &signed_bytes(epoch), &grant.signature);
    is_good.then_some(()).ok_or(NoGrant::BadSignature)
}
