//! Time as the documents carry it.

use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01T00:00:00Z. The clock is read at the edges and passed in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct TimeUs(pub i64);

impl TimeUs {
    /// The instant `seconds` later (or earlier, when negative).
    #[must_use]
    pub fn plus_s(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Whole seconds since 1970, rounded down.
    #[must_use]
    pub fn unix_s(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Seconds from `earlier` to `self`; negative when `earlier` is later.
    #[must_use]
    pub fn since_s(self, earlier: Self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "exact below 285 years of microseconds")]
        let micros = self.0.saturating_sub(earlier.0) as f64;
        micros / 1e6
    }
}

impl From<std::time::SystemTime> for TimeUs {
    fn from(at: std::time::SystemTime) -> Self {
        let micros = match at.duration_since(std::time::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
            Err(before) => {
                i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros)
            }
        };
        Self(micros)
    }
}
