//! Epochs: what a fleet begins that was restored from a backup, so that boxes follow it though
//! they have seen later numbers.

use super::operator::Operator;
use super::status::rfc3339;
use super::{List, Problem};
use crate::planner::Epoch;
use crate::server::{App, now};
use axum::Json;
use axum::extract::State;
use contract::envelope::{EpochGrant, Role};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// An epoch after the first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct EpochItem {
    /// Its number; documents are counted in the last.
    pub(crate) epoch: u32,
    /// When it began (RFC 3339).
    pub(crate) began_at: String,
}

fn item(epoch: &Epoch) -> EpochItem {
    EpochItem { epoch: epoch.epoch, began_at: rfc3339(epoch.began_at) }
}

/// Epochs after the first, oldest first.
#[utoipa::path(get, path = "/api/v1/epochs", tag = "epochs",
    responses((status = 200, body = List<EpochItem>)))]
pub(super) async fn list_epochs(
    State(app): State<Arc<App>>,
) -> Result<Json<List<EpochItem>>, Problem> {
    let all = app.epochs.all().await?;
    Ok(Json(List { items: all.iter().map(item).collect() }))
}

/// Begin an epoch: every document is issued anew in it.
#[utoipa::path(post, path = "/api/v1/epochs", tag = "epochs", security(("operator" = [])),
    responses((status = 201, body = EpochItem), (status = "4XX", body = Problem)))]
pub(super) async fn begin_epoch(
    State(app): State<Arc<App>>,
    _: Operator,
) -> Result<(StatusCode, Json<EpochItem>), Problem> {
    // A backup may be older than an epoch that boxes know of.
    let known = app.epochs.current().await?.max(known_to_boxes(&app));
    let next = known.checked_add(1).ok_or_else(|| Problem::new(409, "there is no epoch left"))?;
    let grant = EpochGrant::sign(next, app.ca.signing_key(Role::Config));
    let began_at = now();
    app.epochs.begin(&grant, began_at).await?;
    tracing::warn!(epoch = next, "a new epoch: every document is issued anew");
    app.changed.notify_one();
    Ok((StatusCode::CREATED, Json(item(&Epoch { epoch: next, began_at }))))
}

/// The last epoch that a box has reported.
fn known_to_boxes(app: &App) -> u32 {
    let view = app.view();
    let reported = view.appliances.iter().filter_map(|each| app.collector.latest(&each.name));
    let epochs = reported.flat_map(|latest| {
        let states = latest.report.documents.iter();
        states.filter_map(|state| Some(state.in_force?.epoch)).collect::<Vec<_>>()
    });
    epochs.max().unwrap_or(0)
}
