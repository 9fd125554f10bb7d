//! `show`: one record, a line for each field.

use super::ask;
use super::list::cell;
use crate::cli::client::Client;
use crate::cli::output::Output;
use clap::ArgMatches;
use inventory::schema::Kind;
use serde_json::Value;

pub(super) async fn run(
    kind: &'static Kind,
    matches: &ArgMatches,
    client: &Client,
    output: &Output,
) -> anyhow::Result<()> {
    let key = matches.get_one::<String>("key").map(String::as_str).unwrap_or_default();
    let at = matches.get_one::<String>("at").map(|at| ("at".to_owned(), at.clone()));
    let record: Value = client.get(&ask::path(kind, &[key], at.as_slice())?).await?;
    output.records(kind, &record, |record| lines(kind, record))
}

/// What stands there; what does not is left out.
pub(super) fn lines(kind: &Kind, record: &Value) -> String {
    let names = kind.fields.iter().map(|field| field.name);
    let names: Vec<&str> = names.chain(["version", "created_at", "changed_at"]).collect();
    let said = names.into_iter().filter(|name| !record[*name].is_null());
    let lines: Vec<(String, String)> =
        said.map(|name| (name.replace('_', " "), cell(&record[name], false))).collect();
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let line = |(name, value): &(String, String)| {
        let indent = format!("\n{:width$}", "", width = width + 2);
        let value = value.replace(|it: char| it.is_control() && it != '\n', "\u{fffd}");
        format!("{name:width$}  {}", value.replace('\n', &indent))
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}
