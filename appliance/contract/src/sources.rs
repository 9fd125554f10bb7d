//! Sources: where a box may fetch objects from, best first.

use crate::manifest::Run;
use crate::names::{DeviceName, GroupName};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// Ranked sources, by batches of objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sources {
    /// [`crate::SCHEMA`].
    pub schema: u32,
    /// The manifest version that these serve.
    pub manifest_version: u64,
    /// Batches. An object that stands in none cannot be fetched.
    pub batches: Vec<Batch>,
}

/// Objects that share their sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// The content group of all of them.
    pub group: GroupName,
    /// Which objects.
    pub objects: Vec<Run>,
    /// Where to fetch them, best first.
    pub ranked: Vec<Source>,
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
    /// Not before the object has been wanted for this long: gives better sources their time.
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
}
