//! Yesterday's forecast against what was counted.

use super::interval::Expected;

/// Of fewer plays an interval is a few counts wide, and holds more than it means to.
const INTERVAL_PLAYS: f64 = 10.0;

/// How good it was.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Score {
    /// How many titles were forecast or counted.
    pub rows: usize,
    /// Plays counted.
    pub plays: f64,
    /// `Σ |forecast − counted|`.
    pub missed: f64,
    /// Of titles with ten plays and more forecast.
    pub intervals: usize,
    /// How many of these held the count.
    pub held: usize,
}

impl Score {
    /// Takes in one title.
    pub fn add(&mut self, expected: &Expected, plays: f64) {
        if expected.plays <= 0.0 && plays <= 0.0 {
            return;
        }
        self.rows += 1;
        self.plays += plays;
        self.missed += (expected.plays - plays).abs();
        if expected.plays >= INTERVAL_PLAYS {
            self.intervals += 1;
            self.held += usize::from(expected.holds(plays));
        }
    }

    /// Takes in others.
    pub fn join(&mut self, other: &Self) {
        self.rows += other.rows;
        self.plays += other.plays;
        self.missed += other.missed;
        self.intervals += other.intervals;
        self.held += other.held;
    }

    /// `Σ |forecast − counted| / Σ counted`; `None` where nothing was.
    #[must_use]
    pub fn wape(&self) -> Option<f64> {
        (self.plays > 0.0).then(|| self.missed / self.plays)
    }

    /// The share of intervals that held; `None` where there were none.
    #[must_use]
    pub fn coverage(&self) -> Option<f64> {
        (self.intervals > 0).then(|| self.held as f64 / self.intervals as f64)
    }
}
