//! `fleet prefill plan` and `runs`.

use super::shortfall::remedy_words;
use super::{percent, rate};
use crate::api::{List, PlacementDetail, RunItem, ShortItem};
use crate::cli::client::Client;
use crate::cli::output::{Mood, Output, Shown, number, text};
use crate::cli::quantity::bytes;
use clap::Args;

/// What is placed where, site by site and box by box.
///
/// It is placed anew whenever something is another: what boxes counted, the catalogue, the inventory, a box that
/// is heard of no more. What of the boxes' disks is new since the day began is what they fetch today.
#[derive(Debug, Args)]
pub(in crate::cli) struct ShowPlan {
    /// An older placement, worked out again from what was taken down of it: it comes out the same to the last
    /// bit, or this says that it does not.
    #[arg(long, value_name = "VERSION")]
    at: Option<u64>,
}

/// The newest placements, with what each was made from.
#[derive(Debug, Args)]
pub(in crate::cli) struct Runs {
    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Those before this version.
    #[arg(long, value_name = "VERSION")]
    before: Option<u64>,
}

impl ShowPlan {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let at = self.at.map(|at| format!("?at={at}&again=true")).unwrap_or_default();
        let plan: PlacementDetail = client.get(&format!("/api/v1/prefill/plan{at}")).await?;
        output.write(&plan, |plan| shown(output, plan))?;
        let is_another = plan.recomputed == Some(false);
        anyhow::ensure!(!is_another, "placement {} comes out differently now", plan.run.version);
        Ok(())
    }
}

fn shown(output: &Output, plan: &PlacementDetail) -> String {
    let run = &plan.run;
    let again = if plan.recomputed == Some(true) { ", worked out again: the same" } else { "" };
    let mut lines = vec![
        format!("placement {} of {}, made {}{again}", run.version, run.day, run.made_at),
        format!(
            "wanted {} at the peak, {} of it served; {}",
            rate(run.wanted_bytes_per_s),
            percent(run.offload),
            match plan.put_back {
                Some(version) => format!("placement {version} is put back"),
                None => format!("at most {} from the best", percent(run.gap)),
            },
        ),
    ];
    if let Some(frozen) = &plan.frozen {
        lines.push(format!("nothing is placed anew (fleet prefill unfreeze): {}", frozen.why));
    }
    let mut table = output.columns(&[
        "site", "box", "titles", "holds", "of", "new", "a day", "missing", "done by", "serves",
        "state",
    ]);
    for site in &plan.sites {
        let serves =
            format!("{} of {}", rate(site.served_bytes_per_s), rate(site.wanted_bytes_per_s));
        for one in &site.boxes {
            let state = one.not_planned.as_ref().or(site.refused.as_ref());
            table.row([
                text(&site.site),
                text(&one.device),
                number(&one.titles),
                number(&bytes(one.held_bytes)),
                number(&bytes(one.room_bytes)),
                number(&plan.put_back.map_or_else(|| bytes(one.new_bytes), |_| "-".to_owned())),
                number(&one.fill_bytes.map_or_else(|| "any".to_owned(), bytes)),
                number(&one.missing_bytes.map_or_else(|| "-".to_owned(), bytes)),
                text(one.finish_at.as_deref().unwrap_or("-")),
                number(&serves),
                match state {
                    Some(why) => Shown::State(why.clone(), Mood::Doubtful),
                    None => Shown::State("planned".to_owned(), Mood::Good),
                },
            ]);
        }
    }
    lines.push(table.render());
    if run.nowhere > 0 {
        let named = plan.nowhere.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        let more = if run.nowhere > 5 { ", …" } else { "" };
        let why = if plan.put_back.is_some() { "is to hold" } else { "has room for" };
        lines.push(format!("no site {why} {} titles: {named}{more}", run.nowhere));
    }
    lines.extend(plan.short.iter().take(5).map(short));
    if plan.short.len() > 5 {
        let more = plan.short.len() - 5;
        lines.push(format!("and {more} more: fleet prefill shortfall"));
    }
    lines.join("\n")
}

fn short(short: &ShortItem) -> String {
    let ShortItem { site, days, offload, refused, .. } = short;
    match refused {
        Some(why) => format!("{site} in {days} days: {why}"),
        None => format!(
            "{site} will serve {} of what is wanted in {days} days; enough: {}",
            percent(*offload),
            remedy_words(short),
        ),
    }
}

impl Runs {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let before = self.before.map(|it| format!("&before={it}")).unwrap_or_default();
        let path = format!("/api/v1/prefill/runs?limit={}{before}", self.limit);
        let runs: List<RunItem> = client.get(&path).await?;
        output.write(&runs, |all| table(output, &all.items))
    }
}

fn table(output: &Output, runs: &[RunItem]) -> String {
    let header = [
        "version", "parent", "base", "day", "made", "wanted", "offload", "gap", "holds", "new",
        "question",
    ];
    let mut table = output.columns(&header);
    for run in runs {
        let base = run.base.map_or_else(|| "-".to_owned(), |base| base.to_string());
        table.row([
            text(&run.version),
            number(&run.parent),
            number(&base),
            text(&run.day),
            text(&run.made_at),
            number(&rate(run.wanted_bytes_per_s)),
            number(&percent(run.offload)),
            number(&percent(run.gap)),
            number(&bytes(run.held_bytes)),
            number(&bytes(run.new_bytes)),
            text(run.question_digest.get(..16).unwrap_or(&run.question_digest)),
        ]);
    }
    table.render()
}
