//! What has become of a purge on a box, and whether viewers may be sent there meanwhile. Pure.

use crate::State;
use contract::time::TimeUs;
use serde::{Deserialize, Serialize};

/// A box that is on time has been told of a purge within an interval, and confirms it at once;
/// by the time that it would count as late it has no excuse.
const GRACE_INTERVALS: f64 = crate::state::LATE_AFTER_INTERVALS;

/// What has become of a purge on a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PurgeState {
    /// The box has said that it was carried out.
    Done,
    /// The box speaks, and has not said so yet.
    Pending,
    /// The box does not speak: nobody knows what it serves.
    Unreachable,
}

impl PurgeState {
    /// Of a box that has purged up to a version, and speaks or does not.
    #[must_use]
    pub fn of(version: u64, purged_up_to: u64, state: State) -> Self {
        match state {
            _ if purged_up_to >= version => Self::Done,
            State::Live | State::Late => Self::Pending,
            State::Silent | State::NeverSeen => Self::Unreachable,
        }
    }

    /// As shown and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Pending => "pending",
            Self::Unreachable => "unreachable",
        }
    }
}

/// Whether viewers may still be sent to a box that has not confirmed a purge made at `made_at`.
/// A box that is not on time may have been away, and serve for hours what was purged; one that
/// speaks and does not confirm has been away, or refuses.
#[must_use]
pub fn is_within_grace(made_at: TimeUs, state: State, interval_s: u64, now: TimeUs) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "intervals are seconds to hours")]
    let intervals = now.since_s(made_at) / interval_s.max(1) as f64;
    state == State::Live && intervals <= GRACE_INTERVALS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_says_that_it_is_done_or_nobody_knows() {
        assert_eq!(PurgeState::of(5, 5, State::Silent), PurgeState::Done);
        assert_eq!(PurgeState::of(5, 9, State::Live), PurgeState::Done);
        assert_eq!(PurgeState::of(5, 4, State::Live), PurgeState::Pending);
        assert_eq!(PurgeState::of(5, 4, State::Late), PurgeState::Pending);
        assert_eq!(PurgeState::of(5, 4, State::Silent), PurgeState::Unreachable);
        assert_eq!(PurgeState::of(5, 0, State::NeverSeen), PurgeState::Unreachable);
    }

    #[test]
    fn only_who_is_on_time_has_a_moment() {
        let within = |state, at_s| is_within_grace(TimeUs(0), state, 10, TimeUs(0).plus_s(at_s));
        assert!(within(State::Live, 0) && within(State::Live, 15));
        assert!(!within(State::Live, 16));
        assert!(!within(State::Late, 0) && !within(State::Silent, 0));
        assert!(within(State::Live, -100), "a clock that went back makes nobody guilty");
    }
}
