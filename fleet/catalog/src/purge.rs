//! What is to be purged, and what has been. Pure.
//!
//! A purge says that what boxes hold of something must no longer be served. It says nothing of
//! the catalogue: what a manifest still wants is fetched again, and verified again.

use crate::CatalogError;
use crate::model::is_normal;
use contract::SCHEMA;
use contract::names::{GroupName, TagName, TitleName};
use contract::object::{Digest, ObjectId, ObjectKey};
use contract::time::TimeUs;
use contract::tombstones::{Purge, Purged, Tombstones};

/// The most that one call purges: a batch, not a catalogue; for more there is a prefix or a tag.
pub const MAX_TARGETS: usize = 100;

/// What somebody wants purged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PurgeTarget {
    /// An object: one version of it, or all.
    Object {
        /// Its path.
        path: String,
        /// The BLAKE3 of its bytes.
        version: Option<Digest>,
    },
    /// Every object of a title, also of one that was removed.
    Title(TitleName),
    /// Every object whose path begins so.
    Prefix(String),
    /// Every object with this tag.
    Tag(TagName),
}

impl PurgeTarget {
    /// Whether it can be meant.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), CatalogError> {
        let (field, path) = match self {
            Self::Object { path, .. } => ("object", path),
            Self::Prefix(prefix) => ("prefix", prefix),
            Self::Title(_) | Self::Tag(_) => return Ok(()),
        };
        if is_normal(path) {
            return Ok(());
        }
        let message = format!("{path:?} is no path in normal form, such as /big-demo/");
        Err(CatalogError::invalid(field, message))
    }

    /// As boxes are told.
    #[must_use]
    pub fn in_group(&self, group: &GroupName) -> Purged {
        match self {
            Self::Object { path, version: None } => Purged::Path(path.clone()),
            Self::Object { path, version: Some(digest) } => {
                let key = ObjectKey { group: group.clone(), path: path.as_str().into() };
                Purged::Object(ObjectId::new(&key, digest))
            }
            Self::Title(title) => Purged::Title(title.clone()),
            Self::Prefix(prefix) => Purged::Prefix(prefix.clone()),
            Self::Tag(tag) => Purged::Tag(tag.clone()),
        }
    }
}

impl std::fmt::Display for PurgeTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Object { path, version: None } => write!(f, "object {path}"),
            Self::Object { path, version: Some(version) } => {
                write!(f, "object {path}@{version:.16}")
            }
            Self::Title(title) => write!(f, "title {title}"),
            Self::Prefix(prefix) => write!(f, "prefix {prefix}"),
            Self::Tag(tag) => write!(f, "tag {tag}"),
        }
    }
}

/// What a purge would take of the catalogue as it is. Boxes may hold less, or older versions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PurgePreview {
    /// How many objects.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Some of their paths, in order.
    pub sample: Vec<String>,
}

/// A purge as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedPurge {
    /// What boxes are told.
    pub purge: Purge,
    /// The same for people, as it was asked for.
    pub subject: String,
    /// When it was asked for.
    pub made_at: TimeUs,
    /// Whether it stands for itself and all older ones of its group.
    pub folded: bool,
}

/// The purges that are kept, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PurgeHistory {
    /// The version of the last purge of all.
    pub version: u64,
    /// What is kept.
    pub purges: Vec<RecordedPurge>,
}

impl PurgeHistory {
    /// What a box is told that has purged up to a version.
    #[must_use]
    pub fn tombstones(&self, after: u64) -> Tombstones {
        let beyond = self.purges.iter().filter(|it| it.purge.version > after);
        let purges = beyond.map(|it| it.purge.clone()).collect();
        Tombstones { schema: SCHEMA, version: self.version, after, purges }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_checked_and_names_are_names_already() {
        let object = |path: &str| PurgeTarget::Object { path: path.into(), version: None };
        for good in [object("/a/b.m4s"), PurgeTarget::Prefix("/".into())] {
            good.check().expect("can be meant");
        }
        for (bad, field) in [
            (object("a"), "object"),
            (object("/a/../b"), "object"),
            (PurgeTarget::Prefix(String::new()), "prefix"),
            (PurgeTarget::Prefix("/a b".into()), "prefix"),
            (PurgeTarget::Prefix(format!("/{}", "x".repeat(2048))), "prefix"),
        ] {
            let err = bad.check().expect_err("cannot be meant").to_string();
            assert!(err.starts_with(field), "{err}");
        }
    }

    #[test]
    fn a_box_is_told_what_it_has_not_confirmed() {
        let purge = |version| RecordedPurge {
            purge: Purge {
                version,
                group: GroupName::new("g").expect("name"),
                what: Purged::Prefix("/".into()),
            },
            subject: String::new(),
            made_at: TimeUs(0),
            folded: false,
        };
        let history = PurgeHistory { version: 9, purges: [2, 5, 9].map(purge).into() };
        let versions = |after| {
            let told = history.tombstones(after);
            assert_eq!((told.version, told.after), (9, after));
            told.due(after).expect("holds together");
            told.purges.iter().map(|purge| purge.version).collect::<Vec<_>>()
        };
        assert_eq!(versions(0), [2, 5, 9]);
        assert_eq!(versions(5), [9]);
        assert_eq!(versions(9), [0; 0]);
    }
}
