//! Sites.

use super::body::Body;
use super::caller::Operator;
use super::{List, Problem, named};
use crate::server::{App, now};
use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use inventory::Site;
use std::sync::Arc;

/// All sites.
#[utoipa::path(get, path = "/api/v1/sites", tag = "inventory",
    responses((status = 200, body = List<Site>)))]
pub(super) async fn list_sites(State(app): State<Arc<App>>) -> Result<Json<List<Site>>, Problem> {
    Ok(Json(List { items: app.inventory.sites().await? }))
}

/// Add a site.
#[utoipa::path(post, path = "/api/v1/sites", tag = "inventory", request_body = Site,
    responses((status = 201, body = Site), (status = "4XX", body = Problem)))]
pub(super) async fn create_site(
    State(app): State<Arc<App>>,
    _: Operator,
    Body(site): Body<Site>,
) -> Result<(StatusCode, Json<Site>), Problem> {
    app.inventory.create_site(&site, now()).await?;
    app.changed.notify_one();
    Ok((StatusCode::CREATED, Json(site)))
}

/// One site.
#[utoipa::path(get, path = "/api/v1/sites/{name}", tag = "inventory",
    params(("name" = String, Path, description = "The site")),
    responses((status = 200, body = Site), (status = 404, body = Problem)))]
pub(super) async fn show_site(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Json<Site>, Problem> {
    Ok(Json(app.inventory.site(&named(&name)?).await?))
}

/// Remove a site on which no appliance stands.
#[utoipa::path(delete, path = "/api/v1/sites/{name}", tag = "inventory",
    params(("name" = String, Path, description = "The site")),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn delete_site(
    State(app): State<Arc<App>>,
    _: Operator,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    app.inventory.delete_site(&named(&name)?).await?;
    app.changed.notify_one();
    Ok(StatusCode::NO_CONTENT)
}
