//! How the program on the device is called: one place for whoever drives it, over SSH or on the box itself.
//!
//! A service that drives it must not have it in its own control group: where a command restarts that service,
//! systemd would end the switch with it, and the change would come back each time. `systemd-run --pipe --wait
//! --collect` before the command line gives it one of its own. Sessions of SSH have theirs.

use super::id::ChangeId;
use crate::digest::sha256;

/// Where the program is put. Each change keeps the one that it was staged with for its way back.
pub const PLACE: &str = "/var/lib/headend-change/change.sh";

/// One call of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Takes a bundle from standard input, and keeps what is there now. May be done again.
    Stage,
    /// The device's own checkers look at the files.
    Check,
    /// The way back is laid. May be done again, which moves the deadline.
    Arm {
        /// From now.
        seconds: u32,
    },
    /// Puts the files in place and into force; what fails here is taken back at once.
    Switch,
    /// It is there for good. May be said again.
    Disarm,
    /// Takes it back now. May be said again.
    Revert,
    /// Says how it is, which changes nothing: see [`Status`](super::Status).
    Status,
}

impl Step {
    /// The command line, for a shell.
    #[must_use]
    pub fn command(self, id: &ChangeId) -> String {
        let verb = match self {
            Self::Stage => "stage",
            Self::Check => "check",
            Self::Arm { seconds } => return format!("sh {PLACE} arm {id} {seconds}"),
            Self::Switch => "switch",
            Self::Disarm => "disarm",
            Self::Revert => "revert",
            Self::Status => "status",
        };
        format!("sh {PLACE} {verb} {id}")
    }
}

/// The command line that puts [`CHANGE_SH`](super::CHANGE_SH) from standard input in its place: whole, or not
/// at all.
#[must_use]
pub fn install() -> String {
    let digest = sha256(super::CHANGE_SH.as_bytes());
    let (folder, new) = ("/var/lib/headend-change", format!("{PLACE}.part"));
    format!(
        "umask 077 && mkdir -p {folder} && cat >{new} && echo '{digest}  {new}' | sha256sum -c --status \
         && sync {new} && mv -fT {new} {PLACE} && sync {folder}"
    )
}

/// How a step ended, by its exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// It was tried; standard error says what went wrong, [`Status`](super::Status) how it is now.
    Failed,
    /// It was called wrongly: this program and the one on the device differ.
    Misused,
    /// The change is in no state for this. Nothing was done.
    Refused,
    /// Somebody else is at it. Nothing was done.
    Busy,
    /// It did not end by itself, or is not there.
    Unknown(i32),
}

impl From<i32> for Outcome {
    fn from(code: i32) -> Self {
        match code {
            0 => Self::Done,
            1 => Self::Failed,
            2 => Self::Misused,
            3 => Self::Refused,
            4 => Self::Busy,
            other => Self::Unknown(other),
        }
    }
}
