//! What is another in a title, in words of the catalogue.

use super::Record;
use contract::names::{GroupName, TitleName};
use contract::object::Digest;
use std::collections::HashMap;

/// A title that is not in both versions as it is in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TitleDifference {
    /// Its content group.
    pub group: GroupName,
    /// The title.
    pub title: TitleName,
    /// What is another.
    pub difference: Difference,
}

/// What is another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// It came.
    Added {
        /// With so many objects.
        objects: u64,
        /// Of so many bytes.
        bytes: u64,
    },
    /// It went.
    Removed {
        /// With so many objects.
        objects: u64,
        /// Of so many bytes.
        bytes: u64,
    },
    /// It is another.
    Changed {
        /// What of it: `name`, `playlists`, `tags`, `window`, `terms`, `path`, `objects`.
        what: Vec<&'static str>,
        /// Objects that are new or have other bytes.
        objects_added: u64,
        /// Objects that are gone or had other bytes.
        objects_removed: u64,
    },
}

impl TitleDifference {
    /// Between two records of one title; `None` where there is none.
    #[must_use]
    pub fn of(before: Option<&Record>, after: Option<&Record>) -> Option<Self> {
        let spec = &after.or(before)?.title.spec;
        let difference = match (before, after) {
            (Some(before), Some(after)) if before == after => return None,
            (Some(before), Some(after)) => changed(before, after),
            (Some(gone), None) => Difference::Removed { objects: count(gone), bytes: bytes(gone) },
            (None, Some(new)) => Difference::Added { objects: count(new), bytes: bytes(new) },
            (None, None) => return None,
        };
        Some(Self { group: spec.group.clone(), title: spec.title.clone(), difference })
    }
}

fn count(record: &Record) -> u64 {
    record.objects.len() as u64
}

fn bytes(record: &Record) -> u64 {
    record.objects.iter().map(|object| object.file.size_bytes).sum()
}

fn changed(before: &Record, after: &Record) -> Difference {
    let (was, is) = (&before.title.spec, &after.title.spec);
    let (objects_added, objects_removed) = (beyond(after, before), beyond(before, after));
    let files =
        |of: &Record| of.objects.iter().map(|it| (it.ordinal, it.file.clone())).collect::<Vec<_>>();
    let differs = [
        ("name", was.name != is.name),
        ("path", was.base_path != is.base_path),
        ("playlists", was.hls != is.hls || was.dash != is.dash),
        ("tags", was.tags != is.tags),
        ("window", before.title.window != after.title.window),
        ("terms", before.title.terms != after.title.terms),
        ("objects", files(before) != files(after)),
    ];
    let what = differs.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect();
    Difference::Changed { what, objects_added, objects_removed }
}

/// How many objects of one are not in the other with the same bytes.
fn beyond(one: &Record, other: &Record) -> u64 {
    let others: HashMap<&str, &Digest> =
        other.objects.iter().map(|it| (it.file.path.as_str(), &it.file.blake3)).collect();
    let is_new = |path: &str, digest| others.get(path) != Some(&digest);
    one.objects.iter().filter(|it| is_new(&it.file.path, &it.file.blake3)).count() as u64
}
