//! What is said of a trial on a day.

use super::estimate::Difference;
use super::measure::LeftOut;
use serde::{Deserialize, Serialize};

/// A look at a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// On which day: of later ones nothing is known.
    pub day: i32,
    /// What follows.
    pub verdict: Verdict,
    /// The part of what viewers wanted that sites served themselves, on average over pairs and
    /// days compared; of sites that are tried on.
    pub tried_offload: Option<f64>,
    /// Of the others.
    pub usual_offload: Option<f64>,
    /// How much more of what viewers wanted is served by sites that are tried on.
    pub offload: Option<Difference>,
    /// How much more comes onto their disks, as a part of what viewers wanted.
    pub fill: Option<Difference>,
    /// Pairs that say something.
    pub pairs: usize,
    /// Days that say nothing.
    pub left_out: LeftOut,
}

/// What follows from a look.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing can be said yet.
    Waiting {
        /// For what.
        why: Waits,
    },
    /// It does no harm that is seen; the planned end is not there yet.
    Going,
    /// It must end now: it is worse, by more than is borne.
    Hurts {
        /// In what.
        what: Measure,
        /// By how much, as a part of what viewers want.
        by: f64,
        /// Whether one day alone says so.
        is_collapse: bool,
    },
    /// At the end: better in this, and no worse in the other than is borne.
    Better {
        /// In what.
        what: Measure,
        /// By how much.
        by: f64,
    },
    /// At the end: worse in this, and better in nothing.
    Worse {
        /// In what.
        what: Measure,
        /// By how much.
        by: f64,
    },
    /// At the end: whatever the difference is, it is within what is borne.
    NoDifference,
    /// At the end: what was seen does not say.
    Undecided,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// More is better.
    Offload,
    /// Less is better.
    Fill,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waits {
    /// The new policy is being carried out; days count from this one on.
    Settling {
        /// The first that counts.
        until_day: i32,
    },
    /// Too few pairs have days that count, before the trial and in it.
    Pairs {
        /// So many have.
        known: usize,
        /// So many must.
        needed: usize,
    },
}

impl Verdict {
    /// Whether the trial is over.
    #[must_use]
    pub fn is_end(&self) -> bool {
        !matches!(self, Self::Waiting { .. } | Self::Going)
    }
}

impl std::fmt::Display for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Offload => "offload",
            Self::Fill => "fill",
        })
    }
}

/// A sentence for people, without its stop.
impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let points = |by: &f64| by * 100.0;
        match self {
            Self::Waiting { why: Waits::Settling { .. } } => f.write_str("waiting: settling"),
            Self::Waiting { why: Waits::Pairs { known, needed } } => {
                write!(f, "waiting: {known} pairs of {needed} have days that count")
            }
            Self::Going => f.write_str("going"),
            Self::Hurts { what, by, is_collapse: false } => {
                write!(f, "hurts: {what} {:+.2} points", points(by))
            }
            Self::Hurts { what, by, .. } => {
                write!(f, "collapsed: {what} {:+.2} points in a day", points(by))
            }
            Self::Better { what, by } => write!(f, "better: {what} {:+.2} points", points(by)),
            Self::Worse { what, by } => write!(f, "worse: {what} {:+.2} points", points(by)),
            Self::NoDifference => f.write_str("no difference"),
            Self::Undecided => f.write_str("undecided"),
        }
    }
}
