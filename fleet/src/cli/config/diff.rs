//! `fleet config diff …`

use super::revision;
use crate::api::RevisionDetail;
use crate::cli::client::Client;
use crate::cli::output::{Format, Mood, Output};
use anyhow::bail;
use clap::Args;
use serde::Serialize;
use similar::TextDiff;
use std::collections::{BTreeMap, BTreeSet};

/// Lines around each difference.
const AROUND: usize = 3;

/// What differs between two revisions of a device, as `diff -u` writes it.
///
/// Between the last two where none is named, between one and the latest where one is.
#[derive(Debug, Args)]
pub(in crate::cli) struct Diff {
    /// The device.
    device: String,
    /// The number of the earlier revision.
    from: Option<i64>,
    /// That of the later one.
    to: Option<i64>,
}

impl Diff {
    pub(in crate::cli) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let to = self.to.map_or_else(|| "latest".to_owned(), |it| it.to_string());
        let later = revision::get(client, &self.device, &to).await?;
        let from = match self.from {
            Some(from) => from,
            None if later.revision.number > 1 => later.revision.number - 1,
            None => bail!("{} has one revision: nothing differs from it yet", self.device),
        };
        let earlier = revision::get(client, &self.device, &from.to_string()).await?;
        let to = later.revision.number;
        let side = |of: &RevisionDetail| format!("revision {}", of.revision.number);
        let diff = unified(&Sides {
            old: (side(&earlier), texts(&earlier)),
            new: (side(&later), texts(&later)),
        });
        let differs = Differs { device: self.device, from, to, diff };
        if differs.diff.is_empty() && output.format() == Format::Table {
            output.note("nothing differs");
            return Ok(());
        }
        output.write(&differs, |it| shown(output, &it.diff))
    }
}

fn texts(of: &RevisionDetail) -> BTreeMap<&str, &str> {
    of.files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect()
}

/// What is answered to programs.
#[derive(Debug, Serialize)]
struct Differs {
    device: String,
    from: i64,
    to: i64,
    /// As `diff -u` writes it.
    diff: String,
}

/// What has come is green, what has gone is red; where there are colours.
pub(super) fn shown(output: &Output, diff: &str) -> String {
    let lines = diff.lines().map(|line| {
        // A terminal obeys what it is told.
        let line = line.replace(|it: char| it.is_control() && it != '\t', "\u{fffd}");
        match line.bytes().next() {
            Some(b'+') => output.coloured(&line, Mood::Good),
            Some(b'-') => output.coloured(&line, Mood::Bad),
            _ => line,
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What is compared: what each side is called, and its texts by path.
pub(super) struct Sides<'a> {
    pub(super) old: (String, BTreeMap<&'a str, &'a str>),
    pub(super) new: (String, BTreeMap<&'a str, &'a str>),
}

/// All texts that differ, one after the other.
pub(super) fn unified(Sides { old: (old_name, old), new: (new_name, new) }: &Sides<'_>) -> String {
    let paths: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    let mut all = String::new();
    for path in paths {
        let [before, after] = [old.get(path), new.get(path)];
        if before == after {
            continue;
        }
        let header = |name: &str, text: Option<&&str>| match text {
            Some(_) => format!("{path} ({name})"),
            None => "/dev/null".to_owned(),
        };
        let [before_name, after_name] = [header(old_name, before), header(new_name, after)];
        let text = |text: Option<&&'_ str>| text.copied().unwrap_or_default().to_owned();
        let [before, after] = [text(before), text(after)];
        let diff = TextDiff::from_lines(&before, &after);
        let mut lines = diff.unified_diff();
        all += &lines.context_radius(AROUND).header(&before_name, &after_name).to_string();
    }
    all
}
