//! Reading every block once in a while, so that what rots is found in time.

use super::check::Found;
use crate::quantity::{BitRate, Seconds};
use serde::{Deserialize, Serialize};

/// The least rate in bit/s that gets through a disk in a year or two.
const MIN_SCRUB_RATE: u64 = 1_000_000;

/// The shortest time between two passes.
const MIN_SCRUB_EVERY_S: u64 = 3600;

/// A pass over every block of every disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scrub {
    /// Without it nothing is read that nobody asks for.
    pub enabled: bool,
    /// The most that is read of each disk for it.
    pub rate_bits_per_s: BitRate,
    /// From the beginning of a pass to that of the next.
    pub every_s: Seconds,
}

impl Default for Scrub {
    fn default() -> Self {
        // 20 MB/s get through 50 TB in a month, and are a tenth of what a spinning disk reads.
        let month_s = 30 * 86_400;
        Self { enabled: true, rate_bits_per_s: BitRate(160_000_000), every_s: Seconds(month_s) }
    }
}

pub(super) fn check(scrub: &Scrub, found: &mut Found) {
    if scrub.rate_bits_per_s.0 < MIN_SCRUB_RATE {
        found.add("scrub.rate_bits_per_s", "less than 1Mb/s never gets through a disk");
    }
    if scrub.every_s.0 < MIN_SCRUB_EVERY_S {
        found.add("scrub.every_s", "a disk that is read every hour does nothing else");
    }
}
