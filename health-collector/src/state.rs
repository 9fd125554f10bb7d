//! Whether a box is live, from when it was last heard and how often it should be. Pure.

use contract::time::TimeUs;
use serde::{Deserialize, Serialize};

/// A report that is half an interval late may still be on its way.
pub(crate) const LATE_AFTER_INTERVALS: f64 = 1.5;

/// Two reports missed and the third due: a lost packet does not do that.
const SILENT_AFTER_INTERVALS: f64 = 3.0;

/// Whether a box speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// On time.
    Live,
    /// Its report is due.
    Late,
    /// Several reports are missing.
    Silent,
    /// It never reported.
    NeverSeen,
}

impl State {
    /// As shown and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Late => "late",
            Self::Silent => "silent",
            Self::NeverSeen => "never-seen",
        }
    }
}

/// The state of a box that was last heard at `last_seen` and should be every `interval_s`
/// seconds. A clock that went backwards makes nobody late.
#[must_use]
pub fn state(last_seen: Option<TimeUs>, interval_s: u64, now: TimeUs) -> State {
    let Some(last_seen) = last_seen else { return State::NeverSeen };
    #[expect(clippy::cast_precision_loss, reason = "intervals are seconds to hours")]
    let intervals = now.since_s(last_seen) / interval_s.max(1) as f64;
    match intervals {
        few if few <= LATE_AFTER_INTERVALS => State::Live,
        some if some <= SILENT_AFTER_INTERVALS => State::Late,
        _ => State::Silent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn silence_grows() {
        let at = |seconds: f64| {
            #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
            let now = TimeUs((seconds * 1e6) as i64);
            state(Some(TimeUs(0)), 10, now)
        };
        assert_eq!(at(-100.0), State::Live);
        assert_eq!(at(15.0), State::Live);
        assert_eq!(at(15.1), State::Late);
        assert_eq!(at(30.0), State::Late);
        assert_eq!(at(30.1), State::Silent);
        assert_eq!(state(None, 10, TimeUs(0)), State::NeverSeen);
    }

    proptest! {
        #[test]
        fn a_box_never_recovers_by_waiting(seen: i64, a: i64, b: i64, interval in 0u64..100_000) {
            let (earlier, later) = (a.min(b), a.max(b));
            let before = state(Some(TimeUs(seen)), interval, TimeUs(earlier));
            prop_assert!(before <= state(Some(TimeUs(seen)), interval, TimeUs(later)));
        }
    }
}
