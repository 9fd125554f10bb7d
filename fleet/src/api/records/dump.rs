//! All that there is, line by line, as of one version. Writers do not wait for it, however slowly it is
//! taken.

use super::told::told;
use crate::api::Problem;
use crate::server::App;
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::header;
use inventory::records::Dump;
use serde_json::json;
use std::sync::Arc;

/// How far it is.
enum Step {
    /// Nothing is told yet.
    Begun(Dump),
    /// So many records are.
    Going(Dump, u64),
    /// All.
    Over,
}

/// In the first line the version, in each other one a record, in the last one how many there were: without
/// it, the answer broke off.
pub(super) async fn dump(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    if query.is_some_and(|query| !query.is_empty()) {
        return Err(Problem::new(400, "nothing can be said here: it is all"));
    }
    let dump = Dump::begin(app.inventory.db()).await?;
    let lines = stream::unfold(Step::Begun(dump), async |step| match step {
        Step::Begun(dump) => {
            let line = format!("{}\n", json!({ "version": dump.version }));
            Some((Ok(Bytes::from(line)), Step::Going(dump, 0)))
        }
        Step::Going(dump, count) => Some(go_on(dump, count).await),
        Step::Over => None,
    });
    let kind = [(header::CONTENT_TYPE, "application/x-ndjson")];
    Ok((kind, Body::from_stream(lines)).into_response())
}

async fn go_on(mut dump: Dump, count: u64) -> (Result<Bytes, std::io::Error>, Step) {
    let broken = |what: String| {
        tracing::error!("a dump of the inventory breaks off: {what}");
        (Err(std::io::Error::other("a fault of the fleet manager")), Step::Over)
    };
    match dump.next().await {
        Ok(None) => (Ok(Bytes::from(format!("{}\n", json!({ "records": count })))), Step::Over),
        Ok(Some((kind, some))) => {
            let mut text = String::new();
            for kept in &some {
                match told(kind, kept, None) {
                    Ok(record) => {
                        text += &format!("{}\n", json!({"kind": kind.name, "record": record}));
                    }
                    Err(problem) => return broken(problem.detail),
                }
            }
            (Ok(Bytes::from(text)), Step::Going(dump, count + some.len() as u64))
        }
        Err(err) => broken(err.to_string()),
    }
}
