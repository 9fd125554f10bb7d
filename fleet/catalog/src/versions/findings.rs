//! What speaks against announcing a version. A catalogue is written by people and their tools, and most of
//! what goes wrong there is large: a folder that was not mounted, a list that broke off. What is found
//! here keeps the last good version in force until somebody says that it is meant.

use super::{Change, Size};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Fewer titles than this come and go as people please: of two, one is half.
const FEW_TITLES: u64 = 20;

/// What is left of titles, objects or bytes must be more than this part of what there was.
const LEAST_KEPT: f64 = 0.5;

/// Of the titles that there were, at most this part may be another in one step. Titles that come are
/// nobody's loss, however many.
const MOST_CHANGED: f64 = 0.5;

/// Something that speaks against a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "found")]
pub enum Finding {
    /// There is much less than there was.
    Shrank {
        /// Of what: `titles`, `objects` or `bytes`.
        what: String,
        /// How much there was.
        before: u64,
        /// How much there is.
        after: u64,
        /// Beside which version.
        beside: u64,
    },
    /// Too much is another at once.
    Changed {
        /// How many titles are gone or another.
        titles: u64,
        /// Of how many.
        of: u64,
        /// Beside which version.
        beside: u64,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shrank { what, before, after, beside } => {
                write!(f, "{after} {what} are left of {before} in version {beside}")
            }
            Self::Changed { titles, of, beside } => {
                write!(f, "{titles} of the {of} titles of version {beside} are gone or another")
            }
        }
    }
}

/// A version that was in force, and what has changed since.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    /// The version.
    pub version: u64,
    /// What it holds.
    pub size: Size,
    /// What leads from there to the new one.
    pub changes: &'a [Change],
}

/// What speaks against a version, beside those that were in force: the last one, and the largest of a day, so
/// that nothing goes in many small steps that would not go in one.
#[must_use]
pub fn findings(size: Size, beside: &[Beside<'_>]) -> Vec<Finding> {
    let mut all = Vec::new();
    for before in beside.iter().filter(|it| it.size.titles >= FEW_TITLES) {
        shrank(size, before, &mut all);
        let changed = before.changes.iter().filter(|change| change.before.is_some()).count() as u64;
        if is_more(changed, before.size.titles, MOST_CHANGED) {
            all.push(Finding::Changed {
                titles: changed,
                of: before.size.titles,
                beside: before.version,
            });
        }
    }
    all
}

fn shrank(size: Size, before: &Beside<'_>, all: &mut Vec<Finding>) {
    let pairs = [
        ("titles", before.size.titles, size.titles),
        ("objects", before.size.objects, size.objects),
        ("bytes", before.size.bytes, size.bytes),
    ];
    for (what, had, has) in pairs {
        if had > 0 && !is_more(has, had, LEAST_KEPT) {
            let beside = before.version;
            all.push(Finding::Shrank { what: what.to_owned(), before: had, after: has, beside });
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share is compared, to far fewer digits")]
fn is_more(some: u64, all: u64, share: f64) -> bool {
    some as f64 > all as f64 * share
}
