//! `import`: what a file says becomes so, all of it or nothing.

mod csv;
mod files;
mod library;
mod netbox;
mod yaml;

use super::given::{Given, beside, with_query};
use super::history::preview;
use crate::cli::Usage;
use crate::cli::client::{Client, Refusal};
use crate::cli::output::Output;
use anyhow::Context;
use clap::Args;
use http::Method;
use inventory::schema::Kind;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Of what is wrong so much is told.
const MAX_TOLD: usize = 20;

/// Records of all kinds, from one file or from another inventory.
#[derive(Debug, Args)]
pub(in crate::cli) struct Import {
    /// YAML or JSON: lists of records by what several are called (`sites:`, `devices:`), or one list in
    /// which each says its `kind`; - for standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// These are what NetBox's REST API answers (versions 3.7 to 4.7): files, or folders of them, a page or
    /// an endpoint in each. Regions, sites, racks, device types, devices, interfaces, cables, prefixes and
    /// addresses are read; what is called otherwise here, or left out, is told.
    #[arg(long)]
    netbox: bool,
    /// Which role here a role of NetBox's is, such as core-router=router. Can be given several times; what
    /// is not told is guessed by its name.
    #[arg(long = "role", value_name = "SLUG=ROLE", requires = "netbox")]
    roles: Vec<String>,
    /// Why: it is kept with the changes.
    #[arg(short, long, value_name = "WHY", help_heading = "Changing")]
    message: Option<String>,
    /// Say what would be changed, and change nothing.
    #[arg(long, help_heading = "Changing")]
    dry_run: bool,
}

/// A record, and where it stands.
struct Found {
    kind: &'static Kind,
    fields: Map<String, Value>,
    file: String,
    /// 0 where nobody counts lines.
    line: u64,
}

/// Something wrong: in which file, in which line, what.
type Wrong = (String, u64, String);

impl Import {
    pub(in crate::cli) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let beside = beside(self.message.as_deref(), self.dry_run);
        let records = match self.netbox {
            true => {
                let mut records = netbox::read(&self.files, &self.roles, output)?;
                netbox::keep_states(&mut records, client, output).await?;
                records
            }
            false => files::read(None, &self.files)?,
        };
        send(&records, &beside, client, output).await
    }
}

pub(super) async fn run(given: Given<'_>) -> anyhow::Result<()> {
    let files: Vec<PathBuf> = given.matches.get_many("file").context("a file")?.cloned().collect();
    let records = files::read(Some(given.kind), &files)?;
    send(&records, &given.beside(), given.client, given.output).await
}

async fn send(
    records: &[Found],
    beside: &[(String, String)],
    client: &Client,
    output: &Output,
) -> anyhow::Result<()> {
    let body = records.iter().map(|it| json!({"kind": it.kind.name, "fields": it.fields}));
    let body = json!({ "records": body.collect::<Vec<Value>>() });
    let path = with_query("/api/v1/import".to_owned(), beside);
    let done = client.change(Method::POST, &path, &body, None).await;
    let done = done.map_err(|err| located(records, err))?;
    if done["dry_run"] == true {
        return output.write(&done, preview);
    }
    output.write(&done, became)
}

/// How many became what.
pub(in crate::cli) fn became(done: &Value) -> String {
    let count = |what: &str| done[what].as_u64().unwrap_or_default();
    let (created, updated) = (count("created"), count("updated"));
    format!("{created} created, {updated} changed, {} as they were", count("unchanged"))
}

/// One after the other, in words.
fn told(wrong: &[Wrong]) -> String {
    let line = |(file, line, what): &Wrong| match (file.as_str(), line) {
        ("", _) => what.clone(),
        (file, 0) => format!("{file}: {what}"),
        (file, line) => format!("{file}:{line}: {what}"),
    };
    let mut lines: Vec<String> = wrong.iter().take(MAX_TOLD).map(line).collect();
    if let more @ 1.. = wrong.len().saturating_sub(MAX_TOLD) {
        lines.push(format!("and {more} more"));
    }
    lines.join("\n")
}

fn refuse(wrong: &[Wrong]) -> anyhow::Error {
    Usage(told(wrong)).into()
}

/// What the manager refuses, with places in files for its numbers.
fn located(records: &[Found], err: anyhow::Error) -> anyhow::Error {
    let Some(refusal) = err.downcast_ref::<Refusal>().filter(|it| !it.errors.is_empty()) else {
        return err;
    };
    let wrong = refusal.errors.iter().map(|it| {
        let found = it.row.and_then(|row| records.get(row));
        let (file, line) = found.map(|it| (it.file.clone(), it.line)).unwrap_or_default();
        let key = it.key.as_deref().map(|key| format!("{} {key}: ", it.kind)).unwrap_or_default();
        let field = if it.field.is_empty() { String::new() } else { format!("{}: ", it.field) };
        (file, line, format!("{key}{field}{}", it.message))
    });
    let detail = told(&wrong.collect::<Vec<Wrong>>());
    Refusal { status: refusal.status, detail, errors: Vec::new() }.into()
}
