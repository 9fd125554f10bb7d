//! The console's page: our own files from the binary, the players from where npm put them.

use crate::server::App;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::{StatusCode, header};
use rust_embed::RustEmbed;
use std::sync::Arc;

#[derive(RustEmbed)]
#[folder = "console"]
#[include = "*.html"]
#[include = "*.js"]
#[include = "*.css"]
#[include = "*.svg"]
#[exclude = "node_modules/*"]
struct Page;

/// The players, by the name that the page asks for, and where their packages keep them.
const VENDOR: [(&str, &str); 3] = [
    ("hls.min.js", "hls.js/dist/hls.min.js"),
    ("dash.all.min.js", "dashjs/dist/modern/umd/dash.all.min.js"),
    ("shaka-player.compiled.js", "shaka-player/dist/shaka-player.compiled.js"),
];

/// The page, and what leads to it.
pub(super) fn router(app: Arc<App>) -> Router {
    let home = || async { Redirect::temporary("/console/") };
    Router::new()
        .route("/", get(home))
        .route("/console", get(home))
        .route("/console/", get(async || page("index.html")))
        .route("/console/{file}", get(async |Path(file): Path<String>| page(&file)))
        .route("/console/vendor/{file}", get(vendor))
        .with_state(app)
}

fn page(file: &str) -> Response {
    match Page::get(file) {
        Some(embedded) => answer(file, embedded.data.into_owned()),
        None => (StatusCode::NOT_FOUND, "no such page\n").into_response(),
    }
}

async fn vendor(State(app): State<Arc<App>>, Path(file): Path<String>) -> Response {
    let known = VENDOR.iter().find(|(name, _)| *name == file);
    let (Some((_, path)), Some(assets)) = (known, &app.settings.console_assets) else {
        let hint = "no such player: start the fleet with --console-assets NODE_MODULES\n";
        return (StatusCode::NOT_FOUND, hint).into_response();
    };
    match tokio::fs::read(assets.join(path)).await {
        Ok(bytes) => answer(&file, bytes),
        Err(err) => {
            tracing::warn!(path, %err, "cannot read a player");
            (StatusCode::NOT_FOUND, "this player is not installed\n").into_response()
        }
    }
}

fn answer(file: &str, bytes: Vec<u8>) -> Response {
    let content_type = match file.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_in_the_binary_and_its_packages_are_not() {
        assert!(Page::get("index.html").is_some());
        assert!(Page::get("main.js").is_some());
        assert!(Page::iter().all(|file| !file.contains("node_modules")));
    }
}
