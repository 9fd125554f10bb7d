//! `fleet appliance late-reports`: how it was while a box could tell nobody.

use super::client::Client;
use super::output::{Output, number, text};
use super::quantity::bytes;
use crate::api::{LateReportItem, List};
use clap::Args;
use contract::names::DeviceName;

/// What an appliance would have reported while it was cut off, newest first.
#[derive(Debug, Args)]
pub(super) struct LateReports {
    /// The appliance.
    name: DeviceName,
    /// How many, 2000 at most.
    #[arg(long, value_name = "COUNT", default_value_t = 60)]
    limit: u32,
}

impl LateReports {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let Self { name, limit } = self;
        let path = format!("/api/v1/appliances/{name}/late-reports?limit={limit}");
        let all: List<LateReportItem> = client.get(&path).await?;
        output.write(&all, |all| table(output, &all.items))
    }
}

fn table(output: &Output, items: &[LateReportItem]) -> String {
    let header =
        ["made", "objects", "connections", "rate", "requests", "misses", "sent", "dropped before"];
    let mut table = output.columns(&header);
    for (at, item) in items.iter().enumerate() {
        // The one before it in time, of the same process: its counters go on from there.
        let before = items.get(at + 1).filter(|before| before.boot_id == item.boot_id);
        let since = |of: fn(&LateReportItem) -> u64| {
            before.map_or(of(item), |before| of(item).saturating_sub(of(before)))
        };
        table.row([
            text(&item.made_at),
            number(&format!("{}/{}", item.objects_held, item.objects_wanted)),
            number(&item.connections),
            number(&format!("{}/s", bytes(item.rate_bytes_per_s))),
            number(&since(|item| item.requests)),
            number(&since(|item| item.misses)),
            number(&bytes(since(|item| item.bytes_sent))),
            number(&item.dropped_before),
        ]);
    }
    table.render()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_told_as_what_came_since_the_report_before() {
        let item = |boot_id: &str, sequence: u64, requests: u64| LateReportItem {
            made_at: format!("2026-11-21T13:{sequence:02}:00.000Z"),
            received_at: "2026-11-22T13:00:00.000Z".to_owned(),
            boot_id: boot_id.to_owned(),
            sequence,
            dropped_before: u64::from(sequence == 7) * 3,
            objects_held: 129,
            objects_wanted: 130,
            bytes_held: 23_000_000,
            connections: 12,
            rate_bytes_per_s: 1_200_000,
            requests,
            misses: requests / 10,
            bytes_sent: requests * 200_000,
        };
        let items = [item("b", 9, 30), item("a", 8, 900), item("a", 7, 850), item("a", 3, 800)];
        insta::assert_snapshot!(table(&Output::plain(), &items));
    }
}
