//! Commands: what the fleet asks a box to do once.

use crate::time::TimeUs;
use serde::{Deserialize, Serialize};

/// One command. Carrying it out twice is the same as once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// [`crate::SCHEMA`].
    pub schema: u32,
    /// Names this command; a box keeps the ids it has answered.
    pub id: String,
    /// Not to be begun after this.
    pub deadline_us: TimeUs,
    /// What to do.
    pub action: Action,
}

/// What a command asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Take no new viewers, let the others finish.
    Drain,
    /// Take viewers again.
    Undrain,
    /// Read every block and check it.
    Scrub,
    /// Stop using a disk.
    EjectDisk {
        /// Its folder.
        folder: String,
    },
    /// Use a disk again.
    ReadmitDisk {
        /// Its folder.
        folder: String,
    },
    /// Fill outside the window.
    FillNow,
    /// Gather what support needs.
    CollectBundle,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandResult {
    /// Which command.
    pub id: String,
    /// When it ended.
    pub at_us: TimeUs,
    /// How.
    pub outcome: Outcome,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Outcome {
    /// Done.
    Done,
    /// Not begun, and why.
    Refused(String),
    /// Begun and not finished, and why.
    Failed(String),
}
