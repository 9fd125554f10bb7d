//! How slow the reads of a disk may get before less is written to it.

use super::DiskClass;
use super::check::Found;
use serde::{Deserialize, Serialize};

/// The longest bound that means anything: players give up waiting long before.
const MAX_READ_P99_MS: u64 = 10_000;

/// The time within which 99 of 100 reads of a disk are to end, by its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReadP99 {
    /// On `nvme`.
    pub nvme_ms: u64,
    /// On `ssd`.
    pub ssd_ms: u64,
    /// On `hdd`.
    pub hdd_ms: u64,
}

impl Default for ReadP99 {
    fn default() -> Self {
        // A read of 256 KiB takes some 0.2, 1 and 12 ms on a disk that does nothing else.
        Self { nvme_ms: 5, ssd_ms: 20, hdd_ms: 100 }
    }
}

impl ReadP99 {
    /// The bound for a disk of this class.
    #[must_use]
    pub fn bound_us(&self, class: DiskClass) -> u64 {
        let ms = match class {
            DiskClass::Nvme => self.nvme_ms,
            DiskClass::Ssd => self.ssd_ms,
            DiskClass::Hdd => self.hdd_ms,
        };
        ms.saturating_mul(1000)
    }
}

pub(super) fn check(bounds: &ReadP99, found: &mut Found) {
    let all = [("nvme_ms", bounds.nvme_ms), ("ssd_ms", bounds.ssd_ms), ("hdd_ms", bounds.hdd_ms)];
    for (key, ms) in all {
        if !(1..=MAX_READ_P99_MS).contains(&ms) {
            found.add(format!("read_p99.{key}"), format!("expected 1 to {MAX_READ_P99_MS}"));
        }
    }
}
