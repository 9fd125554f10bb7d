//! Appliances.

use super::body::Body;
use super::caller::Operator;
use super::records::Change;
use super::said::Path;
use super::status::{ApplianceStatus, Seen, seen};
use super::{List, Problem, named};
use crate::barring;
use crate::server::{App, now};
use axum::Json;
use axum::extract::State;
use contract::names::DeviceName;
use http::StatusCode;
use inventory::{Appliance, ContentGroup};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// An appliance in a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ApplianceItem {
    /// Its name.
    pub(crate) name: String,
    /// Where it stands.
    pub(crate) site: String,
    /// `live`, `late`, `silent` or `never-seen`.
    pub(crate) state: String,
    /// Where viewers reach it, under the shortest of its host names.
    pub(crate) base_url: Option<String>,
    /// Objects that it holds of those it should.
    pub(crate) objects_held: u64,
    /// Objects that it should hold.
    pub(crate) objects_wanted: u64,
    /// Bytes that it holds of those it should, verified.
    pub(crate) bytes_held: u64,
    /// Bytes that it should hold.
    pub(crate) bytes_wanted: u64,
    /// Bytes that it got from other boxes.
    pub(crate) bytes_from_peer: u64,
    /// Bytes that it got from origins.
    pub(crate) bytes_from_origin: u64,
    /// Seconds since its last report.
    pub(crate) last_report_age_s: Option<f64>,
    /// Its software.
    pub(crate) version: Option<String>,
}

/// An appliance, as intended and as seen.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ApplianceDetail {
    /// As intended.
    pub(crate) intended: Appliance,
    /// As seen.
    pub(crate) observed: ApplianceStatus,
}

impl ApplianceItem {
    pub(super) fn new(appliance: &Appliance, groups: &[ContentGroup], seen: &Seen) -> Self {
        let authorities = groups.iter().filter_map(|group| group.authority(appliance));
        // The plainest of its names says best which box it is.
        let authority = authorities.min_by_key(|authority| (authority.len(), authority.clone()));
        let held = seen.held();
        Self {
            name: appliance.name.to_string(),
            site: appliance.site.to_string(),
            state: seen.state.as_str().to_owned(),
            base_url: authority.map(|authority| format!("https://{authority}/")),
            objects_held: held.objects_held,
            objects_wanted: held.objects_wanted,
            bytes_held: held.bytes_held,
            bytes_wanted: held.bytes_wanted,
            bytes_from_peer: seen.bytes_from(false),
            bytes_from_origin: seen.bytes_from(true),
            last_report_age_s: seen.age_s,
            version: seen.latest.as_ref().map(|latest| latest.report.version.clone()),
        }
    }
}

/// All appliances.
#[utoipa::path(get, path = "/api/v1/appliances", tag = "inventory",
    responses((status = 200, body = List<ApplianceItem>)))]
pub(super) async fn list_appliances(
    State(app): State<Arc<App>>,
) -> Result<Json<List<ApplianceItem>>, Problem> {
    let groups = app.inventory.groups().await?;
    let appliances = app.inventory.appliances().await?;
    let item = |each: &Appliance| ApplianceItem::new(each, &groups, &seen(&app, &each.name));
    Ok(Json(List { items: appliances.iter().map(item).collect() }))
}

/// Add an appliance.
#[utoipa::path(post, path = "/api/v1/appliances", tag = "inventory", request_body = Appliance,
    responses((status = 201, body = Appliance)))]
pub(super) async fn create_appliance(
    State(app): State<Arc<App>>,
    change: Change,
    Body(appliance): Body<Appliance>,
) -> Result<(StatusCode, Json<Appliance>), Problem> {
    app.inventory.create_appliance(&appliance, change.plain()?, now()).await?;
    app.changed.notify_one();
    Ok((StatusCode::CREATED, Json(appliance)))
}

/// One appliance.
#[utoipa::path(get, path = "/api/v1/appliances/{name}", tag = "inventory",
    params(("name" = String, Path, description = "The appliance")),
    responses((status = 200, body = ApplianceDetail)))]
pub(super) async fn show_appliance(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Json<ApplianceDetail>, Problem> {
    let intended = app.inventory.appliance(&named(&name)?).await?;
    let groups = app.inventory.groups().await?;
    let observed = super::status::read(&app, &intended, &groups).await?;
    Ok(Json(ApplianceDetail { intended, observed }))
}

/// Why an appliance is to be one no more.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevocationRequest {
    /// Shown to whoever asks why.
    #[schema(min_length = 1, max_length = 256)]
    pub(crate) because: String,
}

/// Let an appliance's identities count no more: nobody fills from it, and it is told nothing,
/// until a machine joins anew.
#[utoipa::path(post, path = "/api/v1/appliances/{name}/revocation", tag = "inventory",
    params(("name" = String, Path, description = "The appliance")),
    request_body = RevocationRequest,
    responses((status = 204)))]
pub(super) async fn revoke_appliance(
    State(app): State<Arc<App>>,
    _: Operator,
    Path(name): Path<String>,
    Body(request): Body<RevocationRequest>,
) -> Result<StatusCode, Problem> {
    let because = request.because.trim();
    if because.is_empty() || because.len() > 256 || because.contains(char::is_control) {
        return Err(Problem::new(422, "because: expected 1 to 256 bytes on one line"));
    }
    let appliance = app.inventory.appliance(&named(&name)?).await?;
    if barring::bar(&app, &appliance.name, because).await? == 0 {
        let message = format!("{name} has no identity that counts: nothing to revoke");
        return Err(Problem::new(409, message));
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Remove an appliance and everything that it reported.
#[utoipa::path(delete, path = "/api/v1/appliances/{name}", tag = "inventory",
    params(("name" = String, Path, description = "The appliance")),
    responses((status = 204)))]
pub(super) async fn delete_appliance(
    State(app): State<Arc<App>>,
    change: Change,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    let name: DeviceName = named(&name)?;
    app.inventory.delete_appliance(&name, change.plain()?, now()).await?;
    barring::bar(&app, &name, "the appliance was deleted").await?;
    app.collector.forget(&name);
    app.observing.forget(&name);
    app.changed.notify_one();
    Ok(StatusCode::NO_CONTENT)
}
