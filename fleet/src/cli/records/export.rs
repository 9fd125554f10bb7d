//! `export`: what `import` reads again.

use super::given::Given;
use super::{Ordered, target};
use crate::cli::Usage;
use crate::cli::client::Client;
use crate::cli::output::{Format, Output};
use anyhow::{Context, ensure};
use inventory::kinds;
use inventory::schema::Kind;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};
use std::io::Write;

/// Everything, or all of one kind.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Export {}

impl Export {
    pub(in crate::cli) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        if output.format() == Format::Csv {
            return Err(Usage("CSV has one kind of record: `fleet KIND export`".into()).into());
        }
        write(&read(&client.get_text("/api/v1/dump").await?)?, output)
    }
}

pub(super) async fn run(given: Given<'_>) -> anyhow::Result<()> {
    let all = given.all(&target::filters(given.matches)?, u32::MAX).await?;
    write(&[(given.kind, all)], given.output)
}

/// All of it as of one version.
fn read(dump: &str) -> anyhow::Result<Vec<(&'static Kind, Vec<Value>)>> {
    let (mut all, mut found, mut count) = (Vec::<(&Kind, Vec<Value>)>::new(), 0, None);
    for line in dump.lines().skip(1) {
        let mut line: Value = serde_json::from_str(line).context("a line of the dump")?;
        count = line["records"].as_u64().or(count);
        found += u64::from(line["kind"].is_string());
        // What machines say of themselves nobody can write.
        let Some(kind) = line["kind"].as_str().and_then(kinds::kind) else { continue };
        let record = line["record"].take();
        match all.last_mut() {
            Some((last, records)) if last.name == kind.name => records.push(record),
            _ => all.push((kind, vec![record])),
        }
    }
    ensure!(count == Some(found), "the answer broke off after {found} records: try again");
    Ok(all)
}

fn write(whole: &[(&'static Kind, Vec<Value>)], output: &Output) -> anyhow::Result<()> {
    if let (Format::Csv, [(kind, all)]) = (output.format(), whole) {
        return output.csv(kind, all);
    }
    let text = match output.format() {
        Format::Json => serde_json::to_string_pretty(&Whole(whole))? + "\n",
        _ => serde_yaml::to_string(&Whole(whole))?,
    };
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

/// Lists by what several of a kind are called, each after those that it names.
struct Whole<'a>(&'a [(&'static Kind, Vec<Value>)]);

impl Serialize for Whole<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (kind, all) in self.0 {
            let all: Vec<Value> = all.iter().map(|it| Value::Object(written(kind, it))).collect();
            let all: Vec<Ordered<'_>> = all.iter().map(|it| Ordered(kind, it)).collect();
            map.serialize_entry(kind.plural, &all)?;
        }
        map.end()
    }
}

/// What somebody would write, without what stands for itself.
fn written(kind: &Kind, record: &Value) -> Map<String, Value> {
    let said = kind.written_fields().filter(|field| !record[field.name].is_null());
    said.map(|field| (field.name.to_owned(), record[field.name].clone())).collect()
}
