//! `history`: who changed what, when and why.

use super::ask;
use super::list::cell;
use crate::cli::client::Client;
use crate::cli::output::{Output, text};
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
    let most = matches.get_one::<u32>("limit").copied().unwrap_or(100).min(10_000);
    let pairs = [("limit".to_owned(), most.to_string())];
    let told: Value = client.get(&ask::path(kind, &[key, "history"], &pairs)?).await?;
    output.write(&told, |told| table(output, told))
}

fn table(output: &Output, told: &Value) -> String {
    let mut table = output.columns(&["at", "who", "change", "why"]);
    for change in told["items"].as_array().into_iter().flatten() {
        let action = change["action"].as_str().unwrap_or_default();
        let what = match action {
            "update" => differences(change).join("; "),
            action => format!("{action}d"),
        };
        table.row([
            text(change["at"].as_str().unwrap_or_default()),
            text(change["who"].as_str().unwrap_or_default()),
            text(&what),
            text(&cell(&change["message"], false)),
        ]);
    }
    table.render()
}

/// Field by field: from what to what.
pub(super) fn differences(change: &Value) -> Vec<String> {
    let shown = |value: &Value| match cell(value, true) {
        text if text.is_empty() => "nothing".to_owned(),
        text => text,
    };
    let after = change["after"].as_object().into_iter().flatten();
    after
        .map(|(name, after)| {
            format!("{name}: {} -> {}", shown(&change["before"][name]), shown(after))
        })
        .collect()
}
