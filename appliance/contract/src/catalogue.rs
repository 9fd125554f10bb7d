//! The catalogue: every object of every content group, in content-addressed segments that
//! all boxes share. A box fetches the segments it lacks, by digest, and keeps them.

use crate::names::{GroupName, TitleName};
use crate::object::{Digest, ObjectId, ObjectKey};
use crate::quantity::BitRate;
use crate::tags::Tags;
use crate::time::TimeUs;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The number of an object inside the catalogue. Dense, never reused.
pub type Ordinal = u32;

/// The most entries that one segment holds; bounds what a box must read to learn of a change.
pub const MAX_SEGMENT_ENTRIES: usize = 65_536;

/// One object as the catalogue knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueEntry {
    /// Its number.
    pub ordinal: Ordinal,
    /// Identifies this version of it.
    pub id: ObjectId,
    /// Its content group.
    pub group: GroupName,
    /// The title it belongs to.
    pub title: TitleName,
    /// Its normalised path.
    pub path: Arc<str>,
    /// Its length.
    pub size_bytes: u64,
    /// The BLAKE3 of all of its bytes.
    pub blake3: Digest,
    /// When its content was made: `Last-Modified`.
    pub modified_us: TimeUs,
    /// Not served before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serve_from_us: Option<TimeUs>,
    /// Not served from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serve_until_us: Option<TimeUs>,
    /// What a viewer who plays it receives a second. `None` where nobody knows, as with
    /// playlists and initialisation segments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bitrate_bits_per_s: Option<BitRate>,
    /// What it can be purged by, beside its path and title.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

impl CatalogueEntry {
    /// The key under which viewers ask for it.
    #[must_use]
    pub fn key(&self) -> ObjectKey {
        ObjectKey { group: self.group.clone(), path: Arc::clone(&self.path) }
    }

    /// Whether its rights window is open at `now`.
    #[must_use]
    pub fn is_served_at(&self, now: TimeUs) -> bool {
        self.serve_from_us.is_none_or(|from| now >= from)
            && self.serve_until_us.is_none_or(|until| now < until)
    }
}

/// One segment: entries with rising ordinals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueSegment {
    /// [`crate::SCHEMA`].
    pub schema: u32,
    /// The entries, ordinals rising.
    pub entries: Vec<CatalogueEntry>,
}

/// Where to find a segment: by the digest of its JSON bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentRef {
    /// The BLAKE3 of the segment's bytes as sent.
    pub digest: Digest,
    /// How many bytes those are.
    pub size_bytes: u64,
}

/// A version of the catalogue: the segments it is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// [`crate::SCHEMA`].
    pub schema: u32,
    /// The version, rising.
    pub version: u64,
    /// Its segments, by rising ordinal.
    pub segments: Vec<SegmentRef>,
}

/// What is wrong with a segment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSegment {
    /// The bytes do not have the digest that the catalogue names.
    #[error("catalogue segment has digest {found}, not {expected}")]
    Digest {
        /// What the catalogue names.
        expected: Digest,
        /// What the bytes have.
        found: Digest,
    },
    /// Not JSON of the right shape.
    #[error("catalogue segment cannot be read: {0}")]
    Json(String),
    /// An entry contradicts itself or its neighbours.
    #[error("catalogue segment, entry {ordinal}: {what}")]
    Entry {
        /// Which entry.
        ordinal: Ordinal,
        /// What is wrong with it.
        what: &'static str,
    },
}

impl CatalogueSegment {
    /// Reads a segment as it came over the wire and checks that it is the one asked for
    /// and that every entry holds together.
    ///
    /// # Errors
    /// [`BadSegment`].
    pub fn open(bytes: &[u8], expected: &SegmentRef) -> Result<Self, BadSegment> {
        let found = Digest::of(bytes);
        if found != expected.digest {
            return Err(BadSegment::Digest { expected: expected.digest, found });
        }
        let segment: Self =
            serde_json::from_slice(bytes).map_err(|err| BadSegment::Json(err.to_string()))?;
        segment.check()?;
        Ok(segment)
    }

    fn check(&self) -> Result<(), BadSegment> {
        let mut previous = None;
        for entry in &self.entries {
            let bad = |what| Err(BadSegment::Entry { ordinal: entry.ordinal, what });
            if previous.is_some_and(|previous| previous >= entry.ordinal) {
                return bad("ordinals do not rise");
            }
            if !is_normal(&entry.path) {
                return bad("the path is not in normal form");
            }
            if entry.id != ObjectId::new(&entry.key(), &entry.blake3) {
                return bad("the id does not follow from key and digest");
            }
            if entry.bitrate_bits_per_s == Some(BitRate(0)) {
                return bad("a bitrate of 0");
            }
            previous = Some(entry.ordinal);
        }
        Ok(())
    }
}

/// Is this what a request's path, with the query parts that its group keys on, comes to?
fn is_normal(key: &str) -> bool {
    let (path, query) = key.split_once('?').unwrap_or((key, "keyed=on"));
    let is_query = !query.is_empty() && query.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
    is_query && crate::path::normalise(path).as_deref() == Ok(path)
}

#[cfg(test)]
mod tests {
    use super::is_normal;

    #[test]
    fn keys_are_paths_with_or_without_a_query() {
        for good in ["/a/b.m4s", "/a?lang=de", "/a?lang=de&v=%C3%A4"] {
            assert!(is_normal(good), "{good}");
        }
        for bad in ["a", "/a/../b", "/a?", "/a?x y", "/a#b", "/%61"] {
            assert!(!is_normal(bad), "{bad}");
        }
    }
}
