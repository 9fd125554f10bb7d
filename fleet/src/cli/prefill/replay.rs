//! `fleet prefill replay`: the code of this program, on what another was asked.

use super::percent;
use crate::api::{List, PlacementDocument, RunItem};
use crate::cli::client::Client;
use crate::cli::output::{Mood, Output, Shown, number, text};
use crate::cli::quantity::bytes;
use crate::planner::{digest_of, threads};
use anyhow::Context;
use clap::Args;
use contract::names::DeviceName;
use indicatif::ProgressBar;
use prefill::question::{Answer, Question, answer};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Work placements out again with the code of this program, from what the manager was asked.
///
/// Run from a new release beside the manager of the one before, it shows what the new code would place otherwise,
/// on the fleet's own days, before it may: it writes nothing anywhere. It ends with 1 where something differs.
#[derive(Debug, Args)]
pub(in crate::cli) struct Replay {
    /// That placement; the newest without it.
    #[arg(long, value_name = "VERSION", conflicts_with = "last")]
    at: Option<u64>,
    /// So many of the newest.
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    last: u32,
}

/// A placement, as it was made and as it would be.
#[derive(Debug, Serialize)]
struct Replayed {
    version: u64,
    is_same: bool,
    offload: [f64; 2],
    new_bytes: [u64; 2],
    /// Boxes that would hold something else.
    boxes: usize,
    /// Titles that come or go on them, added up.
    titles: usize,
}

impl Replay {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let versions = match self.at {
            Some(version) => vec![version],
            None => {
                let path = format!("/api/v1/prefill/runs?limit={}", self.last);
                let runs: List<RunItem> = client.get(&path).await?;
                runs.items.into_iter().map(|run| run.version).collect()
            }
        };
        anyhow::ensure!(!versions.is_empty(), "nothing has been placed yet");
        // Hidden where standard error is no terminal.
        let bar = ProgressBar::new(versions.len() as u64);
        let mut all = Vec::new();
        for version in versions {
            let path = format!("/api/v1/prefill/runs/{version}");
            let document: PlacementDocument = client.get(&path).await?;
            let replayed = tokio::task::spawn_blocking(move || replayed(document));
            let replayed = replayed.await?;
            all.push(replayed.with_context(|| format!("placement {version}"))?);
            bar.inc(1);
        }
        bar.finish_and_clear();
        let others = all.iter().filter(|one| !one.is_same).count();
        output.write(&List { items: all }, |all| table(output, &all.items))?;
        anyhow::ensure!(others == 0, "{others} would be placed otherwise");
        Ok(())
    }
}

fn replayed(document: PlacementDocument) -> anyhow::Result<Replayed> {
    let question: Question = serde_json::from_value(document.question)
        .context("what was asked is nothing that this program knows")?;
    let before: HashMap<DeviceName, Vec<u32>> = document
        .before
        .into_iter()
        .map(|(name, titles)| Ok((DeviceName::new(&name)?, titles)))
        .collect::<anyhow::Result<_>>()?;
    let held = |device: &DeviceName| before.get(device).cloned();
    let found: Answer = answer(&question, &held, threads())?;
    let digest = digest_of(&question, &found)?;
    let none = Vec::new();
    let (mut boxes, mut titles) = (0, 0);
    let found_on: BTreeMap<&str, &Vec<u32>> =
        found.boxes.iter().map(|one| (one.device.as_str(), &one.titles)).collect();
    let names: BTreeSet<&str> =
        document.holds.keys().map(String::as_str).chain(found_on.keys().copied()).collect();
    for name in names {
        let was: BTreeSet<&u32> = document.holds.get(name).unwrap_or(&none).iter().collect();
        let is: BTreeSet<&u32> = found_on.get(name).copied().unwrap_or(&none).iter().collect();
        let moved = was.symmetric_difference(&is).count();
        boxes += usize::from(moved > 0);
        titles += moved;
    }
    Ok(Replayed {
        version: document.version,
        is_same: digest == document.answer_digest,
        offload: [document.offload, found.outcome.offload()],
        new_bytes: [document.new_bytes, found.outcome.new_bytes],
        boxes,
        titles,
    })
}

fn table(output: &Output, all: &[Replayed]) -> String {
    let mut table = output.columns(&[
        "version", "offload", "would be", "new", "would be", "boxes", "titles", "outcome",
    ]);
    for one in all {
        let outcome = match one.is_same {
            true => Shown::State("the same".to_owned(), Mood::Good),
            false => Shown::State("another".to_owned(), Mood::Doubtful),
        };
        table.row([
            text(&one.version),
            number(&percent(one.offload[0])),
            number(&percent(one.offload[1])),
            number(&bytes(one.new_bytes[0])),
            number(&bytes(one.new_bytes[1])),
            number(&one.boxes),
            number(&one.titles),
            outcome,
        ]);
    }
    table.render()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_code_would_do_otherwise_is_said() {
        let question = serde_json::to_value(Question::default()).expect("a document");
        let digest = {
            let found = answer(&Question::default(), &|_: &DeviceName| None, 1).expect("sound");
            digest_of(&Question::default(), &found).expect("a digest")
        };
        let document = |answer_digest: &str| PlacementDocument {
            version: 7,
            question: question.clone(),
            before: [("a".to_owned(), vec![1])].into(),
            holds: [].into(),
            answer_digest: answer_digest.to_owned(),
            offload: 1.0,
            new_bytes: 0,
        };
        assert!(replayed(document(&digest)).expect("an answer").is_same);
        assert!(!replayed(document("0")).expect("an answer").is_same);
        let unknown = PlacementDocument { question: "?".into(), ..document("0") };
        let err = replayed(unknown).expect_err("no question");
        assert!(err.to_string().contains("nothing that this program knows"), "{err}");
    }
}
