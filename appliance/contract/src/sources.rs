//! Sources: where a box may fetch objects from.
//!
//! The boxes of a site that are to hold an object have an order, [`standing`], that each of them
//! works out for itself: the first fetches it from elsewhere, the others from those before
//! them. So it crosses the provider's edge once, and everybody knows who comes next when one
//! does not answer.

use crate::bucket::Bucket;
use crate::catalogue::Ordinal;
use crate::manifest::Run;
use crate::names::{DeviceName, GroupName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Neighbouring objects share the order of boxes, so that a connection is used for more than
/// one. Small enough that a short title still uses all boxes.
pub const SLAB: Ordinal = 16;

/// Where a box stands among those that hold an object: the highest is the first. Rendezvous
/// hashing (Thaler and Ravishankar 1998): nobody asks anybody, objects are spread evenly, and as
/// few as can be change places when a box comes or goes.
#[must_use]
pub fn standing(device: &DeviceName, ordinal: Ordinal) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("headend fill master v1");
    hasher.update(&(ordinal / SLAB).to_be_bytes());
    hasher.update(device.as_str().as_bytes());
    *hasher.finalize().as_bytes()
}

/// Sources, by batches of objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sources {
    /// [`crate::SCHEMA`].
    pub schema: u32,
    /// The manifest version that these serve.
    pub manifest_version: u64,
    /// Batches. An object that stands in none cannot be fetched.
    pub batches: Vec<Batch>,
    /// The other boxes of the site, where viewers may be redirected to them, or they share what
    /// nobody ordered. Left out where no content group has that done: a box that knows nothing of
    /// it would refuse the document.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub neighbours: Vec<Neighbour>,
}

/// Another box of the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Neighbour {
    /// Where it is asked.
    pub source: Source,
    /// `host[:port]` under which viewers ask it over HTTPS, by content group: those that redirect,
    /// and those that are filled by demand.
    pub viewers: BTreeMap<GroupName, String>,
}

/// Objects that share their sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// The content group of all of them.
    pub group: GroupName,
    /// Which objects.
    pub objects: Vec<Run>,
    /// The other boxes of the site that are to hold them, in no order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub siblings: Vec<Source>,
    /// Where else they are, nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beyond: Vec<Source>,
}

/// One place to fetch from. Where to connect and whom to expect there are apart: names of
/// boxes need not resolve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What it is.
    pub kind: SourceKind,
    /// Where to connect.
    pub address: SocketAddr,
    /// The name its certificate must hold. Only an origin may go without TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_name: Option<String>,
    /// What goes before the object's path, and the `Host` to ask for, at an origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<OriginPath>,
    /// How long a sibling may fail to answer before this source is asked instead of it. A sibling
    /// that answers and will have the object is waited for.
    #[serde(default)]
    pub after_s: u32,
    /// The most bytes a second this box may draw from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_bytes_per_s: Option<u64>,
}

/// What kind of place a source is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SourceKind {
    /// A box of the same site.
    Peer(DeviceName),
    /// A box of the next tier.
    Parent(DeviceName),
    /// The owner's own server.
    Origin,
}

impl std::fmt::Display for SourceKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Peer(name) => write!(f, "peer {name}"),
            Self::Parent(name) => write!(f, "parent {name}"),
            Self::Origin => f.write_str("origin"),
        }
    }
}

/// How an origin is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OriginPath {
    /// The `Host` header.
    pub host: String,
    /// Goes before the object's path; without a `/` at its end.
    pub prefix: String,
    /// Where the origin is a bucket of an S3-compatible store: `prefix` and path lead to a key
    /// in it, and requests are signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<Bucket>,
}
