//! `fleet fill`

use super::client::Client;
use super::output::{Mood, Output, Shown, number, text};
use super::quantity::{age, bytes, rate};
use super::status::state;
use super::watch::Watch;
use crate::api::{ApplianceFill, FillSourceItem, FillTitleItem, List};
use clap::{Args, Subcommand};
use contract::names::DeviceName;

/// How content gets to the boxes.
#[derive(Debug, Subcommand)]
pub(super) enum FillCommand {
    /// What is missing on which appliance, from whom it comes, how fast, and when it will be
    /// there.
    Status(FillStatus),
}

#[derive(Debug, Args)]
pub(super) struct FillStatus {
    /// Only this appliance.
    name: Option<DeviceName>,
    #[command(flatten)]
    watch: Watch,
}

impl FillCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let Self::Status(asked) = self;
        let shown = |all: &List<ApplianceFill>| tables(output, &all.items);
        asked.watch.show(output, async || asked.ask(client).await, shown).await
    }
}

impl FillStatus {
    async fn ask(&self, client: &Client) -> anyhow::Result<List<ApplianceFill>> {
        let mut all: List<ApplianceFill> = client.get("/api/v1/fill").await?;
        if let Some(name) = &self.name {
            all.items.retain(|fill| fill.appliance == name.as_str());
            anyhow::ensure!(!all.items.is_empty(), "there is no appliance {name}");
        }
        Ok(all)
    }
}

pub(super) fn tables(output: &Output, all: &[ApplianceFill]) -> String {
    let mut text = overview(output, all);
    if all.iter().any(|fill| !fill.titles.is_empty()) {
        text.push_str("\n\n");
        text.push_str(&titles(output, all));
    }
    for fill in all.iter().filter(|fill| fill.titles_left_out > 0) {
        text.push_str(&format!("\n{}: {} more titles", fill.appliance, fill.titles_left_out));
    }
    if all.iter().any(|fill| !fill.failing.is_empty()) {
        text.push_str("\n\n");
        text.push_str(&failing(output, all));
    }
    text
}

/// What sources said last that said no.
fn failing(output: &Output, all: &[ApplianceFill]) -> String {
    let mut table =
        output.columns(&["appliance", "failing", "group", "when", "because", "asked for"]);
    for (fill, each) in all.iter().flat_map(|fill| fill.failing.iter().map(move |it| (fill, it))) {
        table.row([
            text(&fill.appliance),
            Shown::State(each.source.clone(), Mood::Bad),
            text(&each.group),
            text(&when(Some(&each.at))),
            text(&each.reason),
            text(&each.path),
        ]);
    }
    table.render()
}

fn overview(output: &Output, all: &[ApplianceFill]) -> String {
    let header =
        ["appliance", "state", "report", "filling", "until", "cap", "rate", "missing", "finish"];
    let mut table = output.columns(&header);
    for fill in all {
        let filling = match fill.admission.as_deref() {
            // It has not reported yet.
            None => text("-"),
            Some("all") => Shown::State("open".to_owned(), Mood::Good),
            Some("urgent") => Shown::State("urgent only".to_owned(), Mood::Doubtful),
            Some(_) => Shown::State("closed".to_owned(), Mood::Doubtful),
        };
        table.row([
            text(&fill.appliance),
            state(&fill.state),
            number(&age(fill.report_age_s)),
            filling,
            text(&when(fill.until.as_deref())),
            number(&fill.cap_bytes_per_s.map_or_else(|| "-".to_owned(), rate)),
            number(&rate(fill.rate_bytes_per_s)),
            number(&bytes(fill.bytes_missing)),
            text(&when(fill.finish_at.as_deref())),
        ]);
    }
    table.render()
}

fn titles(output: &Output, all: &[ApplianceFill]) -> String {
    let header = [
        "appliance",
        "title",
        "source",
        "state",
        "objects",
        "bytes",
        "done",
        "rate",
        "finish",
        "waits for",
    ];
    let mut table = output.columns(&header);
    for (fill, title) in all.iter().flat_map(|fill| fill.titles.iter().map(move |it| (fill, it))) {
        let mood = match title.state.as_str() {
            "waiting" => Mood::Doubtful,
            _ => Mood::Good,
        };
        table.row([
            text(&fill.appliance),
            text(&format!("{}/{}", title.group, title.title)),
            text(&sources(title)),
            Shown::State(title.state.clone(), mood),
            number(&format!("{}/{}", title.objects_held, title.objects_wanted)),
            number(&format!("{}/{}", bytes(title.bytes_done), bytes(title.bytes_wanted))),
            number(&percent(title)),
            number(&rate(title.rate_bytes_per_s)),
            text(&when(title.finish_at.as_deref())),
            text(&waits_for(title)),
        ]);
    }
    table.render()
}

/// Each with its rate where there are several.
fn sources(title: &FillTitleItem) -> String {
    match title.sources.as_slice() {
        [] | [_] => title.source.clone().unwrap_or_else(|| "-".to_owned()),
        several => {
            let one = |it: &FillSourceItem| format!("{} {}", it.source, rate(it.rate_bytes_per_s));
            several.iter().map(one).collect::<Vec<_>>().join(", ")
        }
    }
}

/// Rounded down: 100 % is all of it.
fn percent(title: &FillTitleItem) -> String {
    let hundredths = u128::from(title.bytes_done) * 100;
    let percent = hundredths.checked_div(title.bytes_wanted.into()).unwrap_or(100);
    format!("{percent} %")
}

fn waits_for(title: &FillTitleItem) -> String {
    match &title.waiting {
        Some(waiting) => match &waiting.until {
            Some(until) => format!("{}, until {}", waiting.words, when(Some(until))),
            None => waiting.words.clone(),
        },
        None => "-".to_owned(),
    }
}

/// To the second; what is no time is shown as it came.
fn when(at: Option<&str>) -> String {
    let Some(at) = at else { return "-".to_owned() };
    let exact = at.parse::<jiff::Timestamp>();
    exact.map_or_else(|_| at.to_owned(), |at| format!("{at:.0}"))
}

#[cfg(test)]
mod tests;
