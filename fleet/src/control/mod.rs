//! The control listener: boxes, over mTLS, and nobody else.

mod certificates;
mod late;
mod report;
mod segments;
mod slices;
mod tls;

pub(crate) use late::LateGate;
pub(crate) use tls::ControlTls;

use crate::server::App;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use contract::certificates::CERTIFICATE_PATH;
use contract::exchange::{LATE_PATH, REPORT_PATH, SEGMENT_PATH, SLICES_PATH};
use contract::report::MAX_REPORT_BYTES;
use std::sync::Arc;

/// What boxes can ask.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route(REPORT_PATH, post(report::post_report))
        .route(LATE_PATH, post(late::post_late_reports))
        .route(CERTIFICATE_PATH, post(certificates::post_certificate))
        .route(&format!("{SEGMENT_PATH}/{{digest}}"), get(segments::get_segment))
        .route(&format!("{SLICES_PATH}/{{blake3}}"), get(slices::get_slice_hashes))
        .layer(DefaultBodyLimit::max(MAX_REPORT_BYTES))
        .layer(axum::middleware::from_fn(crate::api::deadline))
        .with_state(app)
}
