//! How good the forecasts are: a walk through observed weeks, each forecast from those before
//! it alone, and scored against what it turned out to be.
//!
//! Every figure stands beside a baseline that the same walk computes, and beside its
//! definition: which rows are scored, with what weight, from which week on. The texts of the
//! published files are given by the caller; nothing is read here.
//!
//! Read in this order: [`row`] (what comes out), [`table`], [`global`] and [`countries`] (the
//! two files), [`naive`] (the baselines), [`hours`] and [`lists`] (the two walks).

pub mod countries;
pub mod global;
pub mod hours;
pub mod lists;
mod naive;
pub mod row;
pub mod table;

pub use row::{Beside, Bound, Row};
pub use table::BadLine;

use crate::forecast::Refused;

/// Why there is nothing to score.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NotScored {
    /// A week that the forecast does not take.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Fewer weeks than the first one scored needs before it.
    #[error("{have} weeks of {what}; {needed} are needed before one can be scored")]
    TooFewWeeks {
        /// Of what.
        what: &'static str,
        /// How many there are.
        have: usize,
        /// How many there must be.
        needed: usize,
    },
}

#[cfg(test)]
mod tests;
