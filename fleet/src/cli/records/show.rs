//! `show`: one record, a line for each field.

use super::given::{Given, with_query};
use super::list::cell;
use inventory::schema::Kind;
use serde_json::Value;

pub(super) async fn run(given: Given<'_>) -> anyhow::Result<()> {
    let at = given.text("at").map(|at| ("at".to_owned(), at.to_owned()));
    let record: Value = given.client.get(&with_query(given.path(), at.as_slice())).await?;
    given.output.records(given.kind, &record, |record| lines(given.kind, record))
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
