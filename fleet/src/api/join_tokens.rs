//! Letting a machine become a box.

use super::body::Body;
use super::caller::Operator;
use super::said::Path;
use super::status::rfc3339;
use super::trust::nothing_said;
use super::{Problem, named};
use crate::configuring;
use crate::planner::origin;
use crate::server::{App, now};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use config_render::files::{Service, wanted};
use config_render::{Files, FleetAddress, Intent, NoValues, Origin, appliance_values};
use contract::config::OnMiss;
use contract::join::JoinToken;
use contract::names::{DeviceName, GroupName};
use http::{StatusCode, header};
use inventory::ContentGroup;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;

/// How long a token is good, if nobody says otherwise.
const DEFAULT_LIFE_S: u64 = 86_400;

/// For how long a token is to be good.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct JoinTokenRequest {
    /// Seconds; a day without it, and no more than a week.
    #[schema(minimum = 60, maximum = 604800)]
    pub(crate) life_s: Option<u64>,
}

/// A token, to be carried to a machine. It is shown this once.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct JoinTokenItem {
    /// The appliance that the machine will be.
    pub(crate) appliance: String,
    /// The serial number of that machine.
    pub(crate) serial: String,
    /// The token: one line.
    pub(crate) token: String,
    /// Until when it is good (RFC 3339).
    pub(crate) expires_at: String,
}

impl std::fmt::Debug for JoinTokenItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JoinTokenItem").field("appliance", &self.appliance).finish_non_exhaustive()
    }
}

/// Let the machine with an appliance's serial number become that appliance, once.
#[utoipa::path(post, path = "/api/v1/appliances/{name}/join-tokens", tag = "inventory",
    params(("name" = String, Path, description = "The appliance")),
    request_body = JoinTokenRequest,
    responses((status = 201, body = JoinTokenItem)))]
pub(super) async fn make_token(
    State(app): State<Arc<App>>,
    _: Operator,
    Path(name): Path<String>,
    Body(request): Body<JoinTokenRequest>,
) -> Result<(StatusCode, Json<JoinTokenItem>), Problem> {
    let life = Duration::from_secs(request.life_s.unwrap_or(DEFAULT_LIFE_S));
    if life < Duration::from_secs(60) || life > ca::MAX_TOKEN_LIFE {
        return Err(Problem::new(422, "life_s: expected a minute to a week"));
    }
    let name: DeviceName = named(&name)?;
    let said = app.said.last().ok_or_else(nothing_said)?;
    let appliance = app.inventory.appliance(&name).await?;
    let serial = appliance.serial.ok_or_else(|| {
        let help = "fleet device edit --serial (`appliance serial` on it tells)";
        Problem::new(422, format!("the serial number of {name} is not known: {help}"))
    })?;
    let address = app.settings.join_address.ok_or_else(|| {
        let help = "start it with --advertise-join";
        let what = "the fleet listens for machines on no address that they could be told";
        Problem::new(422, format!("{what}: {help}"))
    })?;
    // What would keep it from joining is told to whoever can do something about it.
    configuration(&app, &name, std::path::Path::new("/etc/headend")).await?;
    let made = app.tokens.make(&name, &serial, life, now()).await?;
    let root = said.trust.root.pin();
    let trust_version = said.trust.version;
    let token = JoinToken { address, root, trust_version, id: made.id, secret: made.secret };
    Ok((
        StatusCode::CREATED,
        Json(JoinTokenItem {
            appliance: name.to_string(),
            serial,
            token: token.to_line(),
            expires_at: rfc3339(made.expires_at),
        }),
    ))
}

/// What a box is told to be: its own file, with its settings.
pub(crate) async fn configuration(
    app: &App,
    name: &DeviceName,
    folder: &std::path::Path,
) -> Result<String, Problem> {
    let own = own_values(app, name, folder).await?;
    let (facts, settings) = configuring::known(app, name.as_str()).await?;
    let files = wanted(&facts).into_iter().filter(|file| file.service == Service::Appliance);
    let files: Vec<_> = files.collect();
    let mut texts = configuring::texts(app, (&facts, &settings), Some(&own), &files).await?;
    let text = texts.pop().ok_or_else(|| Problem::new(422, format!("{name} is no appliance")))?;
    text.map_err(|err| Problem::new(422, err))
}

/// What the template of a box's own file reads.
pub(crate) async fn own_values(
    app: &App,
    name: &DeviceName,
    folder: &std::path::Path,
) -> Result<serde_json::Value, Problem> {
    let appliance = app.inventory.appliance(name).await?;
    let groups = app.inventory.groups().await?;
    let control = app.settings.control_address.ok_or_else(|| {
        let what = "the fleet listens on no address that a box could be told";
        Problem::new(422, format!("{what}: start it with --advertise-control"))
    })?;
    let site = app.inventory.site(&appliance.site).await?;
    let origins = origins_of_demand(&groups).await?;
    let intent = Intent {
        origins: &origins,
        appliance: &appliance,
        fill: site.fill.as_ref(),
        groups: &groups,
        files: Files { folder },
        fleet: FleetAddress { control, report_interval_s: app.settings.report_interval_s },
    };
    appliance_values(&intent).map_err(|err| match err {
        NoValues::Json(_) => Problem::internal(err),
        NoValues::NoContentGroup => Problem::new(422, err),
    })
}

/// Where the origins are of groups that boxes fill by demand.
async fn origins_of_demand(
    groups: &[ContentGroup],
) -> Result<BTreeMap<GroupName, Origin>, Problem> {
    let mut origins = BTreeMap::new();
    for group in groups.iter().filter(|group| group.on_miss == OnMiss::Proxy) {
        let origin = origin::resolve(group).await.map_err(|err| {
            let (group, url) = (&group.name, &group.origin_url);
            Problem::new(422, format!("content group {group}: {url} is nowhere: {err:#}"))
        })?;
        origins.insert(group.name.clone(), origin);
    }
    Ok(origins)
}

/// Who issues what boxes show to viewers: for browsers and for `curl --cacert`.
pub(super) async fn ca_pem(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let said = app.said.last().ok_or_else(nothing_said)?;
    let players = &said.trust.authorities.players;
    let pem: String = players.iter().map(|pem| format!("{}\n", pem.trim_end())).collect();
    Ok(([(header::CONTENT_TYPE, "application/x-pem-file")], pem).into_response())
}
