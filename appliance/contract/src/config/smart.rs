//! Asking disks for their health.

use super::check::Found;
use crate::quantity::Seconds;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The shortest time between two questions: some disks stop for a moment to answer.
const MIN_SMART_EVERY_S: u64 = 60;

/// Asking disks for their health, by `smartctl` of smartmontools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Smart {
    /// Without it nobody asks.
    pub enabled: bool,
    /// The program; a name is looked for in `PATH`.
    pub program: PathBuf,
    /// From one question to the next.
    pub every_s: Seconds,
}

impl Default for Smart {
    fn default() -> Self {
        Self { enabled: true, program: PathBuf::from("smartctl"), every_s: Seconds(600) }
    }
}

pub(super) fn check(smart: &Smart, found: &mut Found) {
    if smart.every_s.0 < MIN_SMART_EVERY_S {
        found.add("smart.every_s", "disks that are asked every minute serve nobody better");
    }
    if smart.program.as_os_str().is_empty() {
        found.add("smart.program", "expected a program, such as smartctl");
    }
}
