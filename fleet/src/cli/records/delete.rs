//! `delete`: those that are named, or pass filters, all of them or none.

use super::given::{Given, named};
use super::history::preview;
use super::target;
use crate::paths;
use http::Method;
use serde_json::Value;

pub(super) async fn run(given: Given<'_>) -> anyhow::Result<()> {
    let meant = target::meant(given).await?;
    let keys: Vec<&str> = meant.iter().filter_map(|it| it["key"].as_str()).collect();
    target::is_sure(given.matches, &format!("{} would go: {}", keys.len(), keys.join(", ")))?;
    if keys.is_empty() {
        return given.output.done("none passes the filters");
    }
    let body = Value::Array(meant.iter().map(named).collect());
    let gone = given.change((Method::DELETE, paths::of_all(given.kind)), &body, None).await?;
    if given.is_dry_run() {
        return given.output.write(&gone, preview);
    }
    given.output.done(&format!("{} {} deleted", given.words(), keys.join(", ")))
}
