//! Everything in the inventory: one set of paths for each kind of record, all alike, made and described
//! from what is declared of the kind.
//!
//! Read in this order: `told` (a record as it is told), `read`, `change` (what a request that changes
//! something says beside its body), `write` (what is asked for), `work` (how it is done), `refused` (why it is
//! not), `history`, `dump`, `describe` (the OpenAPI document).

mod change;
mod describe;
mod dump;
mod history;
mod read;
mod refused;
mod told;
mod work;
mod write;

pub(super) use change::Change;
pub(super) use describe::describe;
pub(super) use history::numbers;
pub(super) use read::pairs;
pub(super) use told::Key;

use crate::paths;
use crate::server::App;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use inventory::kinds::{ALL, COMPONENT, DEVICE, DIFFERENCE, PREFIX, SEEN};
use inventory::schema::Kind;
use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

/// Tens of thousands of records in one request.
const MAX_BODY_BYTES: usize = 64 << 20;

/// The paths of all kinds.
pub(super) fn router() -> Router<Arc<App>> {
    let mut router = Router::new()
        .route("/api/v1/changes", get(history::list_changes))
        .route("/api/v1/dump", get(dump::dump))
        .route("/api/v1/import", post(write::import));
    for kind in ALL {
        let (all, one) = (paths::of_all(kind), of_any(kind));
        let of_all = get(move |app, by, query| read::list(kind, app, by, query))
            .post(move |app, change, body| write::create(kind, app, change, body))
            .patch(move |app, change, body| write::update_all(kind, app, change, body))
            .delete(move |app, change, body| write::delete_all(kind, app, change, body));
        let of_one = get(move |app, by, key, query| read::show(kind, app, by, key, query))
            .patch(move |app, key, change, body| write::update(kind, app, key, change, body))
            .delete(move |app, key, change| write::delete(kind, app, key, change));
        let history = get(move |app, key, query| history::history(kind, app, key, query));
        router = router
            .route(&all, of_all)
            .route(&one, of_one)
            .route(&format!("{one}/history"), history);
    }
    for kind in SEEN {
        let (all, one) = (paths::of_all(kind), of_any(kind));
        let of_all = get(move |app, by, query| read::list(kind, app, by, query))
            .patch(move |app, change, body| write::update_all(kind, app, change, body));
        let of_one = get(move |app, by, key, query| read::show(kind, app, by, key, query))
            .patch(move |app, key, change, body| write::update(kind, app, key, change, body));
        let history = get(move |app, key, query| history::history(kind, app, key, query));
        router = router
            .route(&all, of_all)
            .route(&one, of_one)
            .route(&format!("{one}/history"), history);
    }
    for kind in [&DEVICE, &COMPONENT] {
        let replace =
            post(move |app, key, change, body| write::replace(kind, app, key, change, body));
        router = router.route(&format!("{}/replace", of_any(kind)), replace);
    }
    router =
        router.route(&accepting(), post(write::accept)).route(&allocating(), post(write::allocate));
    router.layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
}

/// Paths at which partners may look: lists and records, not what was.
pub(super) fn for_partners() -> &'static HashSet<String> {
    static PATHS: LazyLock<HashSet<String>> =
        LazyLock::new(|| ALL.iter().flat_map(|kind| [paths::of_all(kind), of_any(kind)]).collect());
    &PATHS
}

/// Where what machines say is taken over.
fn accepting() -> String {
    format!("{}/accept", paths::of_all(&DIFFERENCE))
}

/// Where an address of a network is taken.
fn allocating() -> String {
    format!("{}/available-ips", of_any(&PREFIX))
}

/// The path of one, whatever its key.
fn of_any(kind: &Kind) -> String {
    format!("{}/{{key}}", paths::of_all(kind))
}
