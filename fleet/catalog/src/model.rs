//! What a title and an object are. Pure.

use crate::CatalogError;
use crate::terms::Terms;
use contract::catalogue::Ordinal;
use contract::names::{GroupName, TitleName};
use contract::object::Digest;
use contract::path::normalise;
use contract::quantity::BitRate;
use contract::slices::SliceHashes;
use contract::tags::Tags;
use contract::time::TimeUs;
use serde::{Deserialize, Serialize};

/// A multivariant playlist or MPD is a few pages, a large one some hundred; it is kept in
/// the database and rewritten for every viewer.
pub const MAX_PLAYLIST_BYTES: usize = 1 << 20;

/// The fastest that an object may be said to be played at: a hundred times 8K. More is a
/// mistake of whoever counted.
pub const MAX_BITRATE: BitRate = BitRate(10_000_000_000);

/// The longest name for people.
const MAX_NAME_CHARS: usize = 200;

/// What a viewer chooses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TitleSpec {
    /// Whose it is.
    pub group: GroupName,
    /// Its name inside the group.
    pub title: TitleName,
    /// Its name for people.
    pub name: String,
    /// What the paths of all of its objects begin with; `/x`, without a `/` at its end.
    pub base_path: String,
    /// Its multivariant HLS playlist.
    pub hls: Option<Playlist>,
    /// Its DASH MPD.
    pub dash: Option<Playlist>,
    /// What all of its objects can be purged by, beside title and path.
    #[serde(default)]
    pub tags: Tags,
}

/// When the objects of a title are served. Boxes keep to it by their own clocks, whether they
/// reach the fleet or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RightsWindow {
    /// Not before.
    #[serde(rename = "serve_from_us", default, skip_serializing_if = "Option::is_none")]
    pub serve_from: Option<TimeUs>,
    /// Not from then on.
    #[serde(rename = "serve_until_us", default, skip_serializing_if = "Option::is_none")]
    pub serve_until: Option<TimeUs>,
}

/// What playback begins with: where it is, and its text as the owner wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Playlist {
    /// The object's path.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// A title as the catalogue has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title {
    /// What it is.
    pub spec: TitleSpec,
    /// Rises with every change of it.
    pub revision: i64,
    /// When it came.
    pub added_at: TimeUs,
    /// When it is served.
    pub window: RightsWindow,
    /// Where it may be shown; anywhere if nothing is said.
    pub terms: Vec<Terms>,
}

/// One file of a title, on its way in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewObject {
    /// Its normalised path.
    pub path: String,
    /// Its length.
    pub size_bytes: u64,
    /// The BLAKE3 of its bytes.
    pub blake3: Digest,
    /// When its content was made.
    pub modified: TimeUs,
    /// What a viewer who plays it receives a second, where somebody knows.
    pub bitrate_bits_per_s: Option<BitRate>,
}

/// What an import brings of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingObject {
    /// The file.
    pub object: NewObject,
    /// The hashes of its slices, proved to be; `None` where whoever hashed it knows of none. The
    /// object is verified as a whole then.
    pub slice_hashes: Option<SliceHashes>,
}

/// One object as the catalogue has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogObject {
    /// Its number.
    pub ordinal: Ordinal,
    /// Whose it is.
    pub group: GroupName,
    /// Its title.
    pub title: TitleName,
    /// The rest.
    pub file: NewObject,
    /// Those of its title.
    pub tags: Tags,
    /// That of its title.
    pub window: RightsWindow,
}

/// What an import changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportSummary {
    /// Paths that are new.
    pub added: i64,
    /// Paths whose bytes are others than before.
    pub replaced: i64,
    /// Paths that are no longer there.
    pub removed: i64,
    /// Paths with the same bytes as before.
    pub unchanged: i64,
    /// The title's revision now.
    pub revision: i64,
}

impl RightsWindow {
    /// Whether it makes sense.
    ///
    /// # Errors
    /// When it never opens.
    pub fn check(&self) -> Result<(), CatalogError> {
        match (self.serve_from, self.serve_until) {
            (Some(from), Some(until)) if from >= until => {
                let message = "expected a time after serve_from: this window never opens";
                Err(CatalogError::invalid("serve_until", message))
            }
            _ => Ok(()),
        }
    }

    /// What is open of it while another one is, too; `None` if that never is.
    #[must_use]
    pub fn within(&self, other: Self) -> Option<Self> {
        let both = Self {
            serve_from: self.serve_from.max(other.serve_from),
            serve_until: self.serve_until.into_iter().chain(other.serve_until).min(),
        };
        both.check().is_ok().then_some(both)
    }

    /// Whether it is open.
    #[must_use]
    pub fn is_open_at(&self, now: TimeUs) -> bool {
        self.serve_from.is_none_or(|from| now >= from)
            && self.serve_until.is_none_or(|until| now < until)
    }
}

impl TitleSpec {
    /// Whether it makes sense.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn check(&self) -> Result<(), CatalogError> {
        let length = self.name.chars().count();
        if !(1..=MAX_NAME_CHARS).contains(&length) || self.name.chars().any(char::is_control) {
            return Err(CatalogError::invalid(
                "name",
                "expected 1 to 200 characters without control characters",
            ));
        }
        if self.base_path.ends_with('/') || !is_normal(&self.base_path) {
            return Err(CatalogError::invalid(
                "base_path",
                "expected a path such as /big-demo, in normal form and without / at its end",
            ));
        }
        if self.hls.is_none() && self.dash.is_none() {
            return Err(CatalogError::invalid("hls", "a title needs an HLS playlist or an MPD"));
        }
        self.check_playlist("hls", self.hls.as_ref())?;
        self.check_playlist("dash", self.dash.as_ref())
    }

    fn check_playlist(&self, field: &str, playlist: Option<&Playlist>) -> Result<(), CatalogError> {
        let Some(playlist) = playlist else { return Ok(()) };
        self.check_path(&format!("{field}.path"), &playlist.path)?;
        if playlist.text.len() > MAX_PLAYLIST_BYTES || playlist.text.contains('\0') {
            let message = "expected at most 1 MiB of text without NUL";
            return Err(CatalogError::invalid(format!("{field}.text"), message));
        }
        Ok(())
    }

    /// Whether an object can belong to this title.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check_object(&self, object: &NewObject) -> Result<(), CatalogError> {
        self.check_path("path", &object.path)?;
        if i64::try_from(object.size_bytes).is_err() {
            return Err(CatalogError::invalid("size_bytes", "larger than any file"));
        }
        let possible = BitRate(1)..=MAX_BITRATE;
        if object.bitrate_bits_per_s.is_some_and(|rate| !possible.contains(&rate)) {
            let message = format!("expected 1 to {} bits a second, or nothing", MAX_BITRATE.0);
            return Err(CatalogError::invalid("bitrate_bits_per_s", message));
        }
        Ok(())
    }

    fn check_path(&self, field: &str, path: &str) -> Result<(), CatalogError> {
        let inside = path.strip_prefix(&self.base_path).is_some_and(|rest| rest.starts_with('/'));
        if inside && is_normal(path) {
            return Ok(());
        }
        let message = format!("{path:?} is no path in normal form below {}", self.base_path);
        Err(CatalogError::invalid(field, message))
    }
}

pub(crate) fn is_normal(path: &str) -> bool {
    normalise(path).as_deref() == Ok(path)
}
