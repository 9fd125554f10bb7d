//! Titles: reading, removing, and when they are served. Adding is an import.

use super::body::Body;
use super::caller::Operator;
use super::said::Path;
use super::{List, Problem, named};
use crate::purging;
use crate::server::{App, now};
use axum::Json;
use axum::extract::State;
use catalog::{RightsWindow, Title};
use contract::names::{GroupName, TitleName};
use contract::time::TimeUs;
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A title in a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct TitleItem {
    /// Its content group.
    pub(crate) group: String,
    /// The title.
    pub(crate) title: String,
    /// Its name for people.
    pub(crate) name: String,
    /// Where HLS players begin, on this server.
    pub(crate) hls_url: Option<String>,
    /// Where DASH players begin, on this server.
    pub(crate) dash_url: Option<String>,
}

/// A title.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct TitleDetail {
    /// In short.
    #[serde(flatten)]
    pub(crate) item: TitleItem,
    /// What the paths of its objects begin with.
    pub(crate) base_path: String,
    /// Rises with every change.
    pub(crate) revision: i64,
    /// How many objects it has.
    pub(crate) objects: usize,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// What its objects can be purged by.
    pub(crate) tags: Vec<String>,
    /// Served not before (RFC 3339); from the beginning without it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) serve_from: Option<Timestamp>,
    /// Served not from then on (RFC 3339); without an end without it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) serve_until: Option<Timestamp>,
}

impl TitleDetail {
    /// When it is served.
    pub(crate) fn window(&self) -> Window {
        Window { serve_from: self.serve_from, serve_until: self.serve_until }
    }
}

/// When a title is served: boxes answer 404 outside of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Window {
    /// Not before (RFC 3339); from the beginning without it.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) serve_from: Option<Timestamp>,
    /// Not from then on (RFC 3339); without an end without it.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) serve_until: Option<Timestamp>,
}

impl Window {
    pub(super) fn of(window: RightsWindow) -> Self {
        // Times come from here, so that they can be written again.
        let time = |at: TimeUs| Timestamp::from_microsecond(at.0).ok();
        Self {
            serve_from: window.serve_from.and_then(time),
            serve_until: window.serve_until.and_then(time),
        }
    }

    pub(super) fn rights(&self) -> RightsWindow {
        let time = |at: Timestamp| TimeUs(at.as_microsecond());
        RightsWindow {
            serve_from: self.serve_from.map(time),
            serve_until: self.serve_until.map(time),
        }
    }
}

/// One object of a title.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ObjectItem {
    /// Its number in the catalogue.
    pub(crate) ordinal: u32,
    /// Its path.
    pub(crate) path: String,
    /// Its length.
    pub(crate) size_bytes: u64,
    /// The BLAKE3 of its bytes.
    pub(crate) blake3: String,
}

impl TitleItem {
    fn new(title: &Title) -> Self {
        let spec = &title.spec;
        let url = |file: &str| format!("/play/{}/{}/{file}", spec.group, spec.title);
        Self {
            group: spec.group.to_string(),
            title: spec.title.to_string(),
            name: spec.name.clone(),
            hls_url: spec.hls.as_ref().map(|_| url("master.m3u8")),
            dash_url: spec.dash.as_ref().map(|_| url("manifest.mpd")),
        }
    }
}

/// All titles.
#[utoipa::path(get, path = "/api/v1/titles", tag = "content",
    responses((status = 200, body = List<TitleItem>)))]
pub(super) async fn list_titles(
    State(app): State<Arc<App>>,
) -> Result<Json<List<TitleItem>>, Problem> {
    let titles = app.catalog.titles().await?;
    Ok(Json(List { items: titles.iter().map(TitleItem::new).collect() }))
}

/// One title.
#[utoipa::path(get, path = "/api/v1/titles/{group}/{title}", tag = "content",
    params(("group" = String, Path, description = "The content group"),
        ("title" = String, Path, description = "The title")),
    responses((status = 200, body = TitleDetail)))]
pub(super) async fn show_title(
    State(app): State<Arc<App>>,
    Path((group, title)): Path<(String, String)>,
) -> Result<Json<TitleDetail>, Problem> {
    let (group, title): (GroupName, TitleName) = (named(&group)?, named(&title)?);
    let found = app.catalog.title(&group, &title).await?;
    let objects = app.catalog.objects_of(&group, &title).await?;
    let window = Window::of(found.window);
    Ok(Json(TitleDetail {
        item: TitleItem::new(&found),
        base_path: found.spec.base_path.clone(),
        revision: found.revision,
        objects: objects.len(),
        bytes: objects.iter().map(|object| object.file.size_bytes).sum(),
        tags: found.spec.tags.as_slice().iter().map(ToString::to_string).collect(),
        serve_from: window.serve_from,
        serve_until: window.serve_until,
    }))
}

/// Set when a title is served. Boxes learn it with their next report and keep to it alone.
#[utoipa::path(put, path = "/api/v1/titles/{group}/{title}/window", tag = "content",
    params(("group" = String, Path, description = "The content group"),
        ("title" = String, Path, description = "The title")),
    request_body = Window,
    responses((status = 200, body = Window)))]
pub(super) async fn set_window(
    State(app): State<Arc<App>>,
    _: Operator,
    Path((group, title)): Path<(String, String)>,
    Body(window): Body<Window>,
) -> Result<Json<Window>, Problem> {
    app.catalog.set_window(&named(&group)?, &named(&title)?, window.rights()).await?;
    app.changed.notify_one();
    Ok(Json(window))
}

/// The objects of a title, by path.
#[utoipa::path(get, path = "/api/v1/titles/{group}/{title}/objects", tag = "content",
    params(("group" = String, Path, description = "The content group"),
        ("title" = String, Path, description = "The title")),
    responses((status = 200, body = List<ObjectItem>)))]
pub(super) async fn list_objects(
    State(app): State<Arc<App>>,
    Path((group, title)): Path<(String, String)>,
) -> Result<Json<List<ObjectItem>>, Problem> {
    let (group, title): (GroupName, TitleName) = (named(&group)?, named(&title)?);
    app.catalog.title(&group, &title).await?;
    let objects = app.catalog.objects_of(&group, &title).await?;
    let items = objects.into_iter().map(|object| ObjectItem {
        ordinal: object.ordinal,
        path: object.file.path,
        size_bytes: object.file.size_bytes,
        blake3: object.file.blake3.to_string(),
    });
    Ok(Json(List { items: items.collect() }))
}

/// Remove a title from the catalogue and from every box.
#[utoipa::path(delete, path = "/api/v1/titles/{group}/{title}", tag = "content",
    params(("group" = String, Path, description = "The content group"),
        ("title" = String, Path, description = "The title")),
    responses((status = 204)))]
pub(super) async fn remove_title(
    State(app): State<Arc<App>>,
    _: Operator,
    Path((group, title)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    // What boxes hold of it is purged.
    purging::check(&app)?;
    app.catalog.remove_title(&named(&group)?, &named(&title)?, now()).await?;
    app.changed.notify_one();
    Ok(StatusCode::NO_CONTENT)
}
