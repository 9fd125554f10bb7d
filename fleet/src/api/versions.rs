//! The catalogue as versions: which there were, what lies between them, what speaks against one, and who
//! stays with one.

use super::body::Body;
use super::caller::Operator;
use super::said::{Path, Query};
use super::status::rfc3339;
use super::{List, Problem, named};
use crate::server::{App, now};
use axum::Json;
use axum::extract::State;
use catalog::versions::{Difference, Pin, TitleDifference, Version};
use contract::names::{GroupName, TagName, TitleName};
use http::StatusCode;
use inventory::Site;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// The most of a list.
const MOST: i64 = 1000;
const USUAL: i64 = 50;

/// The longest reason.
const MAX_REASON_CHARS: usize = 500;

/// A version of the catalogue.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct VersionItem {
    /// Its number; rises.
    pub(crate) version: u64,
    /// `in_force`, `superseded`, or `refused`: something speaks against it.
    pub(crate) state: String,
    /// What was in force when it was made; 0 for the first.
    pub(crate) parent: u64,
    /// The BLAKE3 of all that it says.
    pub(crate) digest: String,
    /// Titles.
    pub(crate) titles: u64,
    /// Their objects.
    pub(crate) objects: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// When it was made (RFC 3339).
    pub(crate) made_at: String,
    /// When it came into force (RFC 3339).
    pub(crate) announced_at: Option<String>,
    /// Who said so; nobody had to where nothing spoke against it.
    pub(crate) announced_by: Option<String>,
    /// Why, by whoever said so.
    pub(crate) reason: Option<String>,
    /// What speaks against it.
    pub(crate) findings: Vec<String>,
}

/// What is another of a title.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct TitleChange {
    /// Its content group.
    pub(crate) group: String,
    /// The title.
    pub(crate) title: String,
    /// `added`, `removed` or `changed`.
    pub(crate) change: String,
    /// What of it changed: `name`, `path`, `playlists`, `tags`, `window`, `terms`, `objects`.
    pub(crate) what: Vec<String>,
    /// Objects that are new or have other bytes.
    pub(crate) objects_added: u64,
    /// Objects that are gone or had other bytes.
    pub(crate) objects_removed: u64,
}

/// A version that changed a title.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct TitleHistoryItem {
    /// The version.
    pub(crate) version: u64,
    /// `in_force`, `superseded` or `refused`.
    pub(crate) state: String,
    /// When it was made (RFC 3339).
    pub(crate) made_at: String,
    /// What it changed.
    #[serde(flatten)]
    pub(crate) change: TitleChange,
}

/// Sites that stay with a version.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct PinItem {
    /// The tag that they have; all sites without one.
    pub(crate) tag: Option<String>,
    /// The version.
    pub(crate) version: u64,
    /// Since when (RFC 3339).
    pub(crate) pinned_at: String,
    /// Who said so.
    pub(crate) pinned_by: String,
}

/// Who is to stay with which version.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PinRequest {
    /// The version; it was announced once.
    pub(crate) version: u64,
    /// Sites with this tag; all sites without it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) tag: Option<TagName>,
}

/// That a version is meant although something speaks against it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnnounceRequest {
    /// Why, for whoever reads it later.
    #[schema(min_length = 1, max_length = 500)]
    pub(crate) reason: String,
}

/// Which part of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    limit: Option<i64>,
    before: Option<u64>,
}

/// How many.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limit {
    limit: Option<i64>,
}

/// Between which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Between {
    from: u64,
    to: u64,
}

/// Whose pin.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Whose {
    tag: Option<TagName>,
}

fn state(version: &Version, newest: Option<u64>) -> &'static str {
    match &version.announced {
        None => "refused",
        Some(_) if Some(version.version) == newest => "in_force",
        Some(_) => "superseded",
    }
}

