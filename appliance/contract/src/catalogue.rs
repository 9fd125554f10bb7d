//! The catalogue: every object of every content group, in content-addressed segments that
//! all boxes share. A box fetches the segments it lacks, by digest, and keeps them.

use crate::names::{GroupName, TitleName};
use crate::object::{Digest, ObjectId, ObjectKey};
use crate::quantity::BitRate;
use crate::shared::Pool;
use crate::tags::Tags;
use crate::time::TimeUs;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, LazyLock};

/// The number of an object inside the catalogue. Dense, never reused.
pub type Ordinal = u32;

/// A version of an object among those of one catalogue: its number and what its bytes hash to.
pub type Version = (Ordinal, Digest);

/// The most entries that one segment holds; bounds what a box must read to learn of a change.
pub const MAX_SEGMENT_ENTRIES: usize = 65_536;

/// One object as the catalogue knows it. Boxes have millions of them in memory: what can be
/// worked out is not kept, and what objects have in common is there once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Line", into = "Line")]
pub struct CatalogueEntry {
    /// Its number.
    pub ordinal: Ordinal,
    /// Its normalised path.
    pub path: Arc<str>,
    /// Its length.
    pub size_bytes: u64,
    /// The BLAKE3 of all of its bytes.
    pub blake3: Digest,
    /// When its content was made: `Last-Modified`.
    pub modified_us: TimeUs,
    /// What others of its title may have in common with it.
    pub common: Arc<Common>,
}

/// What objects of a title have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Common {
    /// Their content group.
    pub group: GroupName,
    /// The title they belong to.
    pub title: TitleName,
    /// Not served before.
    pub serve_from_us: Option<TimeUs>,
    /// Not served from then on.
    pub serve_until_us: Option<TimeUs>,
    /// What a viewer who plays one of them receives a second. `None` where nobody knows, as with
    /// playlists and initialisation segments.
    pub bitrate_bits_per_s: Option<BitRate>,
    /// What they can be purged by, beside their paths and title.
    pub tags: Tags,
}

static IN_COMMON: LazyLock<Pool<Common>> = LazyLock::new(Pool::new);

impl Common {
    /// Of a title, with nothing else to say.
    #[must_use]
    pub fn of(group: GroupName, title: TitleName) -> Self {
        let (serve_from_us, serve_until_us, bitrate_bits_per_s) = (None, None, None);
        let tags = Tags::default();
        Self { group, title, serve_from_us, serve_until_us, bitrate_bits_per_s, tags }
    }

    /// The same, in memory once for all who have it.
    #[must_use]
    pub fn share(self) -> Arc<Self> {
        IN_COMMON.share(self)
    }
}

impl CatalogueEntry {
    /// The key under which viewers ask for it.
    #[must_use]
    pub fn key(&self) -> ObjectKey {
        ObjectKey { group: self.common.group.clone(), path: Arc::clone(&self.path) }
    }

    /// Identifies this version of it everywhere. Worked out each time, which takes a quarter of a
    /// microsecond: whoever does that for millions asks for [`CatalogueEntry::version`], and
    /// whoever compares two entries for [`CatalogueEntry::is_same`].
    #[must_use]
    pub fn id(&self) -> ObjectId {
        ObjectId::of(&self.common.group, &self.path, &self.blake3)
    }

    /// Identifies this version of it inside one catalogue.
    #[must_use]
    pub fn version(&self) -> Version {
        (self.ordinal, self.blake3)
    }

    /// Whether the other one is of the same version of the same object: has the same id.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let is_of_one_key = || self.path == other.path && self.common.group == other.common.group;
        self.blake3 == other.blake3 && is_of_one_key()
    }

    /// Whether it has a rights window, which is not open at any time.
    #[must_use]
    pub fn has_window(&self) -> bool {
        self.common.serve_from_us.is_some() || self.common.serve_until_us.is_some()
    }

    /// Whether its rights window is open at `now`.
    #[must_use]
    pub fn is_served_at(&self, now: TimeUs) -> bool {
        self.common.serve_from_us.is_none_or(|from| now >= from)
            && self.common.serve_until_us.is_none_or(|until| now < until)
    }
}

/// An entry as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    ordinal: Ordinal,
    id: ObjectId,
    group: GroupName,
    title: TitleName,
    path: Arc<str>,
    size_bytes: u64,
    blake3: Digest,
    modified_us: TimeUs,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    serve_from_us: Option<TimeUs>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    serve_until_us: Option<TimeUs>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bitrate_bits_per_s: Option<BitRate>,
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    tags: Tags,
}

/// An entry with the id of another object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("entry {0}: the id does not follow from key and digest")]
pub struct WrongId(Ordinal);

impl TryFrom<Line> for CatalogueEntry {
    type Error = WrongId;

    fn try_from(line: Line) -> Result<Self, WrongId> {
        let Line { ordinal, id, group, title, path, size_bytes, blake3, modified_us, .. } = line;
        let Line { serve_from_us, serve_until_us, bitrate_bits_per_s, tags, .. } = line;
        let common =
            Common { group, title, serve_from_us, serve_until_us, bitrate_bits_per_s, tags };
        let common = common.share();
        let entry = Self { ordinal, path, size_bytes, blake3, modified_us, common };
        if entry.id() == id { Ok(entry) } else { Err(WrongId(ordinal)) }
    }
}

impl From<CatalogueEntry> for Line {
    fn from(entry: CatalogueEntry) -> Self {
        let id = entry.id();
        let CatalogueEntry { ordinal, path, size_bytes, blake3, modified_us, common } = entry;
        let Common { group, title, serve_from_us, serve_until_us, bitrate_bits_per_s, tags } =
            Arc::unwrap_or_clone(common);
        Self {
            ordinal,
            id,
            group,
            title,
            path,
            size_bytes,
            blake3,
            modified_us,
            serve_from_us,
            serve_until_us,
            bitrate_bits_per_s,
            tags,
        }
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
    /// The version, among those of the fleet: it may go back, and not all boxes are told the same of one.
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
            if entry.common.bitrate_bits_per_s == Some(BitRate(0)) {
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
