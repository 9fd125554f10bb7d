//! How it ended: what the device was seen to be.

use std::fmt;

/// How a change at a device ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It has it, for good, and was seen to be well with it.
    Done,
    /// Nothing was changed: it does not take it.
    Refused {
        /// Why.
        why: String,
    },
    /// Nothing was changed: it could not be reached.
    Unreachable {
        /// Why.
        why: String,
    },
    /// It was tried, and is taken back: the device is as it was.
    Reverted {
        /// Why.
        why: String,
    },
    /// It was tried, and cannot be taken back; the device goes on trying.
    RevertFailed {
        /// Why.
        why: String,
    },
    /// Nobody knows how the device is.
    Unknown {
        /// Why.
        why: String,
    },
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => write!(f, "done"),
            Self::Refused { why } => write!(f, "nothing was changed: {why}"),
            Self::Unreachable { why } => write!(f, "nothing was changed: {why}"),
            Self::Reverted { why } => write!(f, "taken back: {why}"),
            Self::RevertFailed { why } => write!(f, "NOT taken back: {why}"),
            Self::Unknown { why } => write!(f, "nobody knows how it is: {why}"),
        }
    }
}
