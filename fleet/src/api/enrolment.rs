//! Enrolment: everything that makes a machine one of ours, in one answer.

use super::body::Body;
use super::operator::Operator;
use super::{Problem, named};
use crate::planner::origin;
use crate::server::App;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use config_render::{Files, FleetAddress, Intent, Origin, RenderError, render};
use contract::config::OnMiss;
use contract::names::{DeviceName, GroupName};
use http::header;
use inventory::{Appliance, ContentGroup};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;
use utoipa::ToSchema;

/// What an enrolment needs to know.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnrolmentRequest {
    /// Where the files will lie on the box: an absolute path.
    #[schema(value_type = String)]
    pub(crate) folder: PathBuf,
    /// Where the box shall report, if not where this fleet listens.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) control_address: Option<SocketAddr>,
}

/// The files that a box starts from.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct EnrolmentResponse {
    /// The files.
    pub(crate) files: Vec<EnrolmentFile>,
}

/// One file.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct EnrolmentFile {
    /// Its name in the folder.
    pub(crate) name: String,
    /// Whether only its owner may read it.
    pub(crate) secret: bool,
    /// Its content.
    pub(crate) content: String,
}

impl std::fmt::Debug for EnrolmentFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnrolmentFile").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Issue keys, certificates and configuration for an appliance.
#[utoipa::path(post, path = "/api/v1/appliances/{name}/enrolment", tag = "inventory",
    params(("name" = String, Path, description = "The appliance")),
    request_body = EnrolmentRequest, security(("operator" = [])),
    responses((status = 200, body = EnrolmentResponse), (status = "4XX", body = Problem)))]
pub(super) async fn enroll(
    State(app): State<Arc<App>>,
    _: Operator,
    Path(name): Path<String>,
    Body(request): Body<EnrolmentRequest>,
) -> Result<Json<EnrolmentResponse>, Problem> {
    if !request.folder.is_absolute() {
        return Err(Problem::new(422, "folder: expected an absolute path"));
    }
    let name: DeviceName = named(&name)?;
    let appliance = app.inventory.appliance(&name).await?;
    let groups = app.inventory.groups().await?;
    let control = request.control_address.or(app.settings.control_address).ok_or_else(|| {
        let help = "start it with --advertise-control, or enroll with --control-address";
        Problem::new(
            422,
            format!("the fleet listens on no address that a box could be told: {help}"),
        )
    })?;
    let site = app.inventory.site(&appliance.site).await?;
    let origins = origins_of_demand(&groups).await?;
    let config = render(&Intent {
        origins: &origins,
        appliance: &appliance,
        fill: site.fill.as_ref(),
        groups: &groups,
        files: Files { folder: &request.folder },
        fleet: FleetAddress {
            control,
            report_interval_s: app.settings.report_interval_s,
            trusted_keys: &app.ca.trusted_keys(),
        },
    })
    .map_err(not_rendered)?;
    let hosts = groups.iter().map(|group| group.host_name(&name)).collect();
    let files = files(&app, &appliance, hosts, config).map_err(Problem::internal)?;
    Ok(Json(EnrolmentResponse { files }))
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

fn files(
    app: &App,
    appliance: &Appliance,
    hosts: Vec<String>,
    config: String,
) -> Result<Vec<EnrolmentFile>, ca::CaError> {
    let now = SystemTime::now();
    let name = &appliance.name;
    let identity = app.ca.issue_identity(name, &appliance.site, now)?;
    let player = app.ca.issue_player(name, hosts, now)?;
    let file = |name: &str, secret, content| EnrolmentFile { name: name.into(), secret, content };
    Ok(vec![
        file(Files::CA, false, app.ca.root_pem().to_owned()),
        file(Files::IDENTITY_CHAIN, false, identity.chain_pem),
        file(Files::IDENTITY_KEY, true, identity.key_pem),
        file(Files::PLAYER_CHAIN, false, player.chain_pem),
        file(Files::PLAYER_KEY, true, player.key_pem),
        file(Files::CONFIG, false, config),
    ])
}

fn not_rendered(err: RenderError) -> Problem {
    match err {
        RenderError::Template(err) => Problem::internal(err),
        RenderError::NoContentGroup | RenderError::Refused(_) => Problem::new(422, err),
    }
}

/// The root certificate, for browsers and for `curl --cacert`.
pub(super) async fn ca_pem(State(app): State<Arc<App>>) -> Response {
    let content_type = (header::CONTENT_TYPE, "application/x-pem-file");
    ([content_type], app.ca.root_pem().to_owned()).into_response()
}
