//! A mean over pairs, and how far the truth may be from it.

use super::student;
use serde::{Deserialize, Serialize};

/// From where to where a difference may be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// At least.
    pub low: f64,
    /// At most.
    pub high: f64,
}

/// A difference between the arms, over pairs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Tried less usual, as a part of what viewers wanted.
    pub by: f64,
    /// With the confidence that was asked for, for who looks on one day that was named before.
    pub once: Interval,
    /// The same for who looks every day: it holds on all days of a trial at once.
    pub daily: Interval,
}

/// The mean of some pairs, taken as draws of one distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Estimate {
    mean: f64,
    /// Of the mean.
    error: f64,
    pairs: usize,
}

impl Estimate {
    /// None of fewer than two: these say nothing of how they differ.
    pub(super) fn of(pairs: &[f64]) -> Option<Self> {
        let count = pairs.len();
        if count < 2 {
            return None;
        }
        let mean = mean(pairs)?;
        let squares: f64 = pairs.iter().map(|one| (one - mean) * (one - mean)).sum();
        let error = (squares / (count - 1) as f64 / count as f64).sqrt();
        Some(Self { mean, error, pairs: count })
    }

    /// What lies beyond each end with this chance.
    pub(super) fn interval(&self, beyond_each: f64) -> Interval {
        let by = student::quantile(beyond_each, self.pairs - 1) * self.error;
        Interval { low: self.mean - by, high: self.mean + by }
    }

    pub(super) fn difference(&self, once: f64, daily: f64) -> Difference {
        Difference { by: self.mean, once: self.interval(once), daily: self.interval(daily) }
    }
}

/// None of none.
pub(super) fn mean(all: &[f64]) -> Option<f64> {
    (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_of_four_has_the_interval_of_the_textbook() {
        let estimate = Estimate::of(&[1.0, 2.0, 3.0, 4.0]).expect("four");
        // s = 1.29099, s / √4 = 0.645497, t of 3 degrees = 3.182446.
        let Interval { low, high } = estimate.interval(0.025);
        assert!((low - 0.445_739).abs() < 1e-5 && (high - 4.554_260).abs() < 1e-5, "{low} {high}");
        assert_eq!(Estimate::of(&[1.0]), None);
    }

    #[test]
    fn pairs_that_agree_leave_no_doubt() {
        let estimate = Estimate::of(&[0.25, 0.25, 0.25]).expect("three");
        assert_eq!(estimate.interval(1e-9), Interval { low: 0.25, high: 0.25 });
    }
}
