//! Steering: asked again and again by players that play already.
//!
//! Never 429 or 410, which make hls.js stop asking for good; and no error at all where the
//! player could go on with what its playlist lists.

use super::candidates::{candidates, may_be_shown};
use super::own_base;
use crate::api::Problem;
use crate::server::{App, ClientAddress};
use axum::extract::{Path, RawQuery, State};
use axum::{Extension, Json};
use http::HeaderMap;
use std::sync::Arc;
use steer::manifest::{Dialect, Steering, SteeringManifest};
use steer::query::SteeringQuery;

pub(super) async fn get_steering(
    State(app): State<Arc<App>>,
    Extension(ClientAddress(client)): Extension<ClientAddress>,
    Path(protocol): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<SteeringManifest>, Problem> {
    let dialect = Dialect::from_name(&protocol)
        .ok_or_else(|| Problem::new(404, "expected /steer/v1/hls or /steer/v1/dash"))?;
    let query = SteeringQuery::parse(query.as_deref().unwrap_or_default())
        .map_err(|err| Problem::new(400, err))?;
    let view = app.view();
    let pathways = match view.title(&query.group, &query.title) {
        Some(title) if may_be_shown(&view, title, client.ip()).is_ok() => {
            candidates(&app, &view, title, client.ip()).pathways
        }
        // Removed while it plays, or no longer to be shown there: boxes still have it for a moment.
        _ => Vec::new(),
    };
    let reload_uri = format!("{}/steer/v1/{protocol}?{}", own_base(&headers), query.to_query());
    Ok(Json(SteeringManifest::new(&Steering {
        dialect,
        ttl_s: app.settings.steering_ttl_s,
        reload_uri: &reload_uri,
        candidates: &pathways,
        listed: &query.listed,
    })))
}
