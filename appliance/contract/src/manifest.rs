//! The manifest: what one box should hold, in the order in which it matters.

use crate::catalogue::{Catalogue, Ordinal};
use crate::time::TimeUs;
use serde::{Deserialize, Serialize};

/// A run of consecutive ordinals: `[first, count]` in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run(pub Ordinal, pub u32);

/// What a box should hold, best first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`crate::SCHEMA`].
    pub schema: u32,
    /// The version, rising.
    pub version: u64,
    /// The catalogue whose ordinals these are.
    pub catalogue: Catalogue,
    /// The objects, in rank order.
    pub hold: Hold,
    /// Objects that must be there by a time, by exception.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deadlines: Vec<Deadline>,
}

/// The whole list, or what changed since a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Hold {
    /// All of it.
    Snapshot(Vec<Run>),
    /// What differs from the parent version.
    Delta {
        /// The version that this applies to.
        parent_version: u64,
        /// Ordinals that leave the list.
        remove: Vec<Run>,
        /// Runs that enter it, each at a rank of the finished list, ranks rising.
        insert: Vec<Insert>,
    },
}

/// Ordinals entering a list at a rank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Insert {
    /// Where in the finished list the first of them stands.
    pub rank: u32,
    /// What enters.
    pub runs: Vec<Run>,
}

/// An object that must be there by a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadline {
    /// Which object.
    pub ordinal: Ordinal,
    /// By when.
    pub by_us: TimeUs,
}

/// Why a manifest cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadManifest {
    /// A delta on a version that the box does not have.
    #[error("the manifest is a change to version {wanted}, and this box has {have:?}")]
    OtherParent {
        /// The version it changes.
        wanted: u64,
        /// What the box has.
        have: Option<u64>,
    },
    /// An ordinal stands twice.
    #[error("ordinal {0} stands twice in the manifest")]
    Twice(Ordinal),
    /// More objects than a box is allowed to be told of.
    #[error("the manifest lists more than {MAX_OBJECTS} objects")]
    TooMany,
    /// An insertion beyond the end of the list, or out of order.
    #[error("the manifest inserts at rank {0}, which the list does not reach")]
    Rank(u32),
}

/// A box indexes at most this many objects. At 100 bytes of memory each, 1.6 GB.
pub const MAX_OBJECTS: u64 = 16_000_000;

/// Packs ordinals into runs, keeping their order.
#[must_use]
pub fn runs_of(ordinals: impl IntoIterator<Item = Ordinal>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for ordinal in ordinals {
        match runs.last_mut() {
            Some(Run(first, count)) if first.checked_add(*count) == Some(ordinal) => *count += 1,
            _ => runs.push(Run(ordinal, 1)),
        }
    }
    runs
}

fn unpack(runs: &[Run]) -> Result<Vec<Ordinal>, BadManifest> {
    let total: u64 = runs.iter().map(|run| u64::from(run.1)).sum();
    if total > MAX_OBJECTS {
        return Err(BadManifest::TooMany);
    }
    let fits = |run: &&Run| run.0.checked_add(run.1.saturating_sub(1)).is_none();
    if runs.iter().any(|run| fits(&run)) {
        return Err(BadManifest::TooMany);
    }
    Ok(runs.iter().flat_map(|run| (0..run.1).map(|at| run.0 + at)).collect())
}

impl Hold {
    /// The finished list of ordinals in rank order. `parent` is what the box holds to now.
    ///
    /// # Errors
    /// [`BadManifest`], and nothing has changed.
    pub fn resolve(&self, parent: Option<(u64, &[Ordinal])>) -> Result<Vec<Ordinal>, BadManifest> {
        let list = match self {
            Self::Snapshot(runs) => unpack(runs)?,
            Self::Delta { parent_version, remove, insert } => {
                let (_, before) = parent.filter(|(have, _)| have == parent_version).ok_or(
                    BadManifest::OtherParent {
                        wanted: *parent_version,
                        have: parent.map(|(have, _)| have),
                    },
                )?;
                splice(before, &unpack(remove)?, insert)?
            }
        };
        let mut seen = list.clone();
        seen.sort_unstable();
        match seen.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(BadManifest::Twice(pair[0])),
            None => Ok(list),
        }
    }
}

