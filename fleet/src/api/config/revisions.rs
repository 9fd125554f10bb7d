//! Revisions of what devices ran: the list, their texts, and a search.

use crate::api::said::{Path, Query};
use crate::api::status::rfc3339;
use crate::api::{List, Problem};
use crate::server::App;
use axum::Json;
use axum::extract::State;
use config_render::revisions::{Head, Hit, Pattern, Revision, Which};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// How many are told of, at most and where nobody says.
const MOST: i64 = 1000;
const USUAL: i64 = 100;

/// Revisions of an answer that has their texts, fewer where these are long: the next answer goes on.
const MOST_OF_AN_ANSWER: i64 = 200;

/// A revision of what a device ran.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct RevisionItem {
    /// Its place among the revisions of all devices.
    pub(crate) id: i64,
    /// The device.
    pub(crate) device: String,
    /// Its place among those of the device.
    pub(crate) number: i64,
    /// Whose language it is in.
    pub(crate) platform: String,
    /// When it was read first (RFC 3339).
    pub(crate) taken_at: String,
    /// Why it was read: `schedule`, `asked` or `change`.
    pub(crate) cause: String,
    /// How many secrets were taken out.
    pub(crate) redacted: usize,
    /// How many texts it has.
    pub(crate) files: usize,
}

impl From<Head> for RevisionItem {
    fn from(head: Head) -> Self {
        Self {
            id: head.id,
            device: head.device,
            number: head.number,
            platform: head.kind.as_str().to_owned(),
            taken_at: rfc3339(head.taken_at),
            cause: head.cause.as_str().to_owned(),
            redacted: head.redacted,
            files: head.files,
        }
    }
}

/// A revision with its texts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct RevisionDetail {
    /// Which.
    pub(crate) revision: RevisionItem,
    /// The texts, without secrets and without what changes by itself.
    pub(crate) files: Vec<RevisionFileItem>,
}

/// A text of a revision.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct RevisionFileItem {
    /// Where it stands on the device, or what it is called.
    pub(crate) path: String,
    /// The text.
    pub(crate) text: String,
}

impl From<Revision> for RevisionDetail {
    fn from(Revision { head, files }: Revision) -> Self {
        let file = |it: config_render::revisions::FileKept| RevisionFileItem {
            path: it.path,
            text: it.text,
        };
        Self { revision: head.into(), files: files.into_iter().map(file).collect() }
    }
}

/// A line in which something was found.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct HitItem {
    /// Of which device.
    pub(crate) device: String,
    /// Of which of its revisions.
    pub(crate) revision: i64,
    /// In which text.
    pub(crate) path: String,
    /// Which line, from 1.
    pub(crate) line: usize,
    /// The line.
    pub(crate) text: String,
}

/// What was found.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct HitList {
    /// The lines.
    pub(crate) items: Vec<HitItem>,
    /// Whether there is more than was asked for.
    pub(crate) is_more: bool,
}

/// Which revisions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Listed {
    device: Option<String>,
    before: Option<i64>,
    limit: Option<i64>,
}

/// From where on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct After {
    after: Option<i64>,
}

/// What is searched for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Searched {
    pattern: String,
    all: Option<bool>,
    limit: Option<i64>,
}

/// Revisions of what devices ran, the latest first.
#[utoipa::path(get, path = "/api/v1/config/revisions", tag = "config",
    params(("device" = Option<String>, Query, description = "Of this device alone."),
        ("before" = Option<i64>, Query, description = "Those with a smaller id."),
        ("limit" = Option<i64>, Query, description = "So many at most, from 1 to 1000; 100 where nothing is said.")),
    responses((status = 200, body = List<RevisionItem>)))]
pub(in crate::api) async fn list_revisions(
    State(app): State<Arc<App>>,
    Query(listed): Query<Listed>,
) -> Result<Json<List<RevisionItem>>, Problem> {
    let limit = limited(listed.limit)?;
    let log = app.archiving.revisions.log(listed.device.as_deref(), listed.before, limit);
    let items = log.await.map_err(Problem::internal)?.into_iter().map(RevisionItem::from);
    Ok(Json(List { items: items.collect() }))
}

/// Revisions with their texts, the oldest first: for whoever keeps copies elsewhere. Those with an id above the last
/// one's follow; none follows on none.
#[utoipa::path(get, path = "/api/v1/config/revisions/texts", tag = "config",
    params(("after" = Option<i64>, Query, description = "Those with a greater id.")),
    responses((status = 200, body = List<RevisionDetail>)))]
pub(in crate::api) async fn list_texts(
    State(app): State<Arc<App>>,
    Query(After { after }): Query<After>,
) -> Result<Json<List<RevisionDetail>>, Problem> {
    let next = app.archiving.revisions.after(after.unwrap_or(0), MOST_OF_AN_ANSWER);
    let items = next.await.map_err(Problem::internal)?.into_iter().map(RevisionDetail::from);
    Ok(Json(List { items: items.collect() }))
}

/// A revision of a device with its texts.
#[utoipa::path(get, path = "/api/v1/config/devices/{device}/revisions/{number}", tag = "config",
    params(("device" = String, Path, description = "The device."),
        ("number" = String, Path, description = "Which of its revisions: a number, or `latest`.")),
    responses((status = 200, body = RevisionDetail)))]
pub(in crate::api) async fn show_revision(
    State(app): State<Arc<App>>,
    Path((device, number)): Path<(String, String)>,
) -> Result<Json<RevisionDetail>, Problem> {
    let said = match number.as_str() {
        "latest" => None,
        number => Some(number.parse().map_err(|_| {
            Problem::new(400, format!("{number}: a revision is a number, or `latest`"))
        })?),
    };
    let found = app.archiving.revisions.revision(&device, said).await;
    let found = found
        .map_err(Problem::internal)?
        .ok_or_else(|| Problem::new(404, format!("there is no revision {number} of {device}")))?;
    Ok(Json(found.into()))
}

/// Lines in what devices run, or ran.
#[utoipa::path(get, path = "/api/v1/config/search", tag = "config",
    params(("pattern" = String, Query, description = "A regular expression; `(?i)` before it: letters of either case."),
        ("all" = Option<bool>, Query, description = "In all revisions, not in the latest of each device alone."),
        ("limit" = Option<i64>, Query, description = "So many lines at most, from 1 to 1000; 100 where nothing is said.")),
    responses((status = 200, body = HitList)))]
pub(in crate::api) async fn search(
    State(app): State<Arc<App>>,
    Query(searched): Query<Searched>,
) -> Result<Json<HitList>, Problem> {
    let pattern = Pattern::new(&searched.pattern).map_err(|err| Problem::new(400, err))?;
    let which = if searched.all.unwrap_or_default() { Which::All } else { Which::Latest };
    let limit = usize::try_from(limited(searched.limit)?).map_err(Problem::internal)?;
    let found = app.archiving.revisions.search(&pattern, which, limit).await;
    let found = found.map_err(Problem::internal)?;
    let item = |hit: Hit| HitItem {
        device: hit.device,
        revision: hit.number,
        path: hit.path,
        line: hit.line,
        text: hit.text,
    };
    let items = found.hits.into_iter().map(item).collect();
    Ok(Json(HitList { items, is_more: found.is_more }))
}

fn limited(limit: Option<i64>) -> Result<i64, Problem> {
    let limit = limit.unwrap_or(USUAL);
    let is_meant = (1..=MOST).contains(&limit);
    is_meant
        .then_some(limit)
        .ok_or_else(|| Problem::new(400, format!("limit: expected 1 to {MOST}")))
}
