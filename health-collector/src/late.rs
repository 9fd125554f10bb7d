//! Late reports: how it was while a box could tell nobody.
//!
//! They are kept beside the newest report and never in its place, once each: the boot and the
//! number of a report tell whether it is there already, so that a batch whose answer was lost may
//! come again, in part or in whole.

use crate::collector::{check_boot_id, check_events};
use crate::{Collector, ReportError};
use contract::late::{LateReport, LateReports, MAX_LATE_BYTES, MAX_LATE_REPORTS};
use contract::names::DeviceName;
use contract::time::TimeUs;

/// More content groups over more protocols and engines than any box serves.
const MAX_TRAFFIC_ROWS: usize = 4096;

/// A late report as it was recorded, without its events.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedLateReport {
    /// When it came, by our clock.
    pub received_at: TimeUs,
    /// What the box would have said.
    pub report: LateReport,
}

impl Collector {
    /// Reads a batch's bytes and checks it.
    ///
    /// # Errors
    /// [`ReportError`], with the first reason found.
    pub fn read_late(bytes: &[u8], identity: &DeviceName) -> Result<LateReports, ReportError> {
        if bytes.len() > MAX_LATE_BYTES {
            return Err(ReportError::TooLarge);
        }
        let late: LateReports = serde_json::from_slice(bytes)
            .map_err(|err| ReportError::Unreadable(err.to_string()))?;
        if late.schema != contract::SCHEMA {
            return Err(ReportError::Schema(late.schema));
        }
        if late.device != *identity {
            let (identity, device) = (identity.clone(), late.device);
            return Err(ReportError::OtherDevice { identity, device });
        }
        if late.reports.len() > MAX_LATE_REPORTS {
            return Err(ReportError::Beyond("late reports are more than a batch carries"));
        }
        late.reports.iter().try_for_each(check)?;
        Ok(late)
    }

    /// Keeps a batch: all of it, or nothing on an error. Gives how many were new.
    ///
    /// # Errors
    /// When the box is unknown or the database fails.
    pub async fn accept_late(&self, late: &LateReports, now: TimeUs) -> Result<u64, ReportError> {
        self.store.record_late(late, now).await
    }

    /// The newest late reports of a box, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn late_reports(
        &self,
        device: &DeviceName,
        at_most: i64,
    ) -> Result<Vec<RecordedLateReport>, db::Error> {
        self.store.late_reports(device, at_most).await
    }
}

fn check(report: &LateReport) -> Result<(), ReportError> {
    check_boot_id(&report.boot_id)?;
    check_events(report.sequence, &report.events)?;
    if report.traffic.len() > MAX_TRAFFIC_ROWS {
        return Err(ReportError::Beyond("traffic has more rows than a report carries"));
    }
    Ok(())
}
