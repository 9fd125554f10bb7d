//! `fleet prefill shortfall`.

use super::{percent, rate};
use crate::api::{List, ShortItem};
use crate::cli::client::Client;
use crate::cli::output::{Output, number, text};
use crate::cli::quantity::bytes;
use crate::cli::records::with_query;
use clap::Args;

/// What will not be enough in 3, 7 or 14 days, and the cheapest of what would be.
///
/// A site is short when it will serve a smaller part of what is wanted than is enough. What is scarce there is named,
/// and how much more of one budget alone would do; of several that would, the cheapest.
#[derive(Debug, Args)]
pub(in crate::cli) struct Shortfall {
    /// By an older placement.
    #[arg(long, value_name = "VERSION")]
    at: Option<u64>,
    /// What part of what is wanted is enough, in percent; one percent less than today without it.
    #[arg(long, value_name = "PERCENT")]
    offload: Option<f64>,
    /// What a TB of disk costs [20], in any currency.
    #[arg(long, value_name = "PRICE")]
    disk_tb: Option<f64>,
    /// What a Gb/s that boxes can send costs [100].
    #[arg(long, value_name = "PRICE")]
    gbit: Option<f64>,
    /// What a TB a day that windows let in costs [50].
    #[arg(long, value_name = "PRICE")]
    fill_tb: Option<f64>,
}

impl Shortfall {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let given = [
            ("at", self.at.map(|it| it.to_string())),
            ("offload_percent", self.offload.map(|it| it.to_string())),
            ("price_disk_tb", self.disk_tb.map(|it| it.to_string())),
            ("price_gbit_per_s", self.gbit.map(|it| it.to_string())),
            ("price_fill_tb_per_day", self.fill_tb.map(|it| it.to_string())),
        ];
        let pairs: Vec<(String, String)> =
            given.into_iter().filter_map(|(name, it)| Some((name.to_owned(), it?))).collect();
        let path = with_query("/api/v1/prefill/shortfall".to_owned(), &pairs);
        let short: List<ShortItem> = client.get(&path).await?;
        output.write(&short, |short| table(output, &short.items))
    }
}

fn table(output: &Output, short: &[ShortItem]) -> String {
    if short.is_empty() {
        return "nothing is lacking in 3, 7 or 14 days".to_owned();
    }
    let mut table =
        output.columns(&["site", "in", "will serve", "enough", "scarce", "remedy", "costs"]);
    for one in short {
        let remedy = one.remedy.as_ref();
        table.row([
            text(&one.site),
            number(&format!("{} d", one.days)),
            number(&percent(one.offload)),
            number(&percent(one.enough)),
            text(&one.refused.clone().unwrap_or_else(|| one.scarce.join(", "))),
            text(&remedy_words(one)),
            number(&remedy.map_or_else(|| "-".to_owned(), |it| format!("{:.0}", it.cost))),
        ]);
    }
    table.render()
}

/// `1.2 TB more disk (ssd)`.
pub(super) fn remedy_words(short: &ShortItem) -> String {
    let Some(remedy) = &short.remedy else {
        return "no budget alone: another site".to_owned();
    };
    let class = &remedy.class;
    match &*remedy.budget {
        "throughput" => format!("{} more to send ({class})", rate(remedy.more)),
        "fill" => format!("{} a day more to fetch ({class})", bytes(super::whole(remedy.more))),
        _ => format!("{} more disk ({class})", bytes(super::whole(remedy.more))),
    }
}
