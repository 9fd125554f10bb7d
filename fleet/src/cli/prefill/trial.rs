//! `fleet prefill trial …`.

use super::percent;
use super::policy::{Tuning, words};
use crate::api::{DifferenceItem, TrialItem, TrialRequest};
use crate::cli::client::Client;
use crate::cli::output::{Output, text};
use clap::{Args, Subcommand};
use contract::names::TagName;

const PATH: &str = "/api/v1/prefill/trial";

/// Another policy for real, at some sites, beside others that are alike.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum TrialCommand {
    /// Begin tomorrow; it ends by itself, at once where it hurts.
    Start(Start),
    /// How the sites differ, and what follows from that.
    Show,
    /// End it: all sites are planned as usual.
    Stop,
}

/// Begin tomorrow; it ends by itself, at once where it hurts.
///
/// Pairs of sites are made that are alike: of one region, near in demand, disks, offload and fill. Of each pair one is
/// planned by what is tried. Sites that others ask are left alone. `fleet simulate trial` plays one beforehand.
#[derive(Debug, Args)]
pub(in crate::cli) struct Start {
    #[command(flatten)]
    tuning: Tuning,
    /// For how many days [14].
    #[arg(long, value_name = "COUNT")]
    days: Option<u16>,
    /// How many pairs of sites at most [50].
    #[arg(long, value_name = "COUNT")]
    pairs: Option<usize>,
    /// What part of all demand may be tried on, in percent [10].
    #[arg(long, value_name = "PERCENT")]
    demand_percent: Option<u8>,
    /// Only sites with this tag.
    #[arg(long)]
    tag: Option<TagName>,
    /// How much less offload is borne, in hundredths of a percent of what viewers want [20].
    #[arg(long, value_name = "COUNT")]
    offload_tolerance_bp: Option<u16>,
    /// How much more fill is borne, in hundredths of a percent of what viewers want [50].
    #[arg(long, value_name = "COUNT")]
    fill_tolerance_bp: Option<u16>,
    /// Draws who of each pair is tried on [1].
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Say who would be tried on, and begin nothing.
    #[arg(long)]
    dry_run: bool,
}

impl TrialCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::Start(start) => start.run(client, output).await,
            Self::Show => {
                let trial: TrialItem = client.get(PATH).await?;
                output.write(&trial, |trial| shown(output, trial))
            }
            Self::Stop => {
                client.delete(PATH).await?;
                output.done("all sites are planned as usual")
            }
        }
    }
}

impl Start {
    async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let request = TrialRequest {
            tuning: self.tuning.request(),
            days: self.days,
            pairs: self.pairs,
            demand_percent: self.demand_percent,
            tag: self.tag,
            offload_tolerance_bp: self.offload_tolerance_bp,
            fill_tolerance_bp: self.fill_tolerance_bp,
            seed: self.seed,
            dry_run: self.dry_run,
        };
        let trial: TrialItem = client.put(PATH, &request).await?;
        output.write(&trial, |trial| shown(output, trial))
    }
}

fn shown(output: &Output, trial: &TrialItem) -> String {
    let mut lines = vec![
        format!("{} to {}: {}", trial.first_day, trial.last_day, words(&trial.tuning)),
        trial.state.clone(),
    ];
    if let Some(seen) = &trial.seen {
        let part = |it: Option<f64>| it.map_or_else(|| "-".to_owned(), percent);
        lines.push(format!(
            "by {}: offload {} where it is tried, {} beside it; {} pairs, {} days of pairs left out",
            seen.day,
            part(seen.tried_offload),
            part(seen.usual_offload),
            seen.pairs,
            seen.left_out,
        ));
        lines.push(format!("offload {}, fill {}", points(&seen.offload), points(&seen.fill)));
    }
    let mut table = output.columns(&["tried", "beside"]);
    for pair in &trial.pairs {
        table.row([text(&pair.tried), text(&pair.usual)]);
    }
    lines.push(table.render());
    let left = trial.left.iter().map(|(why, count)| format!("{count} sites: {why}"));
    lines.extend(left);
    lines.join("\n")
}

/// `-0.31 points (-0.80 to +0.18)`.
fn points(difference: &Option<DifferenceItem>) -> String {
    let Some(DifferenceItem { by, least, most }) = difference else { return "-".to_owned() };
    format!("{:+.2} points ({:+.2} to {:+.2})", by * 100.0, least * 100.0, most * 100.0)
}
