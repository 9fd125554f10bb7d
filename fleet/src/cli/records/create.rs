//! `create`: one record, from flags.

use super::edit::preview;
use super::{ask, fields, special};
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
    let record = match special::read(kind, matches)? {
        Some(record) => record,
        None => fields::read(kind, matches)?,
    };
    let path = ask::path(kind, &[], &ask::beside(matches))?;
    let made =
        ask::change(client, (Method::POST, &path), Some(&Value::Object(record)), None).await?;
    if matches.get_flag("dry-run") {
        return output.write(&made, preview);
    }
    let words = kind.name.replace('-', " ");
    output.records(kind, &made, |made| {
        format!("{words} {} created", made["key"].as_str().unwrap_or_default())
    })
}
