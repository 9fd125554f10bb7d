//! Where objects live, and what that may cost.

use super::check::Found;
use crate::quantity::ByteCount;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::path::PathBuf;

/// How long disks are to live where nobody says so: five years, for which makers rate them.
pub const DEFAULT_SERVICE_LIFE_DAYS: u64 = 1826;

/// Nobody plans further ahead.
const MAX_SERVICE_LIFE_DAYS: u64 = 36_525;

/// What may be written in a day with less than this is not one large object.
const MIN_DAILY_BYTES: u64 = 1 << 20;

/// One disk, or one folder that stands for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// Its mount point.
    pub folder: PathBuf,
    /// How fast it is.
    pub class: DiskClass,
    /// How much of it objects may take.
    pub capacity_bytes: ByteCount,
    /// How much of the file system stays free whatever the capacity says.
    #[serde(default)]
    pub reserve_bytes: ByteCount,
    /// What its maker rates it for: what may be written to it in its life (TBW). Without it
    /// nobody counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rated_write_bytes: Option<ByteCount>,
    /// How long it is to live with that.
    #[serde(default = "five_years", skip_serializing_if = "is_five_years")]
    pub service_life_days: u64,
}

fn five_years() -> u64 {
    DEFAULT_SERVICE_LIFE_DAYS
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_five_years(days: &u64) -> bool {
    *days == DEFAULT_SERVICE_LIFE_DAYS
}

/// How fast a disk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiskClass {
    /// Flash on PCI Express.
    Nvme,
    /// Flash on SATA or SAS.
    Ssd,
    /// Spinning.
    Hdd,
}

impl DiskClass {
    /// By what it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nvme => "nvme",
            Self::Ssd => "ssd",
            Self::Hdd => "hdd",
        }
    }
}

/// What is wrong with a rating and a life: the key, and why.
#[must_use]
pub fn bad_rating(
    rated_write_bytes: Option<u64>,
    life_days: u64,
) -> Option<(&'static str, String)> {
    if !(1..=MAX_SERVICE_LIFE_DAYS).contains(&life_days) {
        return Some(("service_life_days", format!("expected 1 to {MAX_SERVICE_LIFE_DAYS}")));
    }
    let daily_bytes = rated_write_bytes? / life_days;
    (daily_bytes < MIN_DAILY_BYTES).then(|| {
        let message = format!("over {life_days} days that is less than 1MiB a day: nothing comes");
        ("rated_write_bytes", message)
    })
}

pub(super) fn check(disks: &[Disk], found: &mut Found) {
    if disks.is_empty() {
        found.add("disks", "name at least one disk");
    }
    let mut seen = HashSet::new();
    for (at, disk) in disks.iter().enumerate() {
        if !disk.folder.is_absolute() {
            found.add(format!("disks[{at}].folder"), "expected an absolute path");
        }
        if !seen.insert(&disk.folder) {
            found.add(format!("disks[{at}].folder"), "named twice");
        }
        if disk.capacity_bytes.0 < 1 << 20 {
            found.add(format!("disks[{at}].capacity_bytes"), "less than 1MiB holds nothing");
        }
        let rated_write_bytes = disk.rated_write_bytes.map(|bytes| bytes.0);
        if let Some((key, message)) = bad_rating(rated_write_bytes, disk.service_life_days) {
            found.add(format!("disks[{at}].{key}"), message);
        }
    }
}
