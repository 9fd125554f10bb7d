//! Forgetting: sums in which a day counts half after a half life.

use super::refused::Refused;

/// What an old day still counts after so many days.
#[must_use]
pub fn factor(half_life_days: f64, days: f64) -> f64 {
    0.5_f64.powf(days / half_life_days)
}

/// The last day that was learned, and the next one that may be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Clock {
    last: Option<i32>,
}

impl Clock {
    /// How many days lie between the last day learned and this one; 0 for the first. Days of which
    /// nothing was told are passed over: they fade what was before, and expose nothing.
    pub(super) fn days_to(self, day: i32) -> Result<f64, Refused> {
        match self.last {
            Some(last) if day <= last => Err(Refused::NotAfter { day, last }),
            Some(last) => Ok(f64::from(day) - f64::from(last)),
            None => Ok(0.0),
        }
    }

    /// That day has been learned.
    pub(super) fn set(&mut self, day: i32) {
        self.last = Some(day);
    }
}
