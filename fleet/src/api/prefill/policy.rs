//! How everything is placed: the policy in force, one that is worked out beside it, and nothing at all for a while.

use super::{Page, RunItem};
use crate::api::body::Body;
use crate::api::caller::Operator;
use crate::api::said::Query;
use crate::api::status::rfc3339;
use crate::api::{List, Problem};
use crate::planner::{Frozen, Line, Policy, PolicyVersion, Run, Shadow};
use crate::server::{App, now};
use axum::Json;
use axum::extract::State;
use prefill::question::Tuning;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use utoipa::ToSchema;

/// The longest reason.
const MOST_WHY: usize = 1000;

const COPIES: RangeInclusive<u16> = 1..=64;
const COPY_SHARE: RangeInclusive<u32> = 1..=100;
const REST: RangeInclusive<u32> = 0..=10_000;
const SOMEWHERE: RangeInclusive<u32> = 0..=100;

/// How sites are planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct TuningItem {
    /// Copies that a site has of a title at least, where it has as many boxes.
    pub(crate) least_copies: u16,
    /// What part of a box's throughput one title may ask for before it gets another copy.
    pub(crate) copy_share_percent: u32,
    /// By how much more than yesterday's least a new byte must be worth to take the place of one that is there.
    pub(crate) rest_percent: u32,
    /// What part of a box's disks may go to titles that no site would hold by itself.
    pub(crate) somewhere_percent: u32,
}

/// What is to be otherwise than in the policy in force.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TuningRequest {
    /// Copies that a site has of a title at least, where it has as many boxes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 64)]
    pub(crate) least_copies: Option<u16>,
    /// What part of a box's throughput one title may ask for before it gets another copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100)]
    pub(crate) copy_share_percent: Option<u32>,
    /// By how much more than yesterday's least a new byte must be worth to take the place of one that is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 10_000)]
    pub(crate) rest_percent: Option<u32>,
    /// What part of a box's disks may go to titles that no site would hold by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 100)]
    pub(crate) somewhere_percent: Option<u32>,
}

/// Nothing is placed anew.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct FrozenItem {
    /// Why.
    pub(crate) why: String,
    /// The older placement that is put in force again; without it, the one that was in force stays.
    pub(crate) put_back: Option<u64>,
}

/// A version of the policy.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct PolicyItem {
    /// It rises; 0 before anything was said.
    pub(crate) version: u64,
    /// When it was made (RFC 3339).
    pub(crate) made_at: Option<String>,
    /// Who made it.
    pub(crate) made_by: Option<String>,
    /// How sites are planned.
    pub(crate) tuning: TuningItem,
    /// What is worked out beside that, and told to nobody.
    pub(crate) shadow: Option<TuningItem>,
    /// Whether nothing is placed anew.
    pub(crate) frozen: Option<FrozenItem>,
}

/// What is to stay.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FreezeRequest {
    /// Why: it is told to whoever asks for the plan.
    #[schema(min_length = 1, max_length = 1000)]
    pub(crate) why: String,
    /// The older placement that is put in force again; without it, the one that is in force stays.
    #[serde(default)]
    pub(crate) version: Option<u64>,
}

/// A day, as it was placed and as it would have been.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ShadowDay {
    /// The last placement of the day.
    pub(crate) live: RunItem,
    /// What would have been placed last.
    pub(crate) shadow: RunItem,
}

impl From<Tuning> for TuningItem {
    fn from(of: Tuning) -> Self {
        let Tuning { least_copies, copy_share_percent, rest_percent, somewhere_percent } = of;
        Self { least_copies, copy_share_percent, rest_percent, somewhere_percent }
    }
}

impl TuningRequest {
    fn of(self, in_force: Tuning) -> Result<Tuning, Problem> {
        Ok(Tuning {
            least_copies: within("least_copies", self.least_copies, COPIES, in_force.least_copies)?,
            copy_share_percent: within(
                "copy_share_percent",
                self.copy_share_percent,
                COPY_SHARE,
                in_force.copy_share_percent,
            )?,
            rest_percent: within("rest_percent", self.rest_percent, REST, in_force.rest_percent)?,
            somewhere_percent: within(
                "somewhere_percent",
                self.somewhere_percent,
                SOMEWHERE,
                in_force.somewhere_percent,
            )?,
        })
    }
}

