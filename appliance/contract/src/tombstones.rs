//! Tombstones: what must no longer be served. A returning box carries out all that it has not
//! seen before it serves anything.
//!
//! Purges are numbered over the whole fleet, and carried out once, in that order: what one
//! took may come back afterwards, from a source and verified, if the manifest still wants it.
//! A document lists what its box has not confirmed; what is older than the history that the
//! fleet keeps is folded into one purge of the whole group, which the same rule makes safe:
//! only a box that was away for longer carries it out.

mod purged_up_to;
mod rules;

pub use purged_up_to::{BadPurgedUpTo, PurgedUpTo};
pub use rules::Rules;

use crate::catalogue::CatalogueEntry;
use crate::names::{GroupName, TagName, TitleName};
use crate::object::ObjectId;
use serde::{Deserialize, Serialize};

/// The most purges that one document lists. With the longest paths they are 9 MB, a seventh of
/// an answer; the fleet folds what is older.
pub const MAX_PURGES: usize = 4096;

/// Purges up to a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tombstones {
    /// [`crate::SCHEMA`].
    pub schema: u32,
    /// The version of the last purge of all: whoever carries this out has purged up to it.
    pub version: u64,
    /// Purges up to this version are not listed: this box has confirmed them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub after: u64,
    /// The purges beyond `after`, oldest first.
    pub purges: Vec<Purge>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(value: &u64) -> bool {
    *value == 0
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
    /// Every version of the object with this path, whatever its query.
    Path(String),
    /// Every object of a title.
    Title(TitleName),
    /// Every object whose path begins so.
    Prefix(String),
    /// Every object with this tag.
    Tag(TagName),
}

/// Why tombstones cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTombstones {
    /// Over [`MAX_PURGES`].
    #[error("{0} purges: tombstones list at most {MAX_PURGES}")]
    TooMany(usize),
    /// A purge is older than the one before it, or outside what the document says it lists.
    #[error("purge {0} is out of order")]
    OutOfOrder(u64),
    /// Purges that the box has not seen are not listed.
    #[error("the list begins after purge {after}, and this box has purged up to {purged_up_to}")]
    Gap {
        /// Where the list begins.
        after: u64,
        /// What the box has carried out.
        purged_up_to: u64,
    },
}

impl Purge {
    /// Whether this purge takes an object.
    #[must_use]
    pub fn takes(&self, entry: &CatalogueEntry) -> bool {
        self.group == entry.common.group
            && match &self.what {
                Purged::Object(id) => *id == entry.id(),
                Purged::Path(path) => path == without_query(&entry.path),
                Purged::Title(title) => *title == entry.common.title,
                Purged::Prefix(prefix) => entry.path.starts_with(prefix.as_str()),
                Purged::Tag(tag) => entry.common.tags.contains(tag),
            }
    }
}

fn without_query(key: &str) -> &str {
    key.split_once('?').map_or(key, |(path, _)| path)
}

impl Tombstones {
    /// What a box that has purged up to a version still has to purge.
    ///
    /// # Errors
    /// [`BadTombstones`]; nothing may be carried out then.
    pub fn due(&self, purged_up_to: u64) -> Result<Rules, BadTombstones> {
        if self.purges.len() > MAX_PURGES {
            return Err(BadTombstones::TooMany(self.purges.len()));
        }
        let mut previous = self.after;
        for purge in &self.purges {
            if purge.version <= previous || purge.version > self.version {
                return Err(BadTombstones::OutOfOrder(purge.version));
            }
            previous = purge.version;
        }
        if self.after > purged_up_to {
            return Err(BadTombstones::Gap { after: self.after, purged_up_to });
        }
        Ok(self.purges.iter().filter(|purge| purge.version > purged_up_to).collect())
    }
}
