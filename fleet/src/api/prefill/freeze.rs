//! Nothing is placed anew for a while, or an older placement is put in force again.

use super::policy::{PolicyItem, changed};
use crate::api::Problem;
use crate::api::body::Body;
use crate::api::caller::Operator;
use crate::planner::{Frozen, Line, Policy};
use crate::server::App;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// The longest reason.
const MOST_WHY: usize = 1000;

/// Nothing is placed anew.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct FrozenItem {
    /// Why.
    pub(crate) why: String,
    /// The older placement that is put in force again; without it, the one that was in force stays.
    pub(crate) put_back: Option<u64>,
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

impl From<Frozen> for FrozenItem {
    fn from(of: Frozen) -> Self {
        Self { why: of.why, put_back: of.put_back }
    }
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
    if why.trim().is_empty() || why.chars().count() > MOST_WHY {
        return Err(Problem::new(422, format!("why: expected 1 to {MOST_WHY} characters")));
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
        policy.end_trial("placing was frozen".to_owned());
        policy.frozen = Some(frozen);
        Ok(())
    };
    Ok(Json(changed(&app, caller.name.as_str(), change).await?.into()))
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
    Ok(Json(changed(&app, caller.name.as_str(), change).await?.into()))
}
