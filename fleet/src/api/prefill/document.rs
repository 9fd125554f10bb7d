//! A placement with all that it follows from, for whoever wants to work it out himself.

use super::placement::Placement;
use crate::api::{Problem, named};
use crate::planner::Holds;
use crate::server::App;
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// By box, numbers of titles.
pub(crate) type Titles = BTreeMap<String, Vec<u32>>;

/// A placement with all that it follows from.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct PlacementDocument {
    /// Its version.
    pub(crate) version: u64,
    /// The question: titles, demand by region and site, boxes and their budgets, rights. Numbers that are not whole
    /// stand in it by their bits.
    #[schema(value_type = Object)]
    pub(crate) question: Value,
    /// What boxes were to hold when it was asked, by numbers of the question.
    pub(crate) before: Titles,
    /// What they are to hold.
    pub(crate) holds: Titles,
    /// The BLAKE3 of that.
    pub(crate) answer_digest: String,
    /// The part of the demand that origins are spared.
    pub(crate) offload: f64,
    /// What boxes did not hold when the day began.
    pub(crate) new_bytes: u64,
}

/// A placement with all that it follows from.
#[utoipa::path(get, path = "/api/v1/prefill/runs/{version}", tag = "prefill",
    params(("version" = u64, Path, description = "Which")),
    responses((status = 200, body = PlacementDocument)))]
pub(in crate::api) async fn show_document(
    State(app): State<Arc<App>>,
    Path(version): Path<String>,
) -> Result<Json<PlacementDocument>, Problem> {
    let placement = Placement::read(&app, Some(named(&version)?)).await?;
    let before = titles(placement.before(&app).await?.into_holds());
    let Placement { run, question, holds } = placement;
    let question = tokio::task::spawn_blocking(move || serde_json::to_value(question)).await;
    Ok(Json(PlacementDocument {
        version: run.version,
        question: question.map_err(Problem::internal)?.map_err(Problem::internal)?,
        before,
        holds: titles(holds),
        answer_digest: run.answer_digest,
        offload: run.outcome.offload(),
        new_bytes: run.outcome.new_bytes,
    }))
}

fn titles(holds: Holds) -> Titles {
    holds.into_iter().map(|(device, titles)| (device.to_string(), titles)).collect()
}
