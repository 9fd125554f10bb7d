//! `import`: what a file says becomes so, all of it or nothing.

mod csv;
mod yaml;

use super::ask;
use super::edit::preview;
use crate::cli::Usage;
use crate::cli::client::{Client, Refusal};
use crate::cli::output::Output;
use anyhow::Context;
use clap::{ArgMatches, Args};
use http::Method;
use inventory::schema::Kind;
use serde_json::{Map, Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};

/// What the manager takes in one request.
const MAX_BYTES: u64 = 64 << 20;

/// Of what is wrong so much is told.
const MAX_TOLD: usize = 20;

/// Records of all kinds, from one file.
#[derive(Debug, Args)]
pub(in crate::cli) struct Import {
    /// YAML or JSON: lists of records by what several are called (`sites:`, `devices:`), or one list in
    /// which each says its `kind`; - for standard input.
    file: PathBuf,
    /// Why: it is kept with the changes.
    #[arg(short, long, value_name = "WHY")]
    message: Option<String>,
    /// Say what would be changed, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

/// A record, and where in the file it stands.
struct Read1 {
    kind: &'static Kind,
    fields: Map<String, Value>,
    line: u64,
}

impl Import {
    pub(in crate::cli) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let message = self.message.map(|message| ("message".to_owned(), message));
        let dry_run = self.dry_run.then(|| ("dry_run".to_owned(), "true".to_owned()));
        let beside: Vec<_> = message.into_iter().chain(dry_run).collect();
        import(None, &self.file, &beside, client, output).await
    }
}

pub(super) async fn run(
    kind: &'static Kind,
    matches: &ArgMatches,
    client: &Client,
    output: &Output,
) -> anyhow::Result<()> {
    let file = matches.get_one::<PathBuf>("file").context("a file")?;
    import(Some(kind), file, &ask::beside(matches), client, output).await
}

async fn import(
    kind: Option<&'static Kind>,
    file: &Path,
    beside: &[(String, String)],
    client: &Client,
    output: &Output,
) -> anyhow::Result<()> {
    let text = read(file)?;
    let is_csv = file.extension().is_some_and(|it| it.eq_ignore_ascii_case("csv"));
    let name = file.display().to_string();
    let records = match (is_csv, kind) {
        (true, Some(kind)) => csv::read(kind, &text),
        (true, None) => {
            return Err(
                Usage(format!("{name}: CSV has one kind of record: `fleet KIND import`")).into()
            );
        }
        (false, kind) => yaml::read(kind, &text),
    };
    let records = records.map_err(|wrong| Usage(told(&name, &wrong)))?;
    let body: Vec<Value> =
        records.iter().map(|it| json!({"kind": it.kind.name, "fields": it.fields})).collect();
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(beside).finish();
    let path = format!("/api/v1/import?{query}");
    let body = json!({ "records": body });
    let done = ask::change(client, (Method::POST, &path), Some(&body), None).await;
    let done = done.map_err(|err| located(&name, &records, err))?;
    if done["dry_run"] == true {
        return output.write(&done, preview);
    }
    output.write(&done, |done| {
        let count = |what: &str| done[what].as_u64().unwrap_or_default();
        format!(
            "{} created, {} changed, {} as they were",
            count("created"),
            count("updated"),
            count("unchanged")
        )
    })
}

fn read(file: &Path) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let opened: Box<dyn Read> = match file == Path::new("-") {
        true => Box::new(std::io::stdin()),
        false => Box::new(
            std::fs::File::open(file).map_err(|err| Usage(format!("{}: {err}", file.display())))?,
        ),
    };
    opened
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .with_context(|| file.display().to_string())?;
    if bytes.len() as u64 > MAX_BYTES {
        let says = format!(
            "{}: more than {} MiB: split it, each part is taken whole",
            file.display(),
            MAX_BYTES >> 20
        );
        return Err(Usage(says).into());
    }
    let text = String::from_utf8(bytes).map_err(|err| {
        let at = err.utf8_error().valid_up_to();
        let line = err.as_bytes()[..at].iter().filter(|it| **it == b'\n').count() + 1;
        Usage(format!("{}:{line}: this is not UTF-8", file.display()))
    })?;
    Ok(text)
}

/// Something wrong in a line.
type Wrong = (u64, String);

fn told(name: &str, wrong: &[Wrong]) -> String {
    let line = |(line, what): &Wrong| match line {
        0 => format!("{name}: {what}"),
        line => format!("{name}:{line}: {what}"),
    };
    let more = wrong.len().saturating_sub(MAX_TOLD);
    let mut lines: Vec<String> = wrong.iter().take(MAX_TOLD).map(line).collect();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines.join("\n")
}

/// With lines in place of numbers.
fn located(name: &str, records: &[Read1], err: anyhow::Error) -> anyhow::Error {
    let Some(refusal) = err.downcast_ref::<Refusal>().filter(|it| !it.errors.is_empty()) else {
        return err;
    };
    let wrong = refusal.errors.iter().map(|it| {
        let line = it.row.and_then(|row| records.get(row)).map_or(0, |record| record.line);
        let key = it.key.as_deref().map(|key| format!("{} {key}: ", it.kind)).unwrap_or_default();
        let field = if it.field.is_empty() { String::new() } else { format!("{}: ", it.field) };
        (line, format!("{key}{field}{}", it.message))
    });
    let detail = told(name, &wrong.collect::<Vec<Wrong>>());
    Refusal { status: refusal.status, detail, errors: Vec::new() }.into()
}
