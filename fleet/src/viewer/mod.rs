//! What players ask: the playlists that playback begins with, where to go from there, and
//! the console that shows it.

mod candidates;
mod console;
mod play;
mod steering;

use crate::api::{Problem, deadline};
use crate::server::App;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::sync::Arc;

/// What players and the console's page can ask.
pub(crate) fn router(app: Arc<App>) -> Router {
    questions(Arc::clone(&app)).merge(console::router(app))
}

/// What players ask, and nothing else.
pub(crate) fn players(app: Arc<App>) -> Router {
    questions(app)
        .route("/healthz", get(async || "ok\n"))
        .fallback(async || Problem::new(404, "there is nothing here"))
        .layer(from_fn(deadline))
}

fn questions(app: Arc<App>) -> Router {
    Router::new()
        .route("/play/{group}/{title}/{file}", get(play::get_playlist).options(preflight))
        .route("/steer/v1/{protocol}", get(steering::get_steering).options(preflight))
        .layer(from_fn(any_origin_uncached))
        .with_state(app)
}

/// Players run on pages of any origin, and what they are told is true for the moment only.
async fn any_origin_uncached(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    set(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, OPTIONS");
    set(header::ACCESS_CONTROL_ALLOW_HEADERS, "*");
    set(header::ACCESS_CONTROL_MAX_AGE, "7200");
    set(header::CACHE_CONTROL, "no-store");
    response
}

/// What a browser asks before it sends headers of a page's own; the answer is in the headers
/// that every answer here has.
async fn preflight() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// How the client reached us, for addresses that it shall come back to; empty (a relative
/// address) when it did not say.
fn own_base(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let octet = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    match host {
        Some(host) if !host.is_empty() && host.len() <= 255 && host.chars().all(octet) => {
            format!("https://{host}")
        }
        _ => String::new(),
    }
}
