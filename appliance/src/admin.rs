//! The admin listener: health, metrics and status over plain HTTP, behind a socket that is a file.

use crate::metrics;
use crate::process::This;
use crate::reporter::Reporter;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::UnixListener;

/// What the admin listener can see.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) reporter: Reporter,
    pub(crate) this: This,
    /// Takes viewers: turns true once the sockets are open, false when a stop has begun.
    pub(crate) is_ready: Arc<AtomicBool>,
}

/// Answers until `stopped` completes.
pub(crate) async fn serve(
    listener: UnixListener,
    seen: Seen,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(prometheus))
        .route("/status", get(status))
        .route("/fill", get(fill))
        .route("/process", get(process))
        .with_state(seen);
    axum::serve(listener, router).with_graceful_shutdown(stopped).await
}

async fn ready(State(seen): State<Seen>) -> Response {
    if seen.is_ready.load(Ordering::Relaxed) {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "starting or stopping\n").into_response()
    }
}

async fn prometheus(State(seen): State<Seen>) -> Response {
    match metrics::encode(&seen.reporter) {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(err) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{err}\n")).into_response(),
    }
}

async fn status(State(seen): State<Seen>) -> Response {
    Json(seen.reporter.snapshot()).into_response()
}

async fn fill(State(seen): State<Seen>) -> Response {
    Json(seen.reporter.fill()).into_response()
}

async fn process(State(seen): State<Seen>) -> Response {
    Json(seen.this.told()).into_response()
}
