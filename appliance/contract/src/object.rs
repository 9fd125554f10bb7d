//! Objects: one immutable file of bytes with a path.

use crate::names::GroupName;
use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::{Arc, LazyLock};

/// A BLAKE3 digest, written as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(pub [u8; 32]);

/// Text that is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a BLAKE3 digest: expected 64 hex digits")]
pub struct BadDigest;

impl Digest {
    /// The digest of bytes at hand.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// The first half, as 32 hex digits: enough to name a file or an entity.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string()[..32].to_owned()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(blake3::Hash::from_bytes(self.0).to_hex().as_str())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl std::str::FromStr for Digest {
    type Err = BadDigest;
    fn from_str(value: &str) -> Result<Self, BadDigest> {
        blake3::Hash::from_hex(value).map(|hash| Self(*hash.as_bytes())).map_err(|_| BadDigest)
    }
}

impl TryFrom<String> for Digest {
    type Error = BadDigest;
    fn try_from(value: String) -> Result<Self, BadDigest> {
        value.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

/// What a request names: content group plus normalised path. The query takes no part
/// except for names that the group lists (`ContentGroup::query_keys`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectKey {
    /// The content group that owns the object.
    pub group: GroupName,
    /// The normalised path, beginning with `/` (see [`crate::path`]), followed by `?` and
    /// the query parts that the group keys on, if it keys on any.
    pub path: Arc<str>,
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.group, self.path)
    }
}

/// Identifies one version of one object: a hash over its key and its content digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectId(pub Digest);

static ID_CONTEXT: LazyLock<ContextKey> =
    LazyLock::new(|| hash_derive_key_context("headend object id v1"));

impl ObjectId {
    /// The id of the object that has this key and this content.
    #[must_use]
    pub fn new(key: &ObjectKey, content: &Digest) -> Self {
        Self::of(&key.group, &key.path, content)
    }

    /// The same, of both halves of the key.
    #[must_use]
    pub fn of(group: &GroupName, path: &str, content: &Digest) -> Self {
        let mut hasher = blake3::Hasher::new_from_context_key(&ID_CONTEXT);
        hasher.update(group.as_str().as_bytes());
        hasher.update(&[0]);
        hasher.update(path.as_bytes());
        hasher.update(&[0]);
        hasher.update(&content.0);
        Self(Digest(*hasher.finalize().as_bytes()))
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
