//! Purges: what boxes hold of something must no longer be served.
//!
//! A purge changes nothing in the catalogue: what it still lists is fetched again. A title
//! that is withdrawn for good is removed.

use super::body::Body;
use super::caller::Operator;
use super::said::Path;
use super::status::{rfc3339, seen};
use super::{List, Problem, named};
use crate::purging;
use crate::server::{App, now};
use axum::Json;
use axum::extract::State;
use catalog::{PurgePreview, PurgeTarget, RecordedPurge};
use contract::names::{GroupName, TagName, TitleName};
use health_collector::PurgeState;
use http::StatusCode;
use inventory::Appliance;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// The newest ones; each names every box.
const LISTED: usize = 50;

/// What to purge.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PurgeRequest {
    /// The content group that it is in.
    #[schema(value_type = String)]
    pub(crate) group: GroupName,
    /// What of it.
    #[schema(min_items = 1, max_items = 100)]
    pub(crate) what: Vec<PurgeWhat>,
}

/// What a purge names.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum PurgeWhat {
    /// One object.
    Object(ObjectVersion),
    /// Every object of a title.
    #[schema(value_type = String)]
    Title(TitleName),
    /// Every object whose path begins so.
    #[schema(example = "/big-demo/")]
    Prefix(String),
    /// Every object with this tag.
    #[schema(value_type = String)]
    Tag(TagName),
}

/// An object, or one version of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObjectVersion {
    /// Its path in normal form.
    pub(crate) path: String,
    /// The BLAKE3 of its bytes in hex, or 8 digits or more that it begins with; every version
    /// without it.
    #[serde(default)]
    pub(crate) version: Option<String>,
}

/// What a purge takes of the catalogue. Boxes may hold less, or older versions.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct PurgeTaken {
    /// Objects.
    pub(crate) objects: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// Some of their paths.
    pub(crate) sample: Vec<String>,
}

/// A purge that was recorded.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct PurgeMade {
    /// The first of the purges that this made: one for each thing named.
    pub(crate) first_version: u64,
    /// The last of them: whoever has carried it out has carried out all.
    pub(crate) version: u64,
    /// What they take of the catalogue.
    pub(crate) takes: PurgeTaken,
}

/// A purge and what has become of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct PurgeItem {
    /// Its number.
    pub(crate) version: u64,
    /// The content group.
    pub(crate) group: String,
    /// What is purged, in words.
    pub(crate) what: String,
    /// When it was asked for (RFC 3339).
    pub(crate) made_at: String,
    /// Boxes that have carried it out.
    pub(crate) done: usize,
    /// Boxes that speak and have not said so yet.
    pub(crate) pending: usize,
    /// Boxes that do not speak.
    pub(crate) unreachable: usize,
    /// Every box.
    pub(crate) boxes: Vec<PurgedBox>,
}

/// What has become of a purge on a box.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct PurgedBox {
    /// The box.
    pub(crate) appliance: String,
    /// Where it stands.
    pub(crate) site: String,
    /// `done`, `pending` or `unreachable`.
    pub(crate) state: String,
    /// Seconds since its last report; nothing when it never reported.
    pub(crate) last_report_age_s: Option<f64>,
}

impl From<PurgePreview> for PurgeTaken {
    fn from(preview: PurgePreview) -> Self {
        let PurgePreview { objects, bytes, sample } = preview;
        Self { objects, bytes, sample }
    }
}

async fn targets(app: &App, request: PurgeRequest) -> Result<Vec<PurgeTarget>, Problem> {
    let mut targets = Vec::new();
    // Checked for their number by the catalogue; no more than that are looked up here.
    for what in request.what.into_iter().take(catalog::purge::MAX_TARGETS + 1) {
        targets.push(match what {
            PurgeWhat::Object(ObjectVersion { path, version }) => {
                let version = match version {
                    Some(it) => Some(app.catalog.version_of(&request.group, &path, &it).await?),
                    None => None,
                };
                PurgeTarget::Object { path, version }
            }
            PurgeWhat::Title(title) => PurgeTarget::Title(title),
            PurgeWhat::Prefix(prefix) => PurgeTarget::Prefix(prefix),
            PurgeWhat::Tag(tag) => PurgeTarget::Tag(tag),
        });
    }
    Ok(targets)
}

