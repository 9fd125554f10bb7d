//! What a device runs beside what it is to run.

use crate::api::said::Path;
use crate::api::status::rfc3339;
use crate::api::{List, Problem};
use crate::configuring;
use crate::drifting::{Cause, Drift, drift};
use crate::server::App;
use axum::Json;
use axum::extract::State;
use contract::time::TimeUs;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A file of a device: what it has, and what it is to have.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct DriftItem {
    /// Where, on the device.
    pub(crate) path: String,
    /// `same`, `differs`, `missing` (the device has no such file), `unread` (it is not asked for it) or `unknown` (what
    /// it is to have cannot be rendered).
    pub(crate) state: String,
    /// Of the latest copy: which revision it is.
    pub(crate) revision: i64,
    /// What it has, as it is kept: without secrets.
    pub(crate) running: Option<String>,
    /// What it is to have, as it would be kept.
    pub(crate) intended: Option<String>,
    /// Why that cannot be rendered, where it cannot.
    pub(crate) error: Option<String>,
    /// Where it differs: why, most likely.
    pub(crate) cause: Option<CauseItem>,
}

/// Why something differs, most likely.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct CauseItem {
    /// `device`: it was changed there. `intent`: what it is to have was changed since. `never`: it never had it, as far
    /// as there are copies.
    pub(crate) what: String,
    /// When that was seen, or done (RFC 3339).
    pub(crate) at: Option<String>,
    /// In which revision it was seen.
    pub(crate) revision: Option<i64>,
    /// Who has changed what it is to have.
    pub(crate) who: Option<String>,
    /// By which record.
    pub(crate) record: Option<String>,
    /// In his words.
    pub(crate) message: Option<String>,
}

impl From<Cause> for CauseItem {
    fn from(cause: Cause) -> Self {
        let item = |what: &str| Self {
            what: what.to_owned(),
            at: None,
            revision: None,
            who: None,
            record: None,
            message: None,
        };
        match cause {
            Cause::Device { revision, seen_at } => {
                Self { at: Some(rfc3339(seen_at)), revision: Some(revision), ..item("device") }
            }
            Cause::Intent(change) => Self {
                at: Some(rfc3339(TimeUs(change.at_us))),
                who: Some(change.author.who),
                record: Some(format!("{} {}", change.kind, change.key)),
                message: change.author.message,
                ..item("intent")
            },
            Cause::Never => item("never"),
        }
    }
}

impl DriftItem {
    fn of(drift: Drift, revision: i64) -> Self {
        let state = match (&drift.intended, &drift.running) {
            _ if !drift.is_read => "unread",
            (Err(_), _) => "unknown",
            (Ok(_), None) => "missing",
            (Ok(_), Some(_)) if drift.differs() => "differs",
            (Ok(_), Some(_)) => "same",
        };
        let (intended, error) = match drift.intended {
            Ok(text) => (Some(text), None),
            Err(error) => (None, Some(error)),
        };
        Self {
            path: drift.path,
            state: state.to_owned(),
            revision,
            running: drift.running,
            intended,
            error,
            cause: drift.cause.map(CauseItem::from),
        }
    }
}

/// What a device ran when it was last read, beside what it is to run, file by file.
#[utoipa::path(get, path = "/api/v1/config/devices/{device}/drift", tag = "config",
    params(("device" = String, Path, description = "The device.")),
    responses((status = 200, body = List<DriftItem>)))]
pub(in crate::api) async fn device_drift(
    State(app): State<Arc<App>>,
    Path(device): Path<String>,
) -> Result<Json<List<DriftItem>>, Problem> {
    let (facts, settings) = configuring::known(&app, &device).await?;
    let found = drift(&app, &facts, &settings).await?.ok_or_else(|| {
        let help = format!("`fleet config backup {device}` takes one");
        Problem::new(404, format!("there is no copy of what {device} runs: {help}"))
    })?;
    let (latest, drifts) = found;
    let item = |drift| DriftItem::of(drift, latest.head.number);
    Ok(Json(List { items: drifts.into_iter().map(item).collect() }))
}
