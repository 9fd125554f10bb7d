//! The disks of boxes, as these see them.

use super::status::{rfc3339, seen};
use super::{List, Problem};
use crate::server::App;
use axum::Json;
use axum::extract::State;
use contract::names::DeviceName;
use contract::report::{DiskReport, ScrubReport};
use contract::smart::SmartReport;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A disk, as its box sees it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct DiskItem {
    /// The appliance.
    pub(crate) appliance: String,
    /// Its site.
    pub(crate) site: String,
    /// How old all of this is.
    pub(crate) report_age_s: Option<f64>,
    /// The folder.
    pub(crate) folder: String,
    /// `nvme`, `ssd` or `hdd`.
    pub(crate) class: Option<String>,
    /// Why it is not in use, where it is not.
    pub(crate) ejected: Option<String>,
    /// What objects may take.
    pub(crate) capacity_bytes: u64,
    /// What objects take.
    pub(crate) used_bytes: u64,
    /// Objects on it.
    pub(crate) objects: u64,
    /// Reads and writes that failed, since it was taken into use.
    pub(crate) io_errors: u64,
    /// Blocks that did not match their checksum, since then.
    pub(crate) bad_blocks: u64,
    /// The pass over its blocks that is under way, or was the last.
    pub(crate) scrub: Option<ScrubItem>,
    /// What it says of itself (SMART).
    pub(crate) health: Option<DiskHealthItem>,
}

/// A pass over every block of a disk.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct ScrubItem {
    /// When it began (RFC 3339).
    pub(crate) began_at: String,
    /// When it ended; nothing while it is under way (RFC 3339).
    pub(crate) ended_at: Option<String>,
    /// What was read.
    pub(crate) bytes_done: u64,
    /// What there was to read.
    pub(crate) bytes_total: u64,
    /// Blocks that did not match, or could not be read.
    pub(crate) bad_blocks: u64,
}

/// What a disk says of itself. What is not there it does not say.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct DiskHealthItem {
    /// When it was asked (RFC 3339).
    pub(crate) asked_at: String,
    /// What it is.
    pub(crate) model: Option<String>,
    /// Which one it is.
    pub(crate) serial: Option<String>,
    /// By its own judgement.
    pub(crate) is_healthy: Option<bool>,
    /// How warm it is.
    pub(crate) temperature_celsius: Option<i64>,
    /// What of its rated endurance is used up; it may go beyond 100.
    pub(crate) wear_percent: Option<u64>,
    /// What was ever written to it.
    pub(crate) written_bytes: Option<u64>,
    /// Errors of its medium that it could not mend.
    pub(crate) media_errors: Option<u64>,
    /// What it complains of.
    pub(crate) warnings: Vec<String>,
}

impl From<&ScrubReport> for ScrubItem {
    fn from(scrub: &ScrubReport) -> Self {
        Self {
            began_at: rfc3339(scrub.began_us),
            ended_at: scrub.ended_us.map(rfc3339),
            bytes_done: scrub.bytes_done,
            bytes_total: scrub.bytes_total,
            bad_blocks: scrub.bad_blocks,
        }
    }
}

impl From<&SmartReport> for DiskHealthItem {
    fn from(smart: &SmartReport) -> Self {
        Self {
            asked_at: rfc3339(smart.asked_at_us),
            model: smart.model.clone(),
            serial: smart.serial.clone(),
            is_healthy: smart.is_healthy,
            temperature_celsius: smart.temperature_celsius,
            wear_percent: smart.wear_percent,
            written_bytes: smart.written_bytes,
            media_errors: smart.media_errors,
            warnings: smart.warnings.clone(),
        }
    }
}

fn item(appliance: (&DeviceName, String), age_s: Option<f64>, disk: &DiskReport) -> DiskItem {
    DiskItem {
        appliance: appliance.0.to_string(),
        site: appliance.1,
        report_age_s: age_s,
        folder: disk.folder.clone(),
        class: disk.class.map(|class| class.name().to_owned()),
        ejected: disk.ejected.clone(),
        capacity_bytes: disk.capacity_bytes,
        used_bytes: disk.used_bytes,
        objects: disk.objects,
        io_errors: disk.io_errors,
        bad_blocks: disk.bad_blocks,
        scrub: disk.scrub.as_ref().map(ScrubItem::from),
        health: disk.smart.as_ref().map(DiskHealthItem::from),
    }
}

/// The disks of all boxes that have reported, as these see them.
#[utoipa::path(get, path = "/api/v1/disks", tag = "status",
    responses((status = 200, body = List<DiskItem>)))]
pub(super) async fn list_disks(
    State(app): State<Arc<App>>,
) -> Result<Json<List<DiskItem>>, Problem> {
    let mut items = Vec::new();
    for appliance in app.inventory.appliances().await? {
        let seen = seen(&app, &appliance.name);
        let disks = seen.latest.iter().flat_map(|latest| &latest.report.disks);
        let named = || (&appliance.name, appliance.site.to_string());
        items.extend(disks.map(|disk| item(named(), seen.age_s, disk)));
    }
    Ok(Json(List { items }))
}
