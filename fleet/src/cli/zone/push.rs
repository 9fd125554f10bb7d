//! `fleet zone push`.

use super::ours::Ours;
use super::records::{name, record, shown};
use super::{Which, warn};
use crate::cli::Usage;
use crate::cli::client::Client;
use crate::cli::output::Output;
use anyhow::Context;
use clap::Args;
use dns::{Difference, DnsFailure, Primary, Record, difference, read_key};
use indicatif::{ProgressBar, ProgressStyle};
use inventory::zones::Zone;
use serde::Serialize;
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct Push {
    #[command(flatten)]
    which: Which,
    /// The primary name server of the zone: it is asked over TCP, and lets the key transfer the zone and update
    /// it.
    #[arg(long, value_name = "ADDRESS")]
    server: SocketAddr,
    /// The key, as `tsig-keygen -a hmac-sha256` prints it.
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// How long an answer is believed.
    #[arg(long, value_name = "SECONDS", default_value_t = 300,
        value_parser = clap::value_parser!(u32).range(1..=86_400))]
    ttl_s: u32,
    /// Say what would be changed, and change nothing.
    #[arg(long, help_heading = "Changing")]
    dry_run: bool,
}

/// What was changed, or would be.
#[derive(Debug, Serialize)]
struct Pushed {
    zone: String,
    dry_run: bool,
    /// One for each name and type.
    changes: Vec<Changed>,
}

#[derive(Debug, Serialize)]
struct Changed {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    removed: Vec<String>,
    added: Vec<String>,
}

impl Push {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let key = read_key(&self.key_file).map_err(|err| usage(&err))?;
        let zone: Zone = client.get(&self.which.path("", Vec::new())).await?;
        warn(&zone.notes, output);
        let origin = name(&zone.zone)?;
        let primary = Primary::new(self.server, key);
        let present = primary.zone(&origin).await?;
        let differences = self.differences(&zone, &present)?;
        if !self.dry_run && !differences.is_empty() {
            let bar = ProgressBar::new(0);
            bar.set_style(ProgressStyle::with_template("updates {wide_bar} {pos}/{len} {eta}")?);
            let mut done = 0;
            let taken = |at: usize, of: usize| {
                done = at;
                bar.set_length(of as u64);
                bar.set_position(at as u64);
            };
            let changed = primary.change(&origin, &differences, taken).await;
            bar.finish_and_clear();
            match changed {
                Err(err) if done > 0 => {
                    return Err(err).context(format!("after {done} updates that were taken"));
                }
                changed => changed?,
            };
        }
        let changes = differences.iter().map(changed).collect();
        let pushed = Pushed { zone: zone.zone, dry_run: self.dry_run, changes };
        output.write(&pushed, words)
    }

    fn differences(&self, zone: &Zone, present: &[Record]) -> anyhow::Result<Vec<Difference>> {
        let wanted: Result<Vec<Record>, _> =
            zone.records.iter().map(|it| record(it, self.ttl_s)).collect();
        let ours = Ours::new(zone, !self.which.issuers.is_empty());
        Ok(difference(present, &wanted?, |record| ours.has(record))?)
    }
}

/// A key that is none was typed wrong.
fn usage(err: &DnsFailure) -> Usage {
    Usage(format!("--key-file {err}"))
}

fn changed(one: &Difference) -> Changed {
    let all = |records: &[Record]| records.iter().map(|it| shown(&it.data)).collect();
    let name = one.name.to_ascii();
    Changed {
        name: name.strip_suffix('.').unwrap_or(&name).to_owned(),
        kind: one.kind.to_string(),
        removed: all(&one.remove),
        added: all(&one.add),
    }
}

fn words(pushed: &Pushed) -> String {
    let zone = &pushed.zone;
    if pushed.changes.is_empty() {
        return format!("{zone} is as the inventory has it: nothing to do");
    }
    let told = |all: &[String]| match all {
        [] => "nothing".to_owned(),
        all => all.join(", "),
    };
    if pushed.dry_run {
        let line = |it: &Changed| {
            format!("{} {}: {} -> {}", it.name, it.kind, told(&it.removed), told(&it.added))
        };
        return pushed.changes.iter().map(line).collect::<Vec<_>>().join("\n");
    }
    let count = |of: fn(&Changed) -> &Vec<String>| -> usize {
        pushed.changes.iter().map(|it| of(it).len()).sum()
    };
    let (added, removed) = (count(|it| &it.added), count(|it| &it.removed));
    format!("{zone}: {added} records put there, {removed} taken away")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn for_people() {
        let texts = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect();
        let one = |name: &str, kind: &str, removed: &[&str], added: &[&str]| Changed {
            name: name.to_owned(),
            kind: kind.to_owned(),
            removed: texts(removed),
            added: texts(added),
        };
        let changes = vec![
            one("oca1.cdn.example", "A", &["192.0.2.1"], &["192.0.2.2", "192.0.2.3"]),
            one("oca9.cdn.example", "AAAA", &["2001:db8::9"], &[]),
            one("cdn.example", "CAA", &[], &["0 issue \"ca.example\""]),
        ];
        let mut pushed = Pushed { zone: "cdn.example".to_owned(), dry_run: true, changes };
        let preview = words(&pushed);
        pushed.dry_run = false;
        let done = words(&pushed);
        pushed.changes.clear();
        insta::assert_snapshot!(format!("{preview}\n\n{done}\n\n{}", words(&pushed)));
    }
}