fn within<T: PartialOrd + Copy + std::fmt::Display>(
    name: &str,
    given: Option<T>,
    range: RangeInclusive<T>,
    in_force: T,
) -> Result<T, Problem> {
    let value = given.unwrap_or(in_force);
    if range.contains(&value) {
        return Ok(value);
    }
    let (least, most) = (range.start(), range.end());
    Err(Problem::new(422, format!("{name}: expected {least} to {most}, not {value}")))
}

impl From<PolicyVersion> for PolicyItem {
    fn from(of: PolicyVersion) -> Self {
        let is_said = of.version > 0;
        let frozen = |Frozen { why, put_back }| FrozenItem { why, put_back };
        Self {
            version: of.version,
            made_at: is_said.then(|| rfc3339(of.made_at)),
            made_by: is_said.then_some(of.made_by),
            tuning: of.policy.tuning.into(),
            shadow: of.policy.shadow.map(|it| it.tuning.into()),
            frozen: of.policy.frozen.map(frozen),
        }
    }
}

/// The policy in force.
#[utoipa::path(get, path = "/api/v1/prefill/policy", tag = "prefill",
    responses((status = 200, body = PolicyItem)))]
pub(in crate::api) async fn show_policy(
    State(app): State<Arc<App>>,
) -> Result<Json<PolicyItem>, Problem> {
    Ok(Json(app.policies.in_force().await?.into()))
}

/// The newest policies, newest first.
#[utoipa::path(get, path = "/api/v1/prefill/policies", tag = "prefill",
    params(("limit" = Option<i64>, Query, description = "At most so many: 20 without it.", minimum = 1, maximum = 1000),
        ("before" = Option<u64>, Query, description = "Those before this version.")),
    responses((status = 200, body = List<PolicyItem>)))]
pub(in crate::api) async fn list_policies(
    State(app): State<Arc<App>>,
    Query(page): Query<Page>,
) -> Result<Json<List<PolicyItem>>, Problem> {
    let all = app.policies.list(page.before, page.limit()).await?;
    Ok(Json(List { items: all.into_iter().map(PolicyItem::from).collect() }))
}

/// Have another policy worked out beside the one in force: what is not named is as it is there.
#[utoipa::path(put, path = "/api/v1/prefill/shadow", tag = "prefill", request_body = TuningRequest,
    responses((status = 200, body = PolicyItem)))]
pub(in crate::api) async fn put_shadow(
    State(app): State<Arc<App>>,
    Operator(caller): Operator,
    Body(request): Body<TuningRequest>,
) -> Result<Json<PolicyItem>, Problem> {
    let change = |policy: &mut Policy, line: u64| {
        let tuning = request.of(policy.tuning)?;
        if tuning == policy.tuning {
            return Err(Problem::new(422, "that is how everything is placed already"));
        }
        // The same again goes on.
        if policy.shadow.is_none_or(|shadow| shadow.tuning != tuning) {
            policy.shadow = Some(Shadow { line, tuning });
        }
        Ok(())
    };
    changed(&app, caller.name.as_str(), change).await
}

/// Work nothing out beside the policy in force any more.
#[utoipa::path(delete, path = "/api/v1/prefill/shadow", tag = "prefill",
    responses((status = 200, body = PolicyItem)))]
pub(in crate::api) async fn remove_shadow(
    State(app): State<Arc<App>>,
    Operator(caller): Operator,
) -> Result<Json<PolicyItem>, Problem> {
    let change = |policy: &mut Policy, _: u64| policy.shadow.take().map(drop).ok_or_else(no_shadow);
    changed(&app, caller.name.as_str(), change).await
}

/// What would have been placed, beside what was, day by day; the newest first.
#[utoipa::path(get, path = "/api/v1/prefill/shadow", tag = "prefill",
    responses((status = 200, body = List<ShadowDay>)))]