fn item(version: Version, newest: Option<u64>) -> VersionItem {
    let state = state(&version, newest).to_owned();
    let (announced_by, reason) = match &version.announced {
        Some(it) => (it.by.clone(), it.reason.clone()),
        None => (None, None),
    };
    VersionItem {
        state,
        version: version.version,
        parent: version.parent,
        digest: version.digest,
        titles: version.size.titles,
        objects: version.size.objects,
        bytes: version.size.bytes,
        made_at: rfc3339(version.made_at),
        announced_at: version.announced.map(|it| rfc3339(it.at)),
        announced_by,
        reason,
        findings: version.findings.iter().map(ToString::to_string).collect(),
    }
}

impl From<TitleDifference> for TitleChange {
    fn from(of: TitleDifference) -> Self {
        let (change, what, objects_added, objects_removed) = match of.difference {
            Difference::Added { objects, .. } => ("added", vec![], objects, 0),
            Difference::Removed { objects, .. } => ("removed", vec![], 0, objects),
            Difference::Changed { what, objects_added, objects_removed } => {
                ("changed", what, objects_added, objects_removed)
            }
        };
        Self {
            group: of.group.to_string(),
            title: of.title.to_string(),
            change: change.to_owned(),
            what: what.into_iter().map(str::to_owned).collect(),
            objects_added,
            objects_removed,
        }
    }
}

impl From<Pin> for PinItem {
    fn from(pin: Pin) -> Self {
        Self {
            tag: Some(pin.cohort).filter(|tag| !tag.is_empty()),
            version: pin.version,
            pinned_at: rfc3339(pin.at),
            pinned_by: pin.by,
        }
    }
}

/// The newest versions of the catalogue, newest first, those that were refused among them.
#[utoipa::path(get, path = "/api/v1/catalog/versions", tag = "content",
    params(("limit" = Option<i64>, Query, description = "At most so many: 50 without it.", minimum = 1, maximum = 1000),
        ("before" = Option<u64>, Query, description = "Those before this version.")),
    responses((status = 200, body = List<VersionItem>)))]
pub(super) async fn list_versions(
    State(app): State<Arc<App>>,
    Query(page): Query<Page>,
) -> Result<Json<List<VersionItem>>, Problem> {
    let newest = app.catalog.newest_version().await?;
    let limit = page.limit.unwrap_or(USUAL).clamp(1, MOST);
    let versions = app.catalog.versions(page.before, limit).await?;
    Ok(Json(List { items: versions.into_iter().map(|it| item(it, newest)).collect() }))
}

/// One version of the catalogue, and what speaks against it.
#[utoipa::path(get, path = "/api/v1/catalog/versions/{version}", tag = "content",
    params(("version" = u64, Path, description = "The version")),
    responses((status = 200, body = VersionItem)))]
pub(super) async fn show_version(
    State(app): State<Arc<App>>,
    Path(version): Path<String>,
) -> Result<Json<VersionItem>, Problem> {
    let found = app.catalog.version_numbered(named(&version)?).await?;
    Ok(Json(item(found, app.catalog.newest_version().await?)))
}

/// Announce a version that something speaks against: it is meant.
#[utoipa::path(post, path = "/api/v1/catalog/versions/{version}/announce", tag = "content",
    params(("version" = u64, Path, description = "The version")),
    request_body = AnnounceRequest,
    responses((status = 200, body = VersionItem)))]
pub(super) async fn announce_version(
    State(app): State<Arc<App>>,
    Operator(caller): Operator,
    Path(version): Path<String>,
    Body(request): Body<AnnounceRequest>,
) -> Result<Json<VersionItem>, Problem> {
    let length = request.reason.chars().count();
    if !(1..=MAX_REASON_CHARS).contains(&length) || request.reason.contains(char::is_control) {
        let says = "reason: expected 1 to 500 characters without control characters";
        return Err(Problem::new(422, says));
    }
    let by = caller.name.to_string();
    let version = named(&version)?;
    let found = app.catalog.announce_anyway(version, &by, &request.reason, now()).await?;
    app.changed.notify_one();
    Ok(Json(item(found, Some(version))))
}

