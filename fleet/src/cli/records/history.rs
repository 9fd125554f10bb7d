//! `history`: who changed what, when and why.

use super::given::Given;
use super::list::cell;
use crate::cli::output::{Output, text};
use anyhow::Context;
use serde_json::Value;

pub(super) async fn run(given: Given<'_>) -> anyhow::Result<()> {
    let most = given.matches.get_one::<u32>("limit").copied().context("a limit")?;
    let path = format!("{}/history?limit={most}", given.path());
    let told: Value = given.client.get(&path).await?;
    given.output.write(&told, |told| table(given.output, told))
}

fn table(output: &Output, told: &Value) -> String {
    let mut table = output.columns(&["at", "who", "change", "why"]);
    for change in told["items"].as_array().into_iter().flatten() {
        let what = match change["action"].as_str().unwrap_or_default() {
            "update" => differences(change),
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
fn differences(change: &Value) -> String {
    let shown = |value: &Value| match cell(value, true) {
        text if text.is_empty() => "nothing".to_owned(),
        text => text,
    };
    let after = change["after"].as_object().into_iter().flatten();
    let one = |(name, after): (&String, &Value)| {
        format!("{name}: {} -> {}", shown(&change["before"][name]), shown(after))
    };
    after.map(one).collect::<Vec<_>>().join("; ")
}

/// What would be changed, for people.
pub(super) fn preview(made: &Value) -> String {
    let changes = made["changes"].as_array().into_iter().flatten();
    let one = |change: &Value| {
        let (kind, key) = (change["kind"].as_str(), change["key"].as_str());
        let what = match change["action"].as_str().unwrap_or_default() {
            "update" => differences(change),
            action => format!("would be {action}d"),
        };
        format!("{} {}: {what}", kind.unwrap_or_default(), key.unwrap_or_default())
    };
    let lines: Vec<String> = changes.map(one).collect();
    if lines.is_empty() { "nothing would be changed".to_owned() } else { lines.join("\n") }
}
