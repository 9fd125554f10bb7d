//! Late reports: what a box would have said while nobody could be told.
//!
//! They say how it was, and change nothing of how it is: the newest report alone does that.
//! Counters in them count from the start of the process, as in a report, so that one that is
//! lost costs detail and one that comes twice adds nothing.

use crate::names::DeviceName;
use crate::report::{Event, Load, Report, Traffic};
use crate::time::TimeUs;
use serde::{Deserialize, Serialize};

/// The most late reports in one batch.
pub const MAX_LATE_REPORTS: usize = 256;

/// The most bytes of a batch: a few of these at once cost a fleet little memory, and a day of a
/// box with a handful of content groups is a dozen.
pub const MAX_LATE_BYTES: usize = 1 << 20;

/// What a box would have reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LateReport {
    /// Of the process that made it.
    pub boot_id: String,
    /// The number of the report in that boot, which no other has.
    pub sequence: u64,
    /// When it was made, by the box's clock.
    pub made_at_us: TimeUs,
    /// How many reports that were kept before this one were dropped, or could not be kept.
    #[serde(default)]
    pub dropped_before: u64,
    /// Objects the manifest in force listed.
    pub objects_wanted: u64,
    /// Of these, objects that were held.
    pub objects_held: u64,
    /// Their bytes.
    pub bytes_held: u64,
    /// How busy it was.
    pub load: Load,
    /// What it had served, since its process began.
    pub traffic: Vec<Traffic>,
    /// What had happened since the one before.
    pub events: Vec<Event>,
}

/// Late reports on their way, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LateReports {
    /// [`crate::SCHEMA`].
    pub schema: u32,
    /// Whose.
    pub device: DeviceName,
    /// The reports.
    pub reports: Vec<LateReport>,
}

/// All of a batch was taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LateAnswer {
    /// [`crate::SCHEMA`].
    pub schema: u32,
    /// When the next batch may come, at the earliest.
    pub next_in_s: f64,
}

impl LateReport {
    /// What is kept of a report that could not be sent, with events that are kept nowhere else.
    /// What it says of the machine and of filling is about now, and of no use later.
    #[must_use]
    pub fn of(report: Report, events: Vec<Event>) -> Self {
        let Report { boot_id, sequence, made_at_us, held, load, traffic, .. } = report;
        Self {
            boot_id,
            sequence,
            made_at_us,
            dropped_before: 0,
            objects_wanted: held.objects_wanted,
            objects_held: held.objects_held,
            bytes_held: held.bytes_held,
            load,
            traffic,
            events,
        }
    }
}
