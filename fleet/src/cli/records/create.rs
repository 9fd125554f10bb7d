//! `create`: one record, from flags.

use super::given::Given;
use super::{fields, special};
use crate::paths;
use http::Method;
use serde_json::Value;

pub(super) async fn run(given: Given<'_>) -> anyhow::Result<()> {
    let Given { kind, matches, .. } = given;
    let record = match special::read(kind, matches)? {
        Some(record) => record,
        None => fields::read(kind, matches)?,
    };
    let all = (Method::POST, paths::of_all(kind));
    let made = given.change(all, &Value::Object(record), None).await?;
    let key = made["key"].as_str().unwrap_or_default();
    given.tell(&made, &format!("{} {key} created", given.words()))
}
