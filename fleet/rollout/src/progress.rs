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
        /// Whether it was out of reach before: then it holds up nobody who would not wait for it anyhow.
        #[serde(default)]
        was_unreachable: bool,
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
    Skipped {
        /// What it was then: who skips a device does not make it as it was before.
        was: Option<Box<State>>,
    },
    /// Somebody is taking it back.
    Reverting {
        /// Since when.
        since_us: i64,
    },
    /// It had it, and is as it was before.
    Reverted,
    /// It has it, and could not be rid of it: a person has to look.
    RevertFailed {
        /// What went wrong.
        why: String,
    },
}

/// What became of devices; of those that nothing is said of, nothing yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Progress {
    /// By device.
    pub devices: BTreeMap<String, State>,
    /// Devices that were seen not to be well with it, and what was wrong. They stay here, and it stays halted, until a
    /// person takes them away, however they are since.
    pub unwell: BTreeMap<String, String>,
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

    /// Whether it is out of reach, or is just being tried again after it was.
    pub(crate) fn is_away(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Running { was_unreachable: true, .. })
    }

    /// What a person has to look at; also of one that was skipped, since it may have it.
    pub(crate) fn doubt(&self) -> Option<&str> {
        match self {
            Self::Unknown { why } | Self::RevertFailed { why } => Some(why),
            Self::Skipped { was } => was.as_deref().and_then(Self::doubt),
            _ => None,
        }
    }

    /// Whether it is being taken back, or was.
    pub(crate) fn is_going_back(&self) -> bool {
        matches!(self, Self::Reverting { .. } | Self::Reverted | Self::RevertFailed { .. })
    }

    /// Since when somebody is at it.
    pub(crate) fn since_us(&self) -> Option<i64> {
        match self {
            Self::Running { since_us, .. } | Self::Reverting { since_us } => Some(*since_us),
            _ => None,
        }
    }
}
