//! A disk of an appliance: where it is, and what it is good for.

use super::Found;
use super::appliance::{MIN_BYTES, check_folder};
use contract::config::{DEFAULT_SERVICE_LIFE_DAYS, bad_rating};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use utoipa::ToSchema;

/// One disk, or one folder that stands for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// Its mount point.
    #[schema(value_type = String, example = "/srv/disk0")]
    pub folder: PathBuf,
    /// How fast it is.
    pub class: DiskClass,
    /// How much of it objects may take.
    pub capacity_bytes: u64,
    /// What its maker rates it for: what may be written to it in its life. Without it nobody
    /// counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rated_write_bytes: Option<u64>,
    /// How long it is to live with that; five years where nobody says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_life_days: Option<u64>,
}

/// How fast a disk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
    /// As written in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nvme => "nvme",
            Self::Ssd => "ssd",
            Self::Hdd => "hdd",
        }
    }
}

impl Disk {
    /// One without a rating.
    pub fn new(folder: impl Into<PathBuf>, class: DiskClass, capacity_bytes: u64) -> Self {
        let folder = folder.into();
        Self { folder, class, capacity_bytes, rated_write_bytes: None, service_life_days: None }
    }

    /// What is wrong with it; `field` is where it stands.
    pub(super) fn check(&self, field: &str, found: &mut Found) {
        check_folder(&format!("{field}.folder"), &self.folder, found);
        if self.capacity_bytes < MIN_BYTES {
            found.add(format!("{field}.capacity_bytes"), "less than 1MiB holds nothing");
        }
        let life_days = self.service_life_days.unwrap_or(DEFAULT_SERVICE_LIFE_DAYS);
        if let Some((key, message)) = bad_rating(self.rated_write_bytes, life_days) {
            found.add(format!("{field}.{key}"), message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rating_has_to_last_for_a_life() {
        let rated = |rated_write_bytes, service_life_days| {
            let plain = Disk::new("/srv/disk0", DiskClass::Nvme, 1 << 40);
            let disk = Disk { rated_write_bytes, service_life_days, ..plain };
            let mut found = Found::default();
            disk.check("disks[0]", &mut found);
            let complaints = found.or_else_ok().err().unwrap_or_default();
            complaints.into_iter().map(|complaint| complaint.field).collect::<Vec<_>>()
        };
        assert!(rated(Some(1_200_000_000_000_000), None).is_empty());
        assert!(rated(None, None).is_empty() && rated(None, Some(365)).is_empty());
        assert_eq!(rated(Some(1 << 30), None), ["disks[0].rated_write_bytes"]);
        assert_eq!(rated(Some(1 << 50), Some(0)), ["disks[0].service_life_days"]);
    }
}
