//! What is placed where: the placement in force, those before it, why a title is where it is, and what would
//! be different if.

pub(super) mod changes;
pub(super) mod demand;
pub(super) mod document;
pub(super) mod expect;
pub(super) mod explain;
pub(super) mod freeze;
mod placement;
pub(super) mod policy;
pub(super) mod rules;
pub(super) mod shadow;
pub(super) mod shortfall;
pub(super) mod simulate;
pub(super) mod trial;

pub(crate) use changes::BoxChange;
pub(crate) use demand::{DemandRequest, DemandRow, DemandTaken};
pub(crate) use document::PlacementDocument;
pub(crate) use expect::{ExpectRequest, KindName, ReleaseItem};
pub(crate) use explain::PlacementReason;
pub(crate) use freeze::{FreezeRequest, FrozenItem};
pub(crate) use policy::{PolicyItem, TuningItem, TuningRequest};
pub(crate) use rules::{RuleItem, RuleName, RuleRequest};
pub(crate) use shadow::ShadowDay;
pub(crate) use shortfall::ShortItem;
pub(crate) use simulate::{BudgetName, ChangeRequest, EffectItem, SimulateRequest, SumsItem};
pub(crate) use trial::{DifferenceItem, TrialItem, TrialRequest};

use super::said::Query;
use super::status::rfc3339;
use super::{List, Problem};
use crate::planner::{Line, Run};
use crate::server::App;
use axum::Json;
use axum::extract::State;
use contract::demand::day_begins;
use placement::Placement;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// The most of a list.
const MOST: i64 = 1000;
const USUAL: i64 = 20;

/// One placement.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct RunItem {
    /// Its version; rises.
    pub(crate) version: u64,
    /// What was in force before; 0 for the first.
    pub(crate) parent: u64,
    /// The placement that says what boxes held when the day began; none for the first day.
    pub(crate) base: Option<u64>,
    /// The day that it is of.
    pub(crate) day: String,
    /// When it was made (RFC 3339).
    pub(crate) made_at: String,
    /// The BLAKE3 of all that it follows from.
    pub(crate) question_digest: String,
    /// The BLAKE3 of what each box is to hold.
    pub(crate) answer_digest: String,
    /// What viewers are expected to want at the peak.
    pub(crate) wanted_bytes_per_s: f64,
    /// The part of it that origins are spared.
    pub(crate) offload: f64,
    /// What boxes are to hold.
    pub(crate) held_bytes: u64,
    /// What of that they did not hold when the day began.
    pub(crate) new_bytes: u64,
    /// How far it may be from the best, at most, as a part of what is served.
    pub(crate) gap: f64,
    /// Titles that no site has room for.
    pub(crate) nowhere: usize,
}

/// A placement, site by site.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct PlacementDetail {
    /// The placement.
    pub(crate) run: RunItem,
    /// The sites.
    pub(crate) sites: Vec<SitePlacement>,
    /// Titles that no site has room for, as `group/title`; the first hundred.
    pub(crate) nowhere: Vec<String>,
    /// Whether it was worked out anew from what was taken down, and came out the same to the last bit.
    pub(crate) recomputed: Option<bool>,
    /// The older placement that it puts in force again: nothing was worked out.
    #[serde(default)]
    pub(crate) put_back: Option<u64>,
    /// Sites that will be short within days; of the placement in force alone.
    #[serde(default)]
    pub(crate) short: Vec<ShortItem>,
    /// Why nothing is placed anew; of the placement in force alone.
    #[serde(default)]
    pub(crate) frozen: Option<FrozenItem>,
}

/// What one site is to do.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SitePlacement {
    /// The site.
    pub(crate) site: String,
    /// The region whose demand it has a part of.
    pub(crate) region: Option<String>,
    /// The site that is asked for what it does not hold.
    pub(crate) parent: Option<String>,
    /// What its viewers, and the sites below it, are expected to want at the peak.
    pub(crate) wanted_bytes_per_s: f64,
    /// What of that it serves.
    pub(crate) served_bytes_per_s: f64,
    /// How far that may be from the best, at most, as a part of it.
    pub(crate) gap: f64,
    /// Titles that it holds since no other site would.
    pub(crate) somewhere: usize,
    /// Why it is not planned.
    pub(crate) refused: Option<String>,
    /// Its boxes.
    pub(crate) boxes: Vec<BoxPlacement>,
}

