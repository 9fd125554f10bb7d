//! What was changed: of one record, and of all since a version.

use super::read::{missing, pairs};
use super::told::{Key, items, time};
use crate::api::Problem;
use crate::server::App;
use axum::Json;
use axum::extract::{RawQuery, State};
use inventory::changes::Change;
use inventory::records;
use inventory::schema::Kind;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const USUAL: i64 = 100;
pub(super) const MOST: i64 = 10_000;

/// Longer, and something on the way would hang up.
pub(super) const LONGEST_WAIT_S: i64 = 25;

/// How often it is looked whether something has changed while somebody waits.
const LOOK_EVERY: Duration = Duration::from_millis(250);

pub(super) async fn history(
    kind: &'static Kind,
    State(app): State<Arc<App>>,
    Key(key): Key,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let [limit] = numbers(query.as_deref(), [("limit", USUAL, 1, MOST)])?;
    let changes = records::history(app.inventory.db(), kind, &key, limit).await?;
    if changes.is_empty() && records::find(app.inventory.db(), kind, &key).await?.is_none() {
        return Err(missing(kind, &key));
    }
    Ok(Json(items(changes.iter().map(told).collect::<Result<_, _>>()?)))
}

/// All that was changed after a version, waiting for it where there is nothing yet.
pub(super) async fn list_changes(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let [since, limit, wait_s] = numbers(
        query.as_deref(),
        [("since", 0, 0, i64::MAX), ("limit", USUAL, 1, MOST), ("wait_s", 0, 0, LONGEST_WAIT_S)],
    )?;
    let wait = Duration::from_secs(u64::try_from(wait_s).unwrap_or_default());
    let end = tokio::time::Instant::now() + wait;
    let mut version = app.inventory.version().await?;
    while version <= since && tokio::time::Instant::now() < end {
        tokio::time::sleep(LOOK_EVERY).await;
        version = app.inventory.version().await?;
    }
    let found = records::since(app.inventory.db(), since, limit).await?;
    let mut all = items(found.changes.iter().map(told).collect::<Result<_, _>>()?);
    // A request that has changed nothing has a version as well.
    let is_all = found.changes.is_empty();
    all["version"] = Value::from(if is_all { version.max(since) } else { found.version });
    Ok(Json(all))
}

fn told(change: &Change) -> Result<Value, Problem> {
    Ok(json!({
        "version": change.version,
        "at": time(change.at_us)?,
        "who": change.author.who,
        "request_id": change.author.request_id,
        "message": change.author.message,
        "kind": change.kind,
        "key": change.key,
        "action": change.action.as_str(),
        "before": change.before,
        "after": change.after,
    }))
}

/// Numbers by their names: what they are without, the least, the most.
pub(in crate::api) fn numbers<const N: usize>(
    query: Option<&str>,
    known: [(&str, i64, i64, i64); N],
) -> Result<[i64; N], Problem> {
    let mut found = known.map(|(_, usual, ..)| usual);
    for (name, text) in pairs(query)? {
        let Some(at) = known.iter().position(|(known, ..)| *known == name) else {
            let names = known.map(|(name, ..)| name).join(", ");
            let name: String = name.chars().take(80).collect();
            return Err(Problem::new(400, format!("{name}: there is {names} here")));
        };
        let (_, _, least, most) = known[at];
        let number = text.parse().ok().filter(|it| (least..=most).contains(it));
        found[at] = number
            .ok_or_else(|| Problem::new(400, format!("{name}: expected {least} to {most}")))?;
    }
    Ok(found)
}
