//! Why a device has to wait.

use super::halt::Halt;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A device that nothing is done at now, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The device.
    pub device: String,
    /// What it waits for.
    pub on: WaitingOn,
}

/// What is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "kebab-case")]
pub enum WaitingOn {
    /// Nothing changes anywhere.
    Frozen,
    /// Somebody has said so.
    Paused,
    /// It has stopped by itself.
    Halted {
        /// Why.
        halt: Halt,
    },
    /// A wave before its own.
    Wave {
        /// Which, from 0 on.
        wave: usize,
        /// How many of that are not done.
        left: usize,
    },
    /// A wave before its own is being looked at.
    Soak {
        /// Until when, in microseconds since 1970.
        until_us: i64,
    },
    /// Somebody is at another device of its site.
    Site {
        /// Which site.
        site: String,
    },
    /// Somebody is at another device of its cluster.
    Cluster {
        /// Which cluster.
        cluster: String,
    },
    /// Somebody is at as many devices as may be at once.
    AtOnce {
        /// How many.
        most: usize,
    },
    /// It was out of reach, and is tried again.
    Retry {
        /// When.
        at_us: i64,
    },
    /// Those that were to try it first: none of them has it.
    Canaries,
    /// A person: nobody knows how it is.
    Person {
        /// What went wrong.
        why: String,
    },
}

impl fmt::Display for WaitingOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frozen => write!(f, "nothing changes: the fleet is frozen"),
            Self::Paused => write!(f, "somebody has paused it"),
            Self::Halted { halt } => write!(f, "it has halted: {halt}"),
            Self::Wave { wave, left } => write!(f, "wave {wave} comes first: {left} left"),
            Self::Soak { .. } => write!(f, "the wave before is being looked at"),
            Self::Site { site } => write!(f, "somebody is at another device of site {site}"),
            Self::Cluster { cluster } => {
                write!(f, "somebody is at another device of cluster {cluster}")
            }
            Self::AtOnce { most } => write!(f, "somebody is at {most} devices, as many as may be"),
            Self::Retry { .. } => write!(f, "it is out of reach, and is tried again"),
            Self::Canaries => {
                write!(
                    f,
                    "none of those that were to try it first has it: make a plan without them"
                )
            }
            Self::Person { why } => write!(f, "a person has to look at it: {why}"),
        }
    }
}
