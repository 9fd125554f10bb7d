//! Another policy, worked out beside the one in force.

use super::RunItem;
use super::policy::{PolicyItem, TuningRequest, changed};
use crate::api::body::Body;
use crate::api::caller::Operator;
use crate::api::{List, Problem};
use crate::planner::{Line, Policy, Run, Shadow};
use crate::server::App;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// As long as runs are kept.
const MOST_DAYS: i64 = 60;

/// A day, as it was placed and as it would have been.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ShadowDay {
    /// The last placement of the day.
    pub(crate) live: RunItem,
    /// What would have been placed last.
    pub(crate) shadow: RunItem,
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
    Ok(Json(changed(&app, caller.name.as_str(), change).await?.into()))
}

/// Work nothing out beside the policy in force any more.
#[utoipa::path(delete, path = "/api/v1/prefill/shadow", tag = "prefill",
    responses((status = 200, body = PolicyItem)))]
pub(in crate::api) async fn remove_shadow(
    State(app): State<Arc<App>>,
    Operator(caller): Operator,
) -> Result<Json<PolicyItem>, Problem> {
    let change = |policy: &mut Policy, _: u64| policy.shadow.take().map(drop).ok_or_else(no_shadow);
    Ok(Json(changed(&app, caller.name.as_str(), change).await?.into()))
}

/// What would have been placed, beside what was, day by day; the newest first.
#[utoipa::path(get, path = "/api/v1/prefill/shadow", tag = "prefill",
    responses((status = 200, body = List<ShadowDay>)))]
pub(in crate::api) async fn show_shadow(
    State(app): State<Arc<App>>,
) -> Result<Json<List<ShadowDay>>, Problem> {
    let shadow = app.policies.in_force().await?.policy.shadow.ok_or_else(no_shadow)?;
    let live = app.runs.last_of_days(Line::LIVE, MOST_DAYS).await?;
    let beside = app.runs.last_of_days(Line(shadow.line), MOST_DAYS).await?;
    let mut beside: HashMap<i32, Run> = beside.into_iter().map(|run| (run.day, run)).collect();
    let both = live.into_iter().filter_map(|live| {
        let shadow = beside.remove(&live.day)?;
        Some(ShadowDay { live: RunItem::of(live), shadow: RunItem::of(shadow) })
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
            "what it would change today has not been worked out yet: see `fleet prefill shadow show`",
        ));
    }
    let change = |policy: &mut Policy, _: u64| {
        if policy.frozen.is_some() {
            return Err(Problem::new(409, "nothing is placed anew: unfreeze first"));
        }
        if policy.trial().is_some() {
            return Err(Problem::new(
                409,
                "a trial is going on, which compares with what is usual: stop it first",
            ));
        }
        if policy.shadow != Some(shown) {
            return Err(Problem::new(409, "somebody has said otherwise meanwhile: look again"));
        }
        (policy.tuning, policy.shadow) = (shown.tuning, None);
        Ok(())
    };
    Ok(Json(changed(&app, caller.name.as_str(), change).await?.into()))
}

fn no_shadow() -> Problem {
    Problem::new(404, "no other policy is worked out beside the one in force")
}