/// What is another in one version than in another one, by title.
#[utoipa::path(get, path = "/api/v1/catalog/changes", tag = "content",
    params(("from" = u64, Query, description = "The version before"),
        ("to" = u64, Query, description = "The version after")),
    responses((status = 200, body = List<TitleChange>)))]
pub(super) async fn list_changes(
    State(app): State<Arc<App>>,
    Query(between): Query<Between>,
) -> Result<Json<List<TitleChange>>, Problem> {
    let found = app.catalog.differences(between.from, between.to).await?;
    Ok(Json(List { items: found.into_iter().map(TitleChange::from).collect() }))
}

/// The versions that changed a title, newest first.
#[utoipa::path(get, path = "/api/v1/titles/{group}/{title}/history", tag = "content",
    params(("group" = String, Path, description = "The content group"),
        ("title" = String, Path, description = "The title"),
        ("limit" = Option<i64>, Query, description = "At most so many: 50 without it.", minimum = 1, maximum = 1000)),
    responses((status = 200, body = List<TitleHistoryItem>)))]
pub(super) async fn title_history(
    State(app): State<Arc<App>>,
    Path((group, title)): Path<(String, String)>,
    Query(page): Query<Limit>,
) -> Result<Json<List<TitleHistoryItem>>, Problem> {
    let (group, title): (GroupName, TitleName) = (named(&group)?, named(&title)?);
    let newest = app.catalog.newest_version().await?;
    let limit = page.limit.unwrap_or(USUAL).clamp(1, MOST);
    let history = app.catalog.history(&group, &title, limit).await?;
    let item = |(version, difference): (Version, TitleDifference)| TitleHistoryItem {
        version: version.version,
        state: state(&version, newest).to_owned(),
        made_at: rfc3339(version.made_at),
        change: difference.into(),
    };
    Ok(Json(List { items: history.into_iter().map(item).collect() }))
}

/// Who stays with which version of the catalogue.
#[utoipa::path(get, path = "/api/v1/catalog/pins", tag = "content",
    responses((status = 200, body = List<PinItem>)))]
pub(super) async fn list_pins(State(app): State<Arc<App>>) -> Result<Json<List<PinItem>>, Problem> {
    let pins = app.catalog.pins().await?;
    Ok(Json(List { items: pins.into_iter().map(PinItem::from).collect() }))
}

/// Have sites stay with a version of the catalogue, until they are let go.
#[utoipa::path(put, path = "/api/v1/catalog/pins", tag = "content", request_body = PinRequest,
    responses((status = 200, body = PinItem)))]
pub(super) async fn set_pin(
    State(app): State<Arc<App>>,
    Operator(caller): Operator,
    Body(request): Body<PinRequest>,
) -> Result<Json<PinItem>, Problem> {
    if let Some(tag) = &request.tag {
        let sites = app.inventory.sites().await?;
        let has = |site: &Site| site.tags.iter().any(|it| it == tag.as_str());
        if !sites.iter().any(has) {
            return Err(Problem::new(422, format!("tag: no site has the tag {tag}")));
        }
    }
    let pin = Pin {
        cohort: request.tag.map(|tag| tag.to_string()).unwrap_or_default(),
        version: request.version,
        at: now(),
        by: caller.name.to_string(),
    };
    app.catalog.pin(&pin).await?;
    app.changed.notify_one();
    Ok(Json(pin.into()))
}

/// Let sites go that stay with a version of the catalogue: they follow again.
#[utoipa::path(delete, path = "/api/v1/catalog/pins", tag = "content",
    params(("tag" = Option<String>, Query, description = "Those with this tag; all without it")),
    responses((status = 204)))]
pub(super) async fn remove_pin(
    State(app): State<Arc<App>>,
    _: Operator,
    Query(whose): Query<Whose>,
) -> Result<StatusCode, Problem> {
    app.catalog.unpin(whose.tag.as_ref().map_or("", TagName::as_str)).await?;
    app.changed.notify_one();
    Ok(StatusCode::NO_CONTENT)
}
