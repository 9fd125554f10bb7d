//! Why it stops by itself.

use super::plan::Plan;
use super::progress::{Progress, State};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why nothing more begins until a person has looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "halt", rename_all = "kebab-case")]
pub enum Halt {
    /// It failed at one of the first.
    Canary {
        /// At which.
        device: String,
    },
    /// It failed at more devices than it may.
    Failures {
        /// At how many.
        failed: usize,
        /// At how many it may.
        most: usize,
    },
    /// It could not be taken back from more devices than it may fail at.
    RevertFailures {
        /// From how many.
        failed: usize,
        /// From how many it may.
        most: usize,
    },
    /// It was being taken back: who has it and who has not says nothing of how good it is any more.
    GoingBack,
    /// Whoever looks at the health of devices says that one that has it is not well.
    Unwell {
        /// Which.
        device: String,
        /// What is wrong with it.
        why: String,
    },
}

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Canary { device } => {
                write!(f, "it failed at {device}, which was to try it first")
            }
            Self::Failures { failed, most } => {
                write!(f, "it failed at {failed} devices, and may at {most}")
            }
            Self::RevertFailures { failed, most } => {
                write!(f, "it could not be taken back from {failed} devices, and may at {most}")
            }
            Self::GoingBack => write!(f, "it was being taken back: make another plan"),
            Self::Unwell { device, why } => write!(f, "{device} has it and is not well: {why}"),
        }
    }
}

/// Whether it stops, by what became of devices.
pub(crate) fn of(plan: &Plan, progress: &Progress) -> Option<Halt> {
    if progress.devices.values().any(State::is_going_back) {
        return Some(Halt::GoingBack);
    }
    // Of devices that do not have it, it is not the change's fault.
    let has_it = |device: &str| matches!(progress.of(device), Some(State::Done { .. }));
    if let Some((device, why)) = progress.unwell.iter().find(|(device, _)| has_it(device)) {
        return Some(Halt::Unwell { device: device.clone(), why: why.clone() });
    }
    let has_failed = |device: &str| progress.of(device).is_some_and(|it| it.is_failure());
    let mut failed = plan.devices.iter().filter(|it| has_failed(&it.change.device)).peekable();
    let is_canary = plan.policy.canaries > 0;
    if let Some(first) = failed.peek().filter(|it| is_canary && it.wave == 0) {
        return Some(Halt::Canary { device: first.change.device.clone() });
    }
    let (failed, most) = (failed.count(), plan.policy.most_failed);
    (failed > most).then_some(Halt::Failures { failed, most })
}

/// Whether it stops being taken back, by what became of that.
pub(crate) fn of_going_back(plan: &Plan, progress: &Progress) -> Option<Halt> {
    let has_failed = |it: &&State| matches!(it, State::RevertFailed { .. });
    let failed = progress.devices.values().filter(has_failed).count();
    let most = plan.policy.most_failed;
    (failed > most).then_some(Halt::RevertFailures { failed, most })
}
