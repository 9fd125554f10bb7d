//! Catalogue segments, by digest.

use crate::api::Problem;
use crate::server::App;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use contract::object::Digest;
use http::header;
use std::sync::Arc;

pub(super) async fn get_segment(
    State(app): State<Arc<App>>,
    Path(digest): Path<String>,
) -> Result<Response, Problem> {
    let digest: Digest = digest.parse().map_err(|err| Problem::new(400, err))?;
    let bytes = app.catalog.segment(&digest).await?;
    let bytes = bytes.ok_or_else(|| Problem::new(404, format!("no segment {digest}")))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], bytes).into_response())
}