fn splice(
    before: &[Ordinal],
    remove: &[Ordinal],
    insert: &[Insert],
) -> Result<Vec<Ordinal>, BadManifest> {
    let gone: std::collections::HashSet<Ordinal> = remove.iter().copied().collect();
    let mut kept = before.iter().copied().filter(|ordinal| !gone.contains(ordinal));
    let mut out = Vec::with_capacity(before.len());
    for entry in insert {
        let rank = entry.rank as usize;
        out.extend(kept.by_ref().take(rank.saturating_sub(out.len())));
        if out.len() != rank {
            return Err(BadManifest::Rank(entry.rank));
        }
        out.extend(unpack(&entry.runs)?);
    }
    out.extend(kept);
    Ok(out)
}

/// The smallest set of removals and insertions that leads from one list to another while
/// every object that stays keeps its order; `None` where a snapshot says it as well
/// (objects that stay have changed their order).
#[must_use]
pub fn delta(parent_version: u64, before: &[Ordinal], after: &[Ordinal]) -> Option<Hold> {
    use std::collections::HashSet;
    let old: HashSet<Ordinal> = before.iter().copied().collect();
    let new: HashSet<Ordinal> = after.iter().copied().collect();
    let stays_before = before.iter().filter(|ordinal| new.contains(ordinal));
    let stays_after = after.iter().filter(|ordinal| old.contains(ordinal));
    if !stays_before.eq(stays_after) {
        return None;
    }
    let remove = runs_of(before.iter().copied().filter(|ordinal| !new.contains(ordinal)));
    let mut insert: Vec<(u32, Vec<Ordinal>)> = Vec::new();
    for (rank, ordinal) in (0u32..).zip(after) {
        if old.contains(ordinal) {
            continue;
        }
        match insert.last_mut() {
            Some((first, batch)) if u32::try_from(batch.len()).ok()? + *first == rank => {
                batch.push(*ordinal);
            }
            _ => insert.push((rank, vec![*ordinal])),
        }
    }
    let insert =
        insert.into_iter().map(|(rank, batch)| Insert { rank, runs: runs_of(batch) }).collect();
    Some(Hold::Delta { parent_version, remove, insert })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn runs_keep_rank_order() {
        assert_eq!(runs_of([7, 8, 9, 3, 4, 1]), [Run(7, 3), Run(3, 2), Run(1, 1)]);
        let back = Hold::Snapshot(runs_of([7, 8, 9, 3, 4, 1])).resolve(None);
        assert_eq!(back.as_deref(), Ok(&[7, 8, 9, 3, 4, 1][..]));
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(
            Hold::Snapshot(vec![Run(1, 2), Run(2, 1)]).resolve(None),
            Err(BadManifest::Twice(2))
        );
        assert_eq!(Hold::Snapshot(vec![Run(0, u32::MAX)]).resolve(None), Err(BadManifest::TooMany));
        assert_eq!(Hold::Snapshot(vec![Run(u32::MAX, 2)]).resolve(None), Err(BadManifest::TooMany));
        let delta = Hold::Delta { parent_version: 4, remove: vec![], insert: vec![] };
        assert_eq!(
            delta.resolve(Some((3, &[]))),
            Err(BadManifest::OtherParent { wanted: 4, have: Some(3) })
        );
        let insert = vec![Insert { rank: 2, runs: vec![Run(9, 1)] }];
        let delta = Hold::Delta { parent_version: 3, remove: vec![], insert };
        assert_eq!(delta.resolve(Some((3, &[1]))), Err(BadManifest::Rank(2)));
    }

    proptest! {
        #[test]
        fn a_delta_leads_to_the_same_list_as_a_snapshot(
            before in proptest::collection::hash_set(0u32..60, 0..40),
            keep in proptest::collection::vec(any::<bool>(), 60),
            fresh in proptest::collection::vec((60u32..99, 0usize..60), 0..20),
        ) {
            let before: Vec<u32> = before.into_iter().collect();
            let mut after: Vec<u32> =
                before.iter().copied().filter(|ordinal| keep[*ordinal as usize]).collect();
            for (ordinal, at) in fresh {
                if !after.contains(&ordinal) {
                    let at = at.min(after.len());
                    after.insert(at, ordinal);
                }
            }
            let change = delta(1, &before, &after).expect("order of what stays is kept");
            prop_assert_eq!(change.resolve(Some((1, &before))), Ok(after));
        }
    }
}