pub(in crate::api) async fn show_shadow(
    State(app): State<Arc<App>>,
) -> Result<Json<List<ShadowDay>>, Problem> {
    let shadow = app.policies.in_force().await?.policy.shadow.ok_or_else(no_shadow)?;
    let live = last_of_days(app.runs.list(Line::LIVE, None, super::MOST).await?);
    let mut beside = last_of_days(app.runs.list(Line(shadow.line), None, super::MOST).await?);
    let both = live.into_iter().rev().filter_map(|(day, live)| {
        let (live, shadow) = (RunItem::of(live), RunItem::of(beside.remove(&day)?));
        Some(ShadowDay { live, shadow })
    });
    Ok(Json(List { items: both.collect() }))
}

/// Have everything placed from now on as it was worked out beside it: refused where that has not been done yet.
#[utoipa::path(post, path = "/api/v1/prefill/shadow/adopt", tag = "prefill",
    responses((status = 200, body = PolicyItem)))]
pub(in crate::api) async fn adopt_shadow(
    State(app): State<Arc<App>>,
    Operator(caller): Operator,
) -> Result<Json<PolicyItem>, Problem> {
    let shown = app.policies.in_force().await?.policy.shadow.ok_or_else(no_shadow)?;
    let (live, beside) =
        (app.runs.latest(Line::LIVE).await?, app.runs.latest(Line(shown.line)).await?);
    let is_shown = live.zip(beside).is_some_and(|(live, beside)| beside.day == live.day);
    if !is_shown {
        return Err(Problem::new(
            409,
            "what it would change today has not been worked out yet: see `fleet prefill shadow`",
        ));
    }
    let change = |policy: &mut Policy, _: u64| {
        if policy.shadow != Some(shown) {
            return Err(Problem::new(409, "somebody has said otherwise meanwhile: look again"));
        }
        (policy.tuning, policy.shadow) = (shown.tuning, None);
        Ok(())
    };
    changed(&app, caller.name.as_str(), change).await
}

/// Place nothing anew: what is in force stays, or an older placement is put in force again.
#[utoipa::path(put, path = "/api/v1/prefill/freeze", tag = "prefill", request_body = FreezeRequest,
    responses((status = 200, body = PolicyItem)))]
pub(in crate::api) async fn freeze(
    State(app): State<Arc<App>>,
    Operator(caller): Operator,
    Body(request): Body<FreezeRequest>,
) -> Result<Json<PolicyItem>, Problem> {
    let FreezeRequest { why, version } = request;
    if why.trim().is_empty() || why.len() > MOST_WHY {
        return Err(Problem::new(422, format!("why: expected 1 to {MOST_WHY} bytes of text")));
    }
    if let Some(version) = version {
        let run = app.runs.one(version).await?.filter(|run| run.line == Line::LIVE);
        let none = || Problem::new(404, format!("no placement {version} was ever in force here"));
        run.ok_or_else(none)?;
    } else if app.runs.latest(Line::LIVE).await?.is_none() {
        return Err(Problem::new(409, "nothing has been placed yet"));
    }
    let frozen = Frozen { why, put_back: version };
    let change = |policy: &mut Policy, _: u64| {
        policy.frozen = Some(frozen);
        Ok(())
    };
    changed(&app, caller.name.as_str(), change).await
}

/// Place again whenever something is another.
#[utoipa::path(delete, path = "/api/v1/prefill/freeze", tag = "prefill",
    responses((status = 200, body = PolicyItem)))]
pub(in crate::api) async fn unfreeze(
    State(app): State<Arc<App>>,
    Operator(caller): Operator,
) -> Result<Json<PolicyItem>, Problem> {
    let change = |policy: &mut Policy, _: u64| {
        let nothing = || Problem::new(404, "nothing is frozen");
        policy.frozen.take().map(drop).ok_or_else(nothing)
    };
    changed(&app, caller.name.as_str(), change).await
}

async fn changed(
    app: &App,
    made_by: &str,
    change: impl FnOnce(&mut Policy, u64) -> Result<(), Problem>,
) -> Result<Json<PolicyItem>, Problem> {
    let made = app.policies.change((made_by, now()), change).await?;
    app.changed.notify_one();
    Ok(Json(made.into()))
}

fn no_shadow() -> Problem {
    Problem::new(404, "no other policy is worked out beside the one in force")
}

/// By day; of newest runs first, the first one of each.
fn last_of_days(runs: Vec<Run>) -> BTreeMap<i32, Run> {
    let mut days = BTreeMap::new();
    for run in runs {
        days.entry(run.day).or_insert(run);
    }
    days
}
