//! `fleet prefix usage` and `allocate`: what networks have left, and taking some of it.

use super::fields;
use super::given::Given;
use crate::api::{LeftItem, List};
use crate::cli::output::{Mood, Output, Shown, number, text};
use http::Method;
use inventory::kinds::IP_ADDRESS;
use serde_json::Value;

/// From here on somebody should think of the next network.
const FULL_PERCENT: f64 = 90.0;

pub(super) async fn usage(given: Given<'_>) -> anyhow::Result<()> {
    let above = given.matches.get_one::<u8>("above").copied().unwrap_or_default();
    let path = format!("/api/v1/prefix-usage?taken_percent__gte={above}");
    let all: List<LeftItem> = given.client.get(&path).await?;
    given.output.write(&all, |all| table(given.output, &all.items))
}

fn table(output: &Output, items: &[LeftItem]) -> String {
    let mut table = output.columns(&["prefix", "site", "taken", "of", "percent"]);
    for item in items {
        let percent = format!("{:.1} %", item.taken_percent);
        let is_full = item.taken_percent >= FULL_PERCENT;
        let of = item.usable.map_or_else(|| "-".to_owned(), |usable| usable.to_string());
        table.row([
            text(&item.prefix),
            text(item.site.as_deref().unwrap_or("-")),
            number(&item.taken),
            number(&of),
            if is_full { Shown::State(percent, Mood::Doubtful) } else { number(&percent) },
        ]);
    }
    table.render()
}

pub(super) async fn allocate(given: Given<'_>) -> anyhow::Result<()> {
    let wanted = fields::read(&IP_ADDRESS, given.matches)?;
    let path = format!("{}/available-ips", given.path());
    let made = given.change((Method::POST, path), &Value::Object(wanted), None).await?;
    let address = made["address"].as_str().unwrap_or_default();
    let of_address = Given { kind: &IP_ADDRESS, ..given };
    of_address.tell(&made, &format!("ip address {address} created"))
}
