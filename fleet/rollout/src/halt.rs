//! Why it stops by itself.

use super::plan::Plan;
use super::progress::Progress;
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
            Self::Unwell { device, why } => write!(f, "{device} has it and is not well: {why}"),
        }
    }
}

/// Whether it stops, by what became of devices.
pub(crate) fn of(plan: &Plan, progress: &Progress, unwell: Option<(&str, &str)>) -> Option<Halt> {
    if let Some((device, why)) = unwell {
        return Some(Halt::Unwell { device: device.to_owned(), why: why.to_owned() });
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