/// What one box is to hold.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct BoxPlacement {
    /// The box.
    pub(crate) device: String,
    /// How many titles.
    pub(crate) titles: usize,
    /// What they take.
    pub(crate) held_bytes: u64,
    /// What it may hold.
    pub(crate) room_bytes: u64,
    /// What of it the box did not hold when the day began.
    pub(crate) new_bytes: u64,
    /// What its fill windows let in a day; any number without it.
    pub(crate) fill_bytes: Option<u64>,
    /// What of it has not come yet, as the box says; of the placement in force alone.
    pub(crate) missing_bytes: Option<u64>,
    /// When all of it will have come, within its windows, as the box says (RFC 3339).
    pub(crate) finish_at: Option<String>,
    /// Why it is not planned on.
    pub(crate) not_planned: Option<String>,
}

impl RunItem {
    fn of(run: Run) -> Self {
        let day = rfc3339(day_begins(run.day));
        Self {
            version: run.version,
            parent: run.parent,
            base: Some(run.base).filter(|base| *base > 0),
            day: day.get(..10).unwrap_or(&day).to_owned(),
            made_at: rfc3339(run.made_at),
            question_digest: run.question_digest,
            answer_digest: run.answer_digest,
            wanted_bytes_per_s: run.outcome.wanted_bytes_per_s,
            offload: run.outcome.offload(),
            held_bytes: run.outcome.held_bytes,
            new_bytes: run.outcome.new_bytes,
            gap: run.outcome.gap,
            nowhere: run.outcome.nowhere.len(),
        }
    }
}

/// Which part of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    limit: Option<i64>,
    before: Option<u64>,
}

impl Page {
    fn limit(&self) -> i64 {
        self.limit.unwrap_or(USUAL).clamp(1, MOST)
    }
}

/// Which placement.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    at: Option<u64>,
    #[serde(default)]
    again: bool,
}

/// The newest placements, newest first.
#[utoipa::path(get, path = "/api/v1/prefill/runs", tag = "prefill",
    params(("limit" = Option<i64>, Query, description = "At most so many: 20 without it.", minimum = 1, maximum = 1000),
        ("before" = Option<u64>, Query, description = "Those before this version.")),
    responses((status = 200, body = List<RunItem>)))]
pub(super) async fn list_runs(
    State(app): State<Arc<App>>,
    Query(page): Query<Page>,
) -> Result<Json<List<RunItem>>, Problem> {
    let runs = app.runs.list(Line::LIVE, page.before, page.limit()).await?;
    Ok(Json(List { items: runs.into_iter().map(RunItem::of).collect() }))
}

/// The placement in force, or an older one, site by site.
#[utoipa::path(get, path = "/api/v1/prefill/plan", tag = "prefill",
    params(("at" = Option<u64>, Query, description = "That version, in place of the one in force."),
        ("again" = Option<bool>, Query, description = "Work it out anew from what was taken down, and say whether it comes out the same.")),
    responses((status = 200, body = PlacementDetail)))]
pub(super) async fn show_plan(
    State(app): State<Arc<App>>,
    Query(which): Query<Which>,
) -> Result<Json<PlacementDetail>, Problem> {
    let placement = Placement::read(&app, which.at).await?;
    let recomputed = match which.again {
        true => Some(placement.again(&app).await?),
        false => None,
    };
    let heard = which.at.is_none().then_some(&*app);
    let mut detail = placement.detail(recomputed, heard);
    if heard.is_some() {
        let short = app.short.load();
        let sites = short.sites.iter().filter(|_| short.version == detail.run.version);
        detail.short = sites.map(ShortItem::of).collect();
        detail.frozen = PolicyItem::from(app.policies.in_force().await?).frozen;
    }
    Ok(Json(detail))
}
