//! What a disk says of its own health.

use crate::time::TimeUs;
use serde::{Deserialize, Serialize};

/// The most warnings of one disk.
pub const MAX_SMART_WARNINGS: usize = 16;

/// The most characters of a model, a serial number or a warning.
pub const MAX_SMART_TEXT: usize = 64;

/// What a disk says of itself. Disks differ in what they count: what is `None` it does not say.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SmartReport {
    /// When it was asked.
    pub asked_at_us: TimeUs,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Which one it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// What runs in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    /// By its own judgement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_healthy: Option<bool>,
    /// How warm it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature_celsius: Option<i64>,
    /// What of its rated endurance is used up; beyond 100 it goes on at nobody's risk but ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wear_percent: Option<u64>,
    /// What was ever written to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_bytes: Option<u64>,
    /// For how long it was switched on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_on_hours: Option<u64>,
    /// Errors of its medium that it could not mend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_errors: Option<u64>,
    /// Sectors that others stand in for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reallocated_sectors: Option<u64>,
    /// Sectors that it could not read, and has not given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_sectors: Option<u64>,
    /// What it complains of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl SmartReport {
    /// Whether somebody should look at it.
    #[must_use]
    pub fn is_worrying(&self) -> bool {
        self.is_healthy == Some(false)
            || !self.warnings.is_empty()
            || self.wear_percent.is_some_and(|percent| percent >= 100)
    }
}
