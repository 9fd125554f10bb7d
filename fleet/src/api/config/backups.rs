//! Copies of what devices run: how they stand, and asking for them.

use crate::api::body::Body;
use crate::api::caller::Operator;
use crate::api::status::rfc3339;
use crate::api::{List, Problem};
use crate::server::{App, now};
use axum::Json;
use axum::extract::State;
use config_render::all_facts;
use config_render::revisions::BackupState;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use utoipa::ToSchema;

/// How the copies of a device stand.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct BackupItem {
    /// The device.
    pub(crate) device: String,
    /// When one was last tried (RFC 3339).
    pub(crate) tried_at: Option<String>,
    /// When one was last taken, changed or not (RFC 3339).
    pub(crate) taken_at: Option<String>,
    /// The latest revision.
    pub(crate) revision: Option<i64>,
    /// Why the last attempt failed, if it did.
    pub(crate) error: Option<String>,
}

impl BackupItem {
    fn of(device: String, state: Option<BackupState>) -> Self {
        let Some(state) = state else {
            return Self { device, tried_at: None, taken_at: None, revision: None, error: None };
        };
        Self {
            device,
            tried_at: Some(rfc3339(state.tried_at)),
            taken_at: state.taken_at.map(rfc3339),
            revision: state.latest,
            error: state.why,
        }
    }
}

/// Of which devices copies are to be taken now.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BackupRequest {
    /// These; all that the fleet comes to, where none is named.
    #[serde(default)]
    pub(crate) devices: BTreeSet<String>,
}

/// What is being done about it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct BackupAsked {
    /// Since when (RFC 3339): who was tried later was tried for this.
    pub(crate) asked_at: String,
    /// Of which devices.
    pub(crate) devices: BTreeSet<String>,
}

/// How the copies of devices stand: of all that the fleet comes to, and those that it once came to.
#[utoipa::path(get, path = "/api/v1/config/backups", tag = "config",
    responses((status = 200, body = List<BackupItem>)))]
pub(in crate::api) async fn list_backups(
    State(app): State<Arc<App>>,
) -> Result<Json<List<BackupItem>>, Problem> {
    let states = app.archiving.revisions.states().await.map_err(Problem::internal)?;
    let mut all: BTreeMap<String, Option<BackupState>> =
        reached(&app).await?.into_iter().map(|device| (device, None)).collect();
    all.extend(states.into_iter().map(|state| (state.device.clone(), Some(state))));
    let items = all.into_iter().map(|(device, state)| BackupItem::of(device, state)).collect();
    Ok(Json(List { items }))
}

/// Devices that the fleet comes to.
async fn reached(app: &App) -> Result<BTreeSet<String>, Problem> {
    let all = all_facts(app.inventory.db()).await?.into_iter();
    let reached = all.filter(|facts| facts.management_address().is_some());
    Ok(reached.map(|facts| facts.name().to_owned()).collect())
}

/// Take copies of devices now.
#[utoipa::path(post, path = "/api/v1/config/backups", tag = "config", request_body = BackupRequest,
    responses((status = 202, body = BackupAsked)))]
pub(in crate::api) async fn ask_for_backups(
    State(app): State<Arc<App>>,
    _: Operator,
    Body(request): Body<BackupRequest>,
) -> Result<(StatusCode, Json<BackupAsked>), Problem> {
    let devices = match request.devices.is_empty() {
        true => reached(&app).await?,
        false => there(&app, request.devices).await?,
    };
    let asked_at = rfc3339(now());
    app.archiving.ask(devices.iter().cloned());
    Ok((StatusCode::ACCEPTED, Json(BackupAsked { asked_at, devices })))
}

/// Those, if each of them is there.
async fn there(app: &App, devices: BTreeSet<String>) -> Result<BTreeSet<String>, Problem> {
    let all = all_facts(app.inventory.db()).await?;
    let all: BTreeSet<&str> = all.iter().map(config_render::Facts::name).collect();
    match devices.iter().find(|device| !all.contains(device.as_str())) {
        Some(device) => Err(Problem::new(404, format!("there is no device {device}"))),
        None => Ok(devices),
    }
}
