//! Viewers that a seed decides: what is new, what is watched where, day by day.
//!
//! The world is drawn from published hours of half a year ([`hours`], or [`synthetic`] ones of the
//! same shape), which say how much each title was watched and when it was released. What they do
//! not say is drawn:
//!
//! ```text
//! level A     hours / (Σ age factor over the half year · running time · WATCHED)
//! a day       A · f(age / scale) · e^z,     z = 0.98 z + 0.05 N: weeks in which a title is talked of
//! a region    · e^(0.8 N)                   as different as the published lists of countries are
//! a site      · e^(0.3 N)                   assumed: published nowhere
//! files       episodes fall by 6 % each, renditions by fixed shares; a site's by Dirichlet's law
//! plays       Poisson, of so many a day and site, by weekday
//! ```
//!
//! Some sites are played file by file; the others of their region as one, and other regions title
//! by title. Sizes do not depend on popularity: nor do they where both were published.
//!
//! Read in this order: [`hours`] and [`synthetic`]; `titles` and `files` (the world); `places`
//! (tastes); [`day`] (what is played); [`curve`]; `chance`.

pub(crate) mod chance;
pub mod curve;
pub mod day;
mod files;
pub mod hours;
mod places;
pub mod synthetic;
mod titles;

pub use curve::Curve;
pub use day::{Audience, Plays};
pub use hours::Viewed;

use prefill::demand;

/// The part of a file that a play watches, on average: of bytes as of time.
pub const WATCHED: f64 = 0.75;

/// The day on which the half year of the hours ends, as spreadsheets count: 2023-06-30.
const HALF_YEAR: std::ops::Range<i32> = 44_927..45_108;

/// Who watches, and for how long.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// Another number, another world; the same one, the same.
    pub seed: u64,
    /// Plays of a site on a usual day.
    pub plays_a_day: f64,
    /// Sites of a region, detailed or not.
    pub sites_a_region: usize,
    /// How many sites of each region are played file by file; none more than there are.
    pub detailed: Vec<usize>,
    /// How many days.
    pub days: usize,
}

impl Shape {
    /// The first day: one from which on the hours tell of releases to the end, if it can be.
    #[must_use]
    pub fn first_day(&self) -> i32 {
        let days = i32::try_from(self.days).unwrap_or(i32::MAX);
        FIRST_DAY.min(HALF_YEAR.end.saturating_sub(days))
    }
}

/// A Wednesday in March 2023, with a hundred days of releases to come.
const FIRST_DAY: i32 = 45_000;

/// Why there is no such world.
#[derive(Debug, thiserror::Error)]
pub enum NoWorld {
    /// A shape that makes no sense.
    #[error("{what}")]
    Shape {
        /// What is wrong with it.
        what: &'static str,
    },
    /// Nothing was watched.
    #[error("none of {titles} titles was released by the last day")]
    NoTitles {
        /// How many there are.
        titles: usize,
    },
    /// What estimators would not take.
    #[error(transparent)]
    Refused(#[from] demand::Refused),
}

#[cfg(test)]
mod tests;
