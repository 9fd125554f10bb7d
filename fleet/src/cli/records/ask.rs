//! The API's paths of a kind.

use crate::cli::client::Client;
use anyhow::Context;
use clap::ArgMatches;
use http::Method;
use inventory::schema::Kind;
use serde_json::{Value, json};
use url::Url;

/// The largest page.
const PAGE: u32 = 1000;

/// The path of all, of one, or of something of one, with a query.
pub(super) fn path(
    kind: &Kind,
    parts: &[&str],
    pairs: &[(String, String)],
) -> anyhow::Result<String> {
    let mut url = Url::parse("https://fleet/api/v1/")?;
    let mut segments = url.path_segments_mut().ok().context("a base")?;
    segments.pop_if_empty().push(kind.plural).extend(parts);
    drop(segments);
    if !pairs.is_empty() {
        url.query_pairs_mut().extend_pairs(pairs);
    }
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    Ok(format!("{}{query}", url.path()))
}

/// One by its key.
pub(super) async fn one(client: &Client, kind: &Kind, key: &str) -> anyhow::Result<Value> {
    client.get(&path(kind, &[key], &[])?).await
}

/// All that pass filters, page by page, at most so many.
pub(super) async fn all(
    client: &Client,
    kind: &Kind,
    pairs: &[(String, String)],
    most: u32,
) -> anyhow::Result<Vec<Value>> {
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let left = most.saturating_sub(u32::try_from(all.len())?);
        let mut asked = pairs.to_vec();
        asked.push(("limit".to_owned(), left.clamp(1, PAGE).to_string()));
        asked.extend(cursor.map(|cursor| ("cursor".to_owned(), cursor)));
        let mut page: Value = client.get(&path(kind, &[], &asked)?).await?;
        let items = page["items"].as_array_mut().context("a list has items")?;
        all.append(items);
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() || all.len() >= most as usize {
            return Ok(all);
        }
    }
}

/// What every change says beside its body.
pub(super) fn beside(matches: &ArgMatches) -> Vec<(String, String)> {
    let message = matches.get_one::<String>("message").map(|it| ("message", it.clone()));
    let dry_run = matches.get_flag("dry-run").then(|| ("dry_run", "true".to_owned()));
    message.into_iter().chain(dry_run).map(|(name, it)| (name.to_owned(), it)).collect()
}

/// Changes something; gives the answer, null where there is none.
pub(super) async fn change(
    client: &Client,
    (method, path): (Method, &str),
    body: Option<&Value>,
    version: Option<i64>,
) -> anyhow::Result<Value> {
    let version = version.map(|version| format!("\"{version}\""));
    client.change(method, path, body, version.as_deref()).await
}

/// A record by its key and version, as a list of changes names it.
pub(super) fn named(record: &Value) -> Value {
    json!({"key": record["key"], "version": record["version"]})
}
