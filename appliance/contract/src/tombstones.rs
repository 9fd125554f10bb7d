//! Tombstones: what must no longer be served. A returning box applies all it has not
//! seen before it serves anything.

use crate::catalogue::CatalogueEntry;
use crate::names::{GroupName, TitleName};
use crate::object::ObjectId;
use serde::{Deserialize, Serialize};

/// Purges up to a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tombstones {
    /// [`crate::SCHEMA`].
    pub schema: u32,
    /// The version after the last of these purges.
    pub version: u64,
    /// The purges, oldest first.
    pub purges: Vec<Purge>,
}

/// One purge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purge {
    /// The version that this purge made.
    pub version: u64,
    /// The content group it acts in.
    pub group: GroupName,
    /// What is purged.
    pub what: Purged,
}

/// What a purge names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Purged {
    /// One version of one object.
    Object(ObjectId),
    /// Every object of a title.
    Title(TitleName),
    /// Every object whose path begins so.
    Prefix(String),
    /// Every object with this tag.
    Tag(String),
}

impl Purge {
    /// Whether this purge takes an object.
    #[must_use]
    pub fn takes(&self, entry: &CatalogueEntry) -> bool {
        self.group == entry.group
            && match &self.what {
                Purged::Object(id) => *id == entry.id,
                Purged::Title(title) => *title == entry.title,
                Purged::Prefix(prefix) => entry.path.starts_with(prefix.as_str()),
                // No entry carries tags yet; nobody can have meant this one.
                Purged::Tag(_) => false,
            }
    }
}
