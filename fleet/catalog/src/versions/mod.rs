//! The catalogue as a data set: a version is what there was at one moment, whole.
//!
//! What a version says of a title is a [`Record`], kept once by its digest. A [`State`] is which record
//! each title has, and its digest is that of them all: two states with one digest are one state. A
//! version is announced if nothing speaks against it ([`findings`]); until then the last good one
//! stays in force. What changed between two states is said both ways ([`Change`]), so that from what is in
//! force every earlier version can be had.
//!
//! Pure; `store/versions` keeps it.

mod diff;
mod findings;
mod record;
mod state;

pub use diff::{Difference, TitleDifference};
pub use findings::{Beside, Finding, findings};
pub use record::Record;
pub use state::{Change, Key, Size, State};

use contract::time::TimeUs;

/// A version and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// That of the catalogue when it was made; rises.
    pub version: u64,
    /// The version that was in force when it was made; nothing was before the first.
    pub parent: u64,
    /// Of the state: the BLAKE3 of its titles and the digests of their records.
    pub digest: String,
    /// What it holds.
    pub size: Size,
    /// When it was made.
    pub made_at: TimeUs,
    /// When it came into force, by whom and why; `None` if it never did.
    pub announced: Option<Announced>,
    /// What speaks against it.
    pub findings: Vec<Finding>,
}

/// How a version came into force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// When.
    pub at: TimeUs,
    /// Who said so, where it was somebody: nothing spoke against the others.
    pub by: Option<String>,
    /// Why, in the words of whoever said so.
    pub reason: Option<String>,
}

/// Sites that stay with a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The tag that they have; all sites have the empty one.
    pub cohort: String,
    /// The version.
    pub version: u64,
    /// Since when.
    pub at: TimeUs,
    /// Who said so.
    pub by: String,
}

#[cfg(test)]
mod tests;
