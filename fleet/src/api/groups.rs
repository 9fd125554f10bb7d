//! Content groups.

use super::body::Body;
use super::caller::Operator;
use super::{List, Problem, named};
use crate::server::{App, now};
use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use inventory::ContentGroup;
use std::sync::Arc;

/// All content groups.
#[utoipa::path(get, path = "/api/v1/groups", tag = "inventory",
    responses((status = 200, body = List<ContentGroup>)))]
pub(super) async fn list_groups(
    State(app): State<Arc<App>>,
) -> Result<Json<List<ContentGroup>>, Problem> {
    Ok(Json(List { items: app.inventory.groups().await? }))
}

/// Add a content group. Boxes that joined before do not serve it until they join anew.
#[utoipa::path(post, path = "/api/v1/groups", tag = "inventory", request_body = ContentGroup,
    responses((status = 201, body = ContentGroup), (status = "4XX", body = Problem)))]
pub(super) async fn create_group(
    State(app): State<Arc<App>>,
    _: Operator,
    Body(group): Body<ContentGroup>,
) -> Result<(StatusCode, Json<ContentGroup>), Problem> {
    app.inventory.create_group(&group, now()).await?;
    app.changed.notify_one();
    Ok((StatusCode::CREATED, Json(group)))
}

/// One content group.
#[utoipa::path(get, path = "/api/v1/groups/{name}", tag = "inventory",
    params(("name" = String, Path, description = "The content group")),
    responses((status = 200, body = ContentGroup), (status = 404, body = Problem)))]
pub(super) async fn show_group(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Json<ContentGroup>, Problem> {
    Ok(Json(app.inventory.group(&named(&name)?).await?))
}

/// Remove a content group that has no titles.
#[utoipa::path(delete, path = "/api/v1/groups/{name}", tag = "inventory",
    params(("name" = String, Path, description = "The content group")),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn delete_group(
    State(app): State<Arc<App>>,
    _: Operator,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    app.inventory.delete_group(&named(&name)?).await?;
    app.changed.notify_one();
    Ok(StatusCode::NO_CONTENT)
}
