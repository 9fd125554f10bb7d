//! What became of each device so far: all that is remembered.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How it is with a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// Somebody is at it.
    Running {
        /// Since when, in microseconds since 1970.
        since_us: i64,
    },
    /// It has it, and was seen to be well with it.
    Done {
        /// When that was seen.
        at_us: i64,
    },
    /// It could not be reached; nothing was changed.
    Unreachable {
        /// When it was tried last.
        tried_us: i64,
    },
    /// It was tried; the device is as it was before.
    Failed {
        /// What went wrong.
        why: String,
    },
    /// It was tried, and nobody knows how the device is now: a person has to look.
    Unknown {
        /// What went wrong.
        why: String,
    },
    /// Somebody has said that it goes on without this one.
    Skipped,
    /// Somebody is taking it back.
    Reverting {
        /// Since when.
        since_us: i64,
    },
    /// It had it, and is as it was before.
    Reverted,
}

/// What became of devices; of those that nothing is said of, nothing yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// By device.
    pub devices: BTreeMap<String, State>,
}

impl Progress {
    /// Of one device.
    #[must_use]
    pub fn of(&self, device: &str) -> Option<&State> {
        self.devices.get(device)
    }
}

impl State {
    /// Whether somebody is at it.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        matches!(self, Self::Running { .. } | Self::Reverting { .. })
    }

    /// Whether something went wrong at it.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Unknown { .. })
    }
}
