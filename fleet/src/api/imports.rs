//! Imports: a title is begun, its objects come in batches, and it appears when committed.

use super::body::Body;
use super::operator::Operator;
use super::{Problem, named};
use crate::server::{App, now};
use axum::Json;
use axum::extract::{Path, State};
use catalog::{NewObject, Playlist, TitleSpec};
use contract::names::{GroupName, TitleName};
use contract::object::Digest;
use contract::quantity::BitRate;
use contract::tags::Tags;
use contract::time::TimeUs;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use steer::{Pathway, dash, hls};
use utoipa::ToSchema;

/// A title to import.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportRequest {
    /// Its content group.
    #[schema(value_type = String)]
    pub(crate) group: GroupName,
    /// The title.
    #[schema(value_type = String)]
    pub(crate) title: TitleName,
    /// Its name for people.
    pub(crate) name: String,
    /// What the paths of all of its objects begin with.
    #[schema(example = "/big-demo")]
    pub(crate) base_path: String,
    /// Its multivariant HLS playlist.
    pub(crate) hls: Option<PlaylistText>,
    /// Its DASH MPD.
    pub(crate) dash: Option<PlaylistText>,
    /// What all of its objects can be purged by, beside title and path.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 16, example = json!(["season-1"]))]
    pub(crate) tags: Tags,
}

/// What playback begins with.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaylistText {
    /// The object's path.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
}

/// An import that was begun.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ImportCreated {
    /// Names the import.
    pub(crate) id: String,
    /// The most objects that one batch may hold.
    pub(crate) max_batch: usize,
}

/// Some objects of a title.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportBatch {
    /// The objects.
    pub(crate) objects: Vec<NewFile>,
}

/// One object.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewFile {
    /// Its path in normal form.
    pub(crate) path: String,
    /// Its length.
    pub(crate) size_bytes: u64,
    /// The BLAKE3 of its bytes, in hex.
    #[schema(value_type = String)]
    pub(crate) blake3: Digest,
    /// When its content was made: microseconds since 1970.
    #[schema(value_type = i64)]
    pub(crate) modified_us: TimeUs,
    /// What a viewer who plays it receives a second, in bits; nothing where nobody knows, as
    /// with playlists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 10_000_000_000_i64, example = 3_500_000)]
    pub(crate) bitrate_bits_per_s: Option<u64>,
}

/// What an import changed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ImportResult {
    /// Paths that are new.
    pub(crate) added: i64,
    /// Paths whose bytes are others than before.
    pub(crate) replaced: i64,
    /// Paths that are no longer there.
    pub(crate) removed: i64,
    /// Paths with the same bytes as before.
    pub(crate) unchanged: i64,
    /// The title's revision now.
    pub(crate) revision: i64,
}

/// Begin an import. Nothing is visible before it is committed.
#[utoipa::path(post, path = "/api/v1/imports", tag = "content", request_body = ImportRequest,
    security(("operator" = [])),
    responses((status = 201, body = ImportCreated), (status = "4XX", body = Problem)))]
pub(super) async fn begin_import(
    State(app): State<Arc<App>>,
    _: Operator,
    Body(request): Body<ImportRequest>,
) -> Result<(StatusCode, Json<ImportCreated>), Problem> {
    check_playlists(&request)?;
    let playlist = |it: PlaylistText| Playlist { path: it.path, text: it.text };
    let spec = TitleSpec {
        group: request.group,
        title: request.title,
        name: request.name,
        base_path: request.base_path,
        hls: request.hls.map(playlist),
        dash: request.dash.map(playlist),
        tags: request.tags,
    };
    let id = hex::encode(rand::random::<[u8; 16]>());
    app.catalog.begin_import(&id, &spec, now()).await?;
    Ok((StatusCode::CREATED, Json(ImportCreated { id, max_batch: catalog::MAX_BATCH })))
}

/// What could not be rewritten for a viewer is refused now rather than then.
fn check_playlists(request: &ImportRequest) -> Result<(), Problem> {
    let pathways = &[Pathway { id: "oca1".into(), authority: "oca1.example".into() }];
    let steering_uri = "/steer/v1";
    if let Some(PlaylistText { path, text }) = &request.hls {
        hls::rewrite(text, &hls::Rewriting { path, pathways, steering_uri })
            .map_err(|err| Problem::new(422, format!("{path}: {err}")))?;
    }
    if let Some(PlaylistText { path, text }) = &request.dash {
        dash::rewrite(text, &dash::Rewriting { path, pathways, steering_uri })
            .map_err(|err| Problem::new(422, format!("{path}: {err}")))?;
    }
    Ok(())
}

/// Add objects to an import. The same batch again changes nothing.
#[utoipa::path(post, path = "/api/v1/imports/{id}/objects", tag = "content",
    params(("id" = String, Path, description = "The import")),
    request_body = ImportBatch, security(("operator" = [])),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn add_objects(
    State(app): State<Arc<App>>,
    _: Operator,
    Path(id): Path<String>,
    Body(batch): Body<ImportBatch>,
) -> Result<StatusCode, Problem> {
    let object = |file: NewFile| NewObject {
        path: file.path,
        size_bytes: file.size_bytes,
        blake3: file.blake3,
        modified: file.modified_us,
        bitrate_bits_per_s: file.bitrate_bits_per_s.map(BitRate),
    };
    let objects: Vec<NewObject> = batch.objects.into_iter().map(object).collect();
    app.catalog.add_objects(&import_id(&id)?, &objects).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make the title exactly what was imported.
#[utoipa::path(post, path = "/api/v1/imports/{id}/commit", tag = "content",
    params(("id" = String, Path, description = "The import")),
    security(("operator" = [])),
    responses((status = 200, body = ImportResult), (status = "4XX", body = Problem)))]
pub(super) async fn commit_import(
    State(app): State<Arc<App>>,
    _: Operator,
    Path(id): Path<String>,
) -> Result<Json<ImportResult>, Problem> {
    let summary = app.catalog.commit_import(&import_id(&id)?, now()).await?;
    app.changed.notify_one();
    Ok(Json(ImportResult {
        added: summary.added,
        replaced: summary.replaced,
        removed: summary.removed,
        unchanged: summary.unchanged,
        revision: summary.revision,
    }))
}

/// Ids are ours and are hex; anything else is not put before a database.
fn import_id(id: &str) -> Result<String, Problem> {
    let name: contract::names::DeviceName = named(id)?;
    Ok(name.to_string())
}
