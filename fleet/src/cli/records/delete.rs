//! `delete`: those that are named, or pass filters, all of them or none.

use super::edit::preview;
use super::{ask, target};
use crate::cli::client::Client;
use crate::cli::output::Output;
use clap::ArgMatches;
use http::Method;
use inventory::schema::Kind;
use serde_json::Value;

pub(super) async fn run(
    kind: &'static Kind,
    matches: &ArgMatches,
    client: &Client,
    output: &Output,
) -> anyhow::Result<()> {
    let meant = target::meant(kind, matches, client).await?;
    let keys: Vec<&str> = meant.iter().filter_map(|it| it["key"].as_str()).collect();
    target::is_sure(matches, &format!("{} would go: {}", keys.len(), keys.join(", ")))?;
    if keys.is_empty() {
        return output.done("none passes the filters");
    }
    let body = Value::Array(meant.iter().map(ask::named).collect());
    let path = ask::path(kind, &[], &ask::beside(matches))?;
    let gone = ask::change(client, (Method::DELETE, &path), Some(&body), None).await?;
    if matches.get_flag("dry-run") {
        return output.write(&gone, preview);
    }
    output.done(&format!("{} {} deleted", kind.name.replace('-', " "), keys.join(", ")))
}
