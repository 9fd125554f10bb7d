//! Whose turn it is.

use config_render::revisions::BackupState;
use contract::time::TimeUs;
use std::time::Duration;

/// After a copy that failed, so long until the next attempt, unless copies are more frequent anyhow.
const AGAIN_AFTER_S: u64 = 900;

/// When a device is read next, by what came of it so far.
pub(super) fn due_at(state: Option<&BackupState>, every_s: u64) -> TimeUs {
    let Some(state) = state else { return TimeUs(0) };
    let rest_s = if state.why.is_some() { every_s.min(AGAIN_AFTER_S) } else { every_s };
    let rest_us = i64::try_from(Duration::from_secs(rest_s).as_micros()).unwrap_or(i64::MAX);
    TimeUs(state.tried_at.0.saturating_add(rest_us))
}

/// Whether copies are made of a device in such a state without being asked for: there is one, and it is ours.
pub(super) fn is_there(status: &str) -> bool {
    !matches!(status, "planned" | "shipped" | "rma" | "retired")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_failed_is_tried_again_sooner() {
        let state = |why: Option<&str>| BackupState {
            device: "r1".to_owned(),
            tried_at: TimeUs(1_000_000),
            taken_at: None,
            latest: None,
            why: why.map(str::to_owned),
        };
        let at_s = |why, every_s| due_at(Some(&state(why)), every_s).0 / 1_000_000;
        assert_eq!(due_at(None, 86_400), TimeUs(0), "of whom there is no copy yet");
        assert_eq!(at_s(None, 86_400), 86_401);
        assert_eq!(at_s(Some("away"), 86_400), 901);
        assert_eq!(at_s(Some("away"), 60), 61);
        assert_eq!(due_at(Some(&state(None)), u64::MAX), TimeUs(i64::MAX));
    }

    #[test]
    fn what_is_not_there_yet_or_no_more_is_left_alone() {
        let there: Vec<&str> = inventory::rules::life_cycle::STATES
            .into_iter()
            .filter(|status| is_there(status))
            .collect();
        assert_eq!(
            there,
            ["racked", "enrolled", "turn-up", "active", "draining", "maintenance", "failed"]
        );
    }
}
