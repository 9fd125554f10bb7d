//! Commands: what the fleet asks a box to do once.

use crate::time::TimeUs;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How many results one report carries: those of the last commands, each told until as many have
/// come after it. A fleet has one command of a box under way, and sees it end in the next report.
pub const MAX_RESULTS: usize = 16;

/// The most bytes of the reason in a result.
pub const MAX_REASON_BYTES: usize = 512;

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
    /// Begin to read every block of every disk, and check it. Done once it has begun: how far it is,
    /// and what it finds, stands in the report.
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

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drain => f.write_str("drain"),
            Self::Undrain => f.write_str("undrain"),
            Self::Scrub => f.write_str("scrub"),
            Self::EjectDisk { folder } => write!(f, "eject disk {folder}"),
            Self::ReadmitDisk { folder } => write!(f, "readmit disk {folder}"),
            Self::FillNow => f.write_str("fill now"),
            Self::CollectBundle => f.write_str("collect a bundle"),
        }
    }
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

impl Outcome {
    /// Why it was not done.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Done => None,
            Self::Refused(reason) | Self::Failed(reason) => Some(reason),
        }
    }

    /// The same with a reason that is no longer than a result may say.
    #[must_use]
    pub fn bounded(self) -> Self {
        let cut = |mut reason: String| {
            reason.truncate(reason.floor_char_boundary(MAX_REASON_BYTES));
            reason
        };
        match self {
            Self::Done => Self::Done,
            Self::Refused(reason) => Self::Refused(cut(reason)),
            Self::Failed(reason) => Self::Failed(cut(reason)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_between_characters() {
        let long = |count: usize| "\u{e4}".repeat(count);
        let odd = format!("x{}", long(MAX_REASON_BYTES));
        for outcome in [Outcome::Failed(odd), Outcome::Refused(long(MAX_REASON_BYTES))] {
            let bounded = outcome.bounded();
            let reason = bounded.reason().expect("a reason");
            assert!((MAX_REASON_BYTES - 1..=MAX_REASON_BYTES).contains(&reason.len()));
        }
        assert_eq!(Outcome::Refused("short".to_owned()).bounded().reason(), Some("short"));
        assert_eq!(Outcome::Done.bounded(), Outcome::Done);
    }
}
