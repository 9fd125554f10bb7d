//! `fleet simulate seed`.

use crate::cli::client::Client;
use crate::cli::output::Output;
use crate::cli::records::became;
use anyhow::Context;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use simulate::{Fleet, Size};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Records in one request.
const BATCH: usize = 10_000;

#[derive(Debug, Args)]
pub(in crate::cli) struct Seed {
    /// How many boxes; three sites for ten of them.
    #[arg(long, value_name = "COUNT", default_value_t = 20_000,
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    appliances: u32,
    /// Another number, another fleet; the same one, the same.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Write it there, as `fleet import` reads it, and tell the manager nothing.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Seed {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let size = Size::of_boxes(self.appliances as usize);
        let fleet = Fleet::new(size, self.seed);
        match &self.file {
            Some(file) => write(fleet, file, output),
            None => import(fleet, size, client, output).await,
        }
    }
}

/// In parts: what is there already stays as it is, so that one that was cut off is gone on with.
async fn import(fleet: Fleet, size: Size, client: &Client, output: &Output) -> anyhow::Result<()> {
    let bar = ProgressBar::new(size.sites() as u64);
    bar.set_style(ProgressStyle::with_template("sites {wide_bar} {pos}/{len} {eta}")?);
    let (mut batch, mut done) = (Vec::new(), BTreeMap::<String, u64>::new());
    let mut parts = fleet.peekable();
    while let Some(part) = parts.next() {
        batch
            .extend(part.into_iter().map(|(kind, fields)| json!({"kind": kind, "fields": fields})));
        bar.inc(1);
        if batch.len() >= BATCH || parts.peek().is_none() {
            let body = json!({ "records": std::mem::take(&mut batch) });
            let told: Value = client.post("/api/v1/import?message=simulated", &body).await?;
            for (what, count) in told.as_object().into_iter().flatten() {
                *done.entry(what.clone()).or_default() += count.as_u64().unwrap_or_default();
            }
        }
    }
    bar.finish_and_clear();
    output.write(&done, |done| became(&json!(done)))
}

/// One list, a record a line.
fn write(fleet: Fleet, path: &Path, output: &Output) -> anyhow::Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).with_context(cannot)?);
    let mut count = 0_u64;
    for (kind, mut fields) in fleet.flatten() {
        fields.insert("kind".to_owned(), Value::from(kind));
        writeln!(file, "- {}", Value::Object(fields)).with_context(cannot)?;
        count += 1;
    }
    file.flush().with_context(cannot)?;
    output.done(&format!("{count} records in {}", path.display()))
}