/// See what a purge would take, and purge nothing.
#[utoipa::path(post, path = "/api/v1/purges/preview", tag = "content",
    request_body = PurgeRequest,
    responses((status = 200, body = PurgeTaken)))]
pub(super) async fn preview_purge(
    State(app): State<Arc<App>>,
    Body(request): Body<PurgeRequest>,
) -> Result<Json<PurgeTaken>, Problem> {
    let group = request.group.clone();
    let targets = targets(&app, request).await?;
    Ok(Json(app.catalog.preview_purge(&group, &targets).await?.into()))
}

/// Purge. Boxes carry it out with their next report; `/api/v1/purges/{version}` tells how far
/// they are.
#[utoipa::path(post, path = "/api/v1/purges", tag = "content", request_body = PurgeRequest,
    responses((status = 201, body = PurgeMade)))]
pub(super) async fn make_purge(
    State(app): State<Arc<App>>,
    _: Operator,
    Body(request): Body<PurgeRequest>,
) -> Result<(StatusCode, Json<PurgeMade>), Problem> {
    purging::check(&app)?;
    let group = request.group.clone();
    let targets = targets(&app, request).await?;
    let takes = app.catalog.preview_purge(&group, &targets).await?.into();
    let version = app.catalog.purge(&group, &targets, now()).await?;
    app.changed.notify_one();
    let first_version = version + 1 - targets.len() as u64;
    Ok((StatusCode::CREATED, Json(PurgeMade { first_version, version, takes })))
}

/// The newest purges that are kept, newest first, with what has become of them on every box.
#[utoipa::path(get, path = "/api/v1/purges", tag = "content",
    responses((status = 200, body = List<PurgeItem>)))]
pub(super) async fn list_purges(
    State(app): State<Arc<App>>,
) -> Result<Json<List<PurgeItem>>, Problem> {
    let purges = app.catalog.purges().await?.purges;
    let appliances = app.inventory.appliances().await?;
    let newest = purges.iter().rev().take(LISTED);
    Ok(Json(List { items: newest.map(|purge| item(&app, &appliances, purge)).collect() }))
}

/// What has become of a purge.
#[utoipa::path(get, path = "/api/v1/purges/{version}", tag = "content",
    params(("version" = u64, Path, description = "The purge")),
    responses((status = 200, body = PurgeItem)))]
pub(super) async fn show_purge(
    State(app): State<Arc<App>>,
    Path(version): Path<String>,
) -> Result<Json<PurgeItem>, Problem> {
    let version: u64 = named(&version)?;
    let purges = app.catalog.purges().await?.purges;
    let found = purges.iter().find(|it| it.purge.version == version);
    let gone = || Problem::new(404, format!("there is no purge {version}, or not any more"));
    let appliances = app.inventory.appliances().await?;
    Ok(Json(item(&app, &appliances, found.ok_or_else(gone)?)))
}

fn item(app: &App, appliances: &[Appliance], purge: &RecordedPurge) -> PurgeItem {
    let version = purge.purge.version;
    let view = app.view();
    let of = |appliance: &Appliance| {
        let seen = seen(app, &appliance.name);
        let confirmed = purging::confirmed(app, &view, &appliance.name);
        let state = PurgeState::of(version, confirmed, seen.state);
        let found = PurgedBox {
            appliance: appliance.name.to_string(),
            site: appliance.site.to_string(),
            state: state.as_str().to_owned(),
            last_report_age_s: seen.age_s,
        };
        (state, found)
    };
    let (states, boxes): (Vec<PurgeState>, Vec<PurgedBox>) = appliances.iter().map(of).unzip();
    let count = |wanted| states.iter().filter(|state| **state == wanted).count();
    PurgeItem {
        version,
        group: purge.purge.group.to_string(),
        what: purge.subject.clone(),
        made_at: rfc3339(purge.made_at),
        done: count(PurgeState::Done),
        pending: count(PurgeState::Pending),
        unreachable: count(PurgeState::Unreachable),
        boxes,
    }
}
