//! How far filling has come: what is missing, from whom it comes, and when it will be there.

use super::status::{rfc3339, seen};
use super::{List, Problem};
use crate::server::App;
use axum::Json;
use axum::extract::State;
use contract::progress::{FillProgress, SourceFailure, SourceProgress, TitleProgress, WaitingOn};
use inventory::Appliance;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// What one appliance says of its filling.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ApplianceFill {
    /// The appliance.
    pub(crate) appliance: String,
    /// Its site.
    pub(crate) site: String,
    /// `live`, `late`, `silent` or `never-seen`.
    pub(crate) state: String,
    /// How old all of this is.
    pub(crate) report_age_s: Option<f64>,
    /// Who may fill now: `all`, `urgent` (what cannot wait for the next window) or `nobody`.
    pub(crate) admission: Option<String>,
    /// Until then: the edge of a window (RFC 3339).
    pub(crate) until: Option<String>,
    /// The most that it may draw from all sources together, now.
    pub(crate) cap_bytes_per_s: Option<u64>,
    /// What it draws, over the past ten seconds.
    pub(crate) rate_bytes_per_s: u64,
    /// What is missing.
    pub(crate) bytes_missing: u64,
    /// When all of it will be there, as far as can be told (RFC 3339).
    pub(crate) finish_at: Option<String>,
    /// What it draws from each source.
    pub(crate) sources: Vec<FillSourceItem>,
    /// Sources whose last word was a failure, the last first.
    #[serde(default)]
    pub(crate) failing: Vec<FillFailureItem>,
    /// Titles that are not all there, in the order in which they come; then those that came
    /// last.
    pub(crate) titles: Vec<FillTitleItem>,
    /// How many more are not all there.
    pub(crate) titles_left_out: u64,
}

/// What is drawn from one source.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct FillSourceItem {
    /// `origin`, `peer NAME` or `parent NAME`.
    pub(crate) source: String,
    /// Over the past ten seconds.
    pub(crate) rate_bytes_per_s: u64,
}

/// What a source said last, where that was no.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct FillFailureItem {
    /// `origin`, `peer NAME` or `parent NAME`.
    pub(crate) source: String,
    /// The content group of what it was asked for.
    pub(crate) group: String,
    /// The path of that, or what it begins with.
    pub(crate) path: String,
    /// What went wrong.
    pub(crate) reason: String,
    /// When, by the box's clock (RFC 3339).
    pub(crate) at: String,
}

/// How far one title has come.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct FillTitleItem {
    /// Its content group.
    pub(crate) group: String,
    /// The title.
    pub(crate) title: String,
    /// `arriving`, `queued`, `waiting` or `held`.
    pub(crate) state: String,
    /// Where it comes from now, or came from last.
    pub(crate) source: Option<String>,
    /// What it draws from each source, the most first.
    #[serde(default)]
    pub(crate) sources: Vec<FillSourceItem>,
    /// Objects that are to be there.
    pub(crate) objects_wanted: u64,
    /// Of these, those that are.
    pub(crate) objects_held: u64,
    /// Bytes that are to be there.
    pub(crate) bytes_wanted: u64,
    /// Of these, those that have come.
    pub(crate) bytes_done: u64,
    /// Over the past ten seconds.
    pub(crate) rate_bytes_per_s: u64,
    /// Why it does not come.
    pub(crate) waiting: Option<FillWaitingItem>,
    /// When all of it will be there, as far as can be told; when it was, where it is (RFC 3339).
    pub(crate) finish_at: Option<String>,
}

/// What a title waits for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct FillWaitingItem {
    /// A stable name.
    pub(crate) on: String,
    /// In words.
    pub(crate) words: String,
    /// Until then (RFC 3339); until the fleet says something new, where there is none.
    pub(crate) until: Option<String>,
}

impl ApplianceFill {
    fn new(app: &App, appliance: &Appliance) -> Self {
        let seen = seen(app, &appliance.name);
        let fill = seen.latest.as_ref().map(|latest| latest.report.fill.clone());
        let admission = fill.as_ref().map(|fill| fill.admission.as_str().to_owned());
        let FillProgress {
            admission: _,
            until_us,
            cap_bytes_per_s,
            rate_bytes_per_s,
            bytes_missing,
            finish_at_us,
            sources,
            failing,
            titles,
            titles_left_out,
        } = fill.unwrap_or_default();
        Self {
            appliance: appliance.name.to_string(),
            site: appliance.site.to_string(),
            state: seen.state.as_str().to_owned(),
            report_age_s: seen.age_s,
            admission,
            until: until_us.map(rfc3339),
            cap_bytes_per_s,
            rate_bytes_per_s,
            bytes_missing,
            finish_at: finish_at_us.map(rfc3339),
            sources: sources.iter().map(FillSourceItem::new).collect(),
            failing: failing.iter().map(FillFailureItem::new).collect(),
            titles: titles.iter().map(FillTitleItem::new).collect(),
            titles_left_out,
        }
    }
}

impl FillSourceItem {
    fn new(each: &SourceProgress) -> Self {
        Self { source: each.source.to_string(), rate_bytes_per_s: each.rate_bytes_per_s }
    }
}

impl FillFailureItem {
    fn new(each: &SourceFailure) -> Self {
        Self {
            source: each.source.to_string(),
            group: each.group.to_string(),
            path: each.path.clone(),
            reason: each.reason.clone(),
            at: rfc3339(each.at_us),
        }
    }
}

impl FillTitleItem {
    fn new(title: &TitleProgress) -> Self {
        Self {
            group: title.group.to_string(),
            title: title.title.to_string(),
            state: title.state.as_str().to_owned(),
            source: title.source.as_ref().map(ToString::to_string),
            sources: title.sources.iter().map(FillSourceItem::new).collect(),
            objects_wanted: title.objects_wanted,
            objects_held: title.objects_held,
            bytes_wanted: title.bytes_wanted,
            bytes_done: title.bytes_done,
            rate_bytes_per_s: title.rate_bytes_per_s,
            waiting: title.waiting.as_ref().map(FillWaitingItem::new),
            finish_at: title.finish_at_us.map(rfc3339),
        }
    }
}

impl FillWaitingItem {
    fn new(waiting: &WaitingOn) -> Self {
        Self {
            on: waiting.kind().to_owned(),
            words: waiting.to_string(),
            until: waiting.until().map(rfc3339),
        }
    }
}

/// How far filling has come, by appliance.
#[utoipa::path(get, path = "/api/v1/fill", tag = "status",
    responses((status = 200, body = List<ApplianceFill>)))]
pub(super) async fn list_fill(
    State(app): State<Arc<App>>,
) -> Result<Json<List<ApplianceFill>>, Problem> {
    let appliances = app.inventory.appliances().await?;
    let items = appliances.iter().map(|appliance| ApplianceFill::new(&app, appliance)).collect();
    Ok(Json(List { items }))
}
