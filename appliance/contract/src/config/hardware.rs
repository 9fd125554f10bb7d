//! What the machine is made of.

use super::check::Found;
use crate::quantity::Seconds;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The shortest time between two looks: parts change a few times in a machine's life.
const MIN_HARDWARE_EVERY_S: u64 = 10;

/// What the machine is made of, as somebody tells who may ask all of it: `appliance hardware --json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hardware {
    /// Where that stands. Where nothing does, the box looks for itself.
    pub file: PathBuf,
    /// From one look to the next.
    pub every_s: Seconds,
}

impl Default for Hardware {
    fn default() -> Self {
        Self { file: PathBuf::from("/run/headend-hardware/parts.json"), every_s: Seconds(300) }
    }
}

pub(super) fn check(hardware: &Hardware, found: &mut Found) {
    if hardware.every_s.0 < MIN_HARDWARE_EVERY_S {
        found.add("hardware.every_s", "parts that are looked for so often are no newer");
    }
    if hardware.file.is_relative() {
        found.add("hardware.file", "expected an absolute path");
    }
}
