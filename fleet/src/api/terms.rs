//! Where titles may be shown, and where they are live.

use super::body::Body;
use super::caller::Operator;
use super::said::{Path, Query};
use super::titles::Window;
use super::{List, Problem, named};
use crate::liveness::{InRegion, liveness};
use crate::server::{App, now};
use axum::Json;
use axum::extract::State;
use catalog::terms::Terms;
use contract::names::{GroupName, TitleName};
use inventory::kinds::REGION;
use inventory::records::find;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// What is agreed of a title for a region.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TermsItem {
    /// The region; everywhere else without it.
    #[serde(default)]
    pub(crate) region: Option<String>,
    /// Served there not before (RFC 3339).
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) serve_from: Option<Timestamp>,
    /// Served there not from then on (RFC 3339).
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) serve_until: Option<Timestamp>,
    /// What it lacks there, such as `subtitles`: boxes hold it, and nobody is offered it.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub(crate) lacks: Vec<String>,
}

/// How a title is in a region.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct LivenessItem {
    /// The region; nothing of sites that are in none.
    pub(crate) region: Option<String>,
    /// Whether viewers there can watch it as they should.
    pub(crate) is_live: bool,
    /// Sites with boxes in service there.
    pub(crate) sites: usize,
    /// Those where a box holds all of it, verified.
    pub(crate) sites_holding: usize,
    /// What is missing.
    pub(crate) missing: Vec<String>,
}

/// Of which region.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    region: Option<String>,
}

impl From<Terms> for TermsItem {
    fn from(terms: Terms) -> Self {
        let Window { serve_from, serve_until } = Window::of(terms.window);
        Self { region: terms.region, serve_from, serve_until, lacks: terms.lacks }
    }
}

impl From<TermsItem> for Terms {
    fn from(item: TermsItem) -> Self {
        let window = Window { serve_from: item.serve_from, serve_until: item.serve_until };
        Self { region: item.region, window: window.rights(), lacks: item.lacks }
    }
}

impl From<InRegion> for LivenessItem {
    fn from(of: InRegion) -> Self {
        let InRegion { region, sites, holding, missing } = of;
        Self { region, is_live: missing.is_empty(), sites, sites_holding: holding, missing }
    }
}

fn list(terms: Vec<Terms>) -> Json<List<TermsItem>> {
    Json(List { items: terms.into_iter().map(TermsItem::from).collect() })
}

/// Where a title may be shown. It may be shown everywhere where nothing is listed.
#[utoipa::path(get, path = "/api/v1/titles/{group}/{title}/terms", tag = "content",
    params(("group" = String, Path, description = "The content group"),
        ("title" = String, Path, description = "The title")),
    responses((status = 200, body = List<TermsItem>)))]
pub(super) async fn list_terms(
    State(app): State<Arc<App>>,
    Path((group, title)): Path<(String, String)>,
) -> Result<Json<List<TermsItem>>, Problem> {
    let (group, title): (GroupName, TitleName) = (named(&group)?, named(&title)?);
    Ok(list(app.catalog.title(&group, &title).await?.terms))
}

/// Say where a title may be shown: in a region, or everywhere else. With the first of these it may be shown
/// nowhere else.
#[utoipa::path(put, path = "/api/v1/titles/{group}/{title}/terms", tag = "content",
    params(("group" = String, Path, description = "The content group"),
        ("title" = String, Path, description = "The title")),
    request_body = TermsItem,
    responses((status = 200, body = List<TermsItem>)))]
pub(super) async fn set_terms(
    State(app): State<Arc<App>>,
    _: Operator,
    Path((group, title)): Path<(String, String)>,
    Body(terms): Body<TermsItem>,
) -> Result<Json<List<TermsItem>>, Problem> {
    let (group, title): (GroupName, TitleName) = (named(&group)?, named(&title)?);
    let terms = Terms::from(terms);
    terms.check()?;
    if let Some(region) = &terms.region
        && find(app.inventory.db(), &REGION, region).await?.is_none()
    {
        return Err(Problem::new(422, format!("region: there is no region {region}")));
    }
    let terms = app.catalog.set_terms(&group, &title, terms).await?;
    app.changed.notify_one();
    Ok(list(terms))
}

/// Take back what was said of a region, or of everywhere else. Without the last of these a title may be shown
/// everywhere.
#[utoipa::path(delete, path = "/api/v1/titles/{group}/{title}/terms", tag = "content",
    params(("group" = String, Path, description = "The content group"),
        ("title" = String, Path, description = "The title"),
        ("region" = Option<String>, Query, description = "The region; everywhere else without it.")),
    responses((status = 200, body = List<TermsItem>)))]
pub(super) async fn remove_terms(
    State(app): State<Arc<App>>,
    _: Operator,
    Path((group, title)): Path<(String, String)>,
    Query(which): Query<Which>,
) -> Result<Json<List<TermsItem>>, Problem> {
    let (group, title): (GroupName, TitleName) = (named(&group)?, named(&title)?);
    let terms = app.catalog.remove_terms(&group, &title, which.region.as_deref()).await?;
    app.changed.notify_one();
    Ok(list(terms))
}

/// Where a title is live, and what is missing where it is not.
#[utoipa::path(get, path = "/api/v1/titles/{group}/{title}/liveness", tag = "content",
    params(("group" = String, Path, description = "The content group"),
        ("title" = String, Path, description = "The title"),
        ("region" = Option<String>, Query, description = "This region alone.")),
    responses((status = 200, body = List<LivenessItem>)))]
pub(super) async fn title_liveness(
    State(app): State<Arc<App>>,
    Path((group, title)): Path<(String, String)>,
    Query(which): Query<Which>,
) -> Result<Json<List<LivenessItem>>, Problem> {
    let (group, title): (GroupName, TitleName) = (named(&group)?, named(&title)?);
    let view = app.view();
    let Some(known) = view.title(&group, &title) else {
        app.catalog.title(&group, &title).await?;
        let says = "it is in no version of the catalogue that was announced yet";
        return Err(Problem::new(409, format!("title {group}/{title}: {says}")));
    };
    let all = liveness(&app, &view, known, now()).into_iter();
    let meant = |it: &InRegion| which.region.is_none() || it.region == which.region;
    let items: Vec<LivenessItem> = all.filter(meant).map(LivenessItem::from).collect();
    match (&which.region, items.is_empty()) {
        (Some(region), true) => Err(Problem::new(404, format!("no site is in region {region}"))),
        _ => Ok(Json(List { items })),
    }
}
