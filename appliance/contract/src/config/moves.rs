//! Moving objects between classes of disks, as their ranks change.

use super::check::Found;
use crate::quantity::BitRate;
use serde::{Deserialize, Serialize};

/// The least rate in bit/s with which an object of some MB is moved within a minute.
const MIN_MOVE_RATE: u64 = 1_000_000;

/// Objects that move to the class of disks where their rank belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Moves {
    /// Without it every object stays on the disk that it came to.
    pub enabled: bool,
    /// The most that is copied, over all disks; a tenth of it while the box fills.
    pub rate_bits_per_s: BitRate,
}

impl Default for Moves {
    fn default() -> Self {
        // As the scrub: a tenth of what a spinning disk does. 1.7 TB a day.
        Self { enabled: true, rate_bits_per_s: BitRate(160_000_000) }
    }
}

pub(super) fn check(moves: &Moves, found: &mut Found) {
    if moves.rate_bits_per_s.0 < MIN_MOVE_RATE {
        found.add("moves.rate_bits_per_s", "less than 1Mb/s moves nothing in time");
    }
}
