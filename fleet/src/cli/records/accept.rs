//! `accept`: what machines say becomes what the inventory says, of those that are named or pass filters.

use super::given::Given;
use super::target;
use crate::paths;
use http::Method;
use serde_json::{Value, json};

pub(super) async fn run(given: Given<'_>) -> anyhow::Result<()> {
    let meant = target::meant(given).await?;
    let keys: Vec<&str> = meant.iter().filter_map(|it| it["key"].as_str()).collect();
    target::is_sure(
        given.matches,
        &format!("{} would be accepted: {}", keys.len(), keys.join(", ")),
    )?;
    if keys.is_empty() {
        return given.output.done("none passes the filters");
    }
    let body = keys.iter().map(|key| json!({ "key": key })).collect::<Vec<Value>>();
    let path = format!("{}/accept", paths::of_all(given.kind));
    let made = given.change((Method::POST, path), &Value::Array(body), None).await?;
    given.tell(&made, &format!("{} {} accepted", given.words(), keys.join(", ")))
}
