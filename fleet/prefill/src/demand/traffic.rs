//! How many plays a day has: a level, and a factor for each day of the week.

use super::faded;

/// A level forgets in five days: it moves with holidays, and weekdays are taken out of it.
const LEVEL_HALF_LIFE_DAYS: f64 = 5.0;

/// Weekdays change over seasons.
const WEEKDAY_HALF_LIFE_DAYS: f64 = 56.0;

/// As many days of a factor of 1 as every weekday starts with: one odd Monday is no habit.
const WEEKDAY_PRIOR: f64 = 1.0;

/// The factors of the seven days, with a mean of 1; by `day` modulo 7.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weekdays {
    sums: [f64; 7],
    counts: [f64; 7],
}

impl Default for Weekdays {
    fn default() -> Self {
        Self { sums: [WEEKDAY_PRIOR; 7], counts: [WEEKDAY_PRIOR; 7] }
    }
}

impl Weekdays {
    /// Of a day.
    #[must_use]
    pub fn factor(&self, day: i32) -> f64 {
        let raw = |at: usize| self.sums[at] / self.counts[at];
        raw(weekday(day)) * 7.0 / (0..7).map(raw).sum::<f64>()
    }

    /// A day had so many times the plays of its level.
    pub(super) fn learn(&mut self, day: i32, ratio: f64) {
        let at = weekday(day);
        let kept = faded::factor(WEEKDAY_HALF_LIFE_DAYS, 7.0);
        self.sums[at] = kept * self.sums[at] + ratio;
        self.counts[at] = kept * self.counts[at] + 1.0;
    }
}

/// Of days before 0 too.
fn weekday(day: i32) -> usize {
    usize::try_from(day.rem_euclid(7)).unwrap_or(0)
}

/// Plays of a usual day.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Level {
    plays: f64,
    days: f64,
}

impl Level {
    /// The mean of the days so far, the last ones most; 0 before the first.
    #[must_use]
    pub fn plays(&self) -> f64 {
        if self.days > 0.0 { self.plays / self.days } else { 0.0 }
    }

    /// Takes in a day's plays, with what its weekday makes of them taken out.
    pub(super) fn learn(&mut self, days: f64, plays: f64) {
        let kept = faded::factor(LEVEL_HALF_LIFE_DAYS, days);
        self.plays = kept * self.plays + plays;
        self.days = kept * self.days + 1.0;
    }
}
