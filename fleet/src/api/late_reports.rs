//! How it was while a box could tell nobody.

use super::said::{Path, Query};
use super::status::rfc3339;
use super::{List, Problem, named};
use crate::server::App;
use axum::Json;
use axum::extract::State;
use contract::names::DeviceName;
use health_collector::RecordedLateReport;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A day and a half at a report a minute.
const MOST: i64 = 2000;

/// How many.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    limit: Option<i64>,
}

/// What a box would have reported.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct LateReportItem {
    /// When it was made, by the box's clock (RFC 3339).
    pub(crate) made_at: String,
    /// When it came (RFC 3339).
    pub(crate) received_at: String,
    /// Of which process: its counters begin with it.
    pub(crate) boot_id: String,
    /// The number of the report in that process.
    pub(crate) sequence: u64,
    /// Reports before this one that were dropped, or could not be kept.
    pub(crate) dropped_before: u64,
    /// Objects that it held of those it should.
    pub(crate) objects_held: u64,
    /// Objects that it should have held.
    pub(crate) objects_wanted: u64,
    /// Bytes that it held of those.
    pub(crate) bytes_held: u64,
    /// Open connections of players.
    pub(crate) connections: u64,
    /// Bytes a second sent to players.
    pub(crate) rate_bytes_per_s: u64,
    /// Requests answered since its process began.
    pub(crate) requests: u64,
    /// Of these, not held.
    pub(crate) misses: u64,
    /// Bytes of content sent since its process began.
    pub(crate) bytes_sent: u64,
}

/// What a box would have reported while nobody could be told, newest first.
#[utoipa::path(get, path = "/api/v1/appliances/{name}/late-reports", tag = "status",
    params(("name" = String, Path, description = "The appliance"),
        ("limit" = Option<i64>, Query, description = "The newest so many: 100 without it, 2000 at most")),
    responses((status = 200, body = List<LateReportItem>)))]
pub(super) async fn list_late_reports(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<List<LateReportItem>>, Problem> {
    let name: DeviceName = named(&name)?;
    app.inventory.appliance(&name).await?;
    let limit = page.limit.unwrap_or(100).clamp(0, MOST);
    let reports = app.collector.late_reports(&name, limit).await?;
    Ok(Json(List { items: reports.into_iter().map(item).collect() }))
}

fn item(recorded: RecordedLateReport) -> LateReportItem {
    let RecordedLateReport { received_at, report } = recorded;
    let sum = |of: fn(&contract::report::Traffic) -> u64| report.traffic.iter().map(of).sum();
    LateReportItem {
        made_at: rfc3339(report.made_at_us),
        received_at: rfc3339(received_at),
        requests: sum(|row| row.requests),
        misses: sum(|row| row.misses),
        bytes_sent: sum(|row| row.bytes_sent),
        boot_id: report.boot_id,
        sequence: report.sequence,
        dropped_before: report.dropped_before,
        objects_held: report.objects_held,
        objects_wanted: report.objects_wanted,
        bytes_held: report.bytes_held,
        connections: report.load.connections,
        rate_bytes_per_s: report.load.rate_bytes_per_s,
    }
}
