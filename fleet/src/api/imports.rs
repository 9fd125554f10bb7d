//! Imports: a title is begun, its objects come in batches, and it appears when committed.

use super::body::Body;
use super::caller::Operator;
use super::said::Path;
use super::{Problem, named};
use crate::server::{App, now};
use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use catalog::{IncomingObject, NewObject, Playlist, TitleSpec};
use contract::exchange::MAX_SLICES_BYTES;
use contract::names::{GroupName, TitleName};
use contract::object::Digest;
use contract::quantity::BitRate;
use contract::slices::SliceHashes;
use contract::tags::Tags;
use contract::time::TimeUs;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use steer::{Pathway, dash, hls};
use utoipa::ToSchema;

/// The most bytes that a batch may have: the slice hashes of the largest object, in Base64, and
/// 1000 objects of some 400 bytes, ten times over.
pub(crate) const MAX_BATCH_BYTES: usize = 16 << 20;

const _: () = assert!(MAX_SLICES_BYTES.div_ceil(3) * 4 + (4 << 20) <= MAX_BATCH_BYTES);

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
    /// The hashes of its slices of 1 MiB, 32 bytes each, one behind the other, in Base64: the
    /// chaining values of these subtrees of BLAKE3, which lead to `blake3`. With them, boxes
    /// verify each slice as it comes; an object of one slice needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 11_184_812)]
    pub(crate) slice_hashes: Option<String>,
}

impl NewFile {
    /// What the catalogue takes, with its slice hashes proved.
    fn incoming(self, at: usize) -> Result<IncomingObject, Problem> {
        let prove = |text: String| {
            let bytes = BASE64.decode(text).ok().filter(|bytes| bytes.len() <= MAX_SLICES_BYTES);
            bytes.and_then(|it| SliceHashes::from_bytes(&it, self.size_bytes, &self.blake3).ok())
        };
        let slice_hashes = match self.slice_hashes {
            None => None,
            Some(text) => Some(prove(text).ok_or_else(|| {
                let what = "expected Base64 of 32 bytes for each MiB, which lead to blake3";
                Problem::new(422, format!("objects[{at}].slice_hashes: {what}; or none at all"))
            })?),
        };
        let object = NewObject {
            path: self.path,
            size_bytes: self.size_bytes,
            blake3: self.blake3,
            modified: self.modified_us,
            bitrate_bits_per_s: self.bitrate_bits_per_s.map(BitRate),
        };
        Ok(IncomingObject { object, slice_hashes })
    }
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
    responses((status = 201, body = ImportCreated)))]
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
    request_body = ImportBatch,
    responses((status = 204)))]
pub(super) async fn add_objects(
    State(app): State<Arc<App>>,
    _: Operator,
    Path(id): Path<String>,
    Body(batch): Body<ImportBatch>,
) -> Result<StatusCode, Problem> {
    let objects = batch.objects.into_iter().enumerate();
    let objects = objects.map(|(at, file)| file.incoming(at)).collect::<Result<Vec<_>, _>>()?;
    app.catalog.add_objects(&import_id(&id)?, &objects).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make the title exactly what was imported.
#[utoipa::path(post, path = "/api/v1/imports/{id}/commit", tag = "content",
    params(("id" = String, Path, description = "The import")),
    responses((status = 200, body = ImportResult)))]
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

#[cfg(test)]
mod tests {
    use super::*;
    use contract::slices::{SLICE_BYTES, SliceHasher};

    fn file(slices: usize, tail: usize) -> NewFile {
        let mut hasher = SliceHasher::default();
        let len = slices * usize::try_from(SLICE_BYTES).expect("small") + tail;
        hasher.update(&vec![7; len]);
        let (size_bytes, blake3, hashes) = hasher.finish();
        NewFile {
            path: "/t/a".into(),
            size_bytes,
            blake3,
            modified_us: TimeUs(0),
            bitrate_bits_per_s: None,
            slice_hashes: Some(BASE64.encode(hashes.to_bytes())),
        }
    }

    #[test]
    fn slice_hashes_are_taken_that_lead_to_the_object_and_no_others() {
        for (good, count) in [(file(2, 123), 3), (file(3, 0), 3), (file(0, 10), 1), (file(0, 0), 0)]
        {
            let taken = good.incoming(0).expect("good").slice_hashes.expect("hashes");
            assert_eq!(taken.values().len(), count);
        }
        let none = NewFile { slice_hashes: None, ..file(2, 0) };
        assert_eq!(none.incoming(0).expect("good").slice_hashes, None);
        let with = |text: &str| NewFile { slice_hashes: Some(text.into()), ..file(2, 0) };
        let of_another = BASE64.encode([1; 64]);
        for bad in [with(""), with("?"), with("AAAA"), with(&of_another)] {
            let problem = bad.incoming(3).expect_err("bad");
            assert_eq!(problem.status, 422);
            assert!(problem.detail.starts_with("objects[3].slice_hashes: "), "{}", problem.detail);
        }
        let other_size = NewFile { size_bytes: 3 * SLICE_BYTES, ..file(2, 0) };
        other_size.incoming(0).expect_err("three slices have three hashes");
    }
}
