//! `fleet config explain …`

use crate::api::{List, SettingItem, SettingSaidItem};
use crate::cli::client::Client;
use crate::cli::output::{Output, text};
use crate::cli::records::with_query;
use crate::paths;
use clap::Args;
use serde_json::Value;

/// What a setting is for a device, and who has said so.
///
/// Settings come from what is shipped, and from config contexts: of all devices, of its model, of its site, of
/// itself; the later counts, and before all of them what is said until a time.
#[derive(Debug, Args)]
pub(in crate::cli) struct Explain {
    /// The device.
    device: String,
    /// The setting, such as bgp.hold_time_s, or a name above several; all of them without it.
    path: Option<String>,
    /// Only what somebody has said beside what is shipped.
    #[arg(long)]
    changed: bool,
}

impl Explain {
    pub(in crate::cli) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let asked: Vec<_> = self.path.map(|it| ("path".to_owned(), it)).into_iter().collect();
        let path = format!("/api/v1/config/devices/{}/settings", paths::segment(&self.device));
        let mut all: List<SettingItem> = client.get(&with_query(path, &asked)).await?;
        let is_changed = |it: &SettingItem| it.said.first().is_some_and(|it| it.rank != "shipped");
        all.items.retain(|it| !self.changed || is_changed(it));
        output.write(&all, |all| table(output, &all.items))
    }
}

/// A line for each that has said something; what counts comes first.
fn table(output: &Output, items: &[SettingItem]) -> String {
    let mut table = output.columns(&["setting", "value", "said for", "by", "until"]);
    let each = items.iter().flat_map(|item| item.said.iter().map(move |said| (&item.path, said)));
    for (path, SettingSaidItem { rank, by, expires, value }) in each {
        let until = expires.as_deref().unwrap_or("-");
        table.row([text(path), text(&shown(value)), text(rank), text(by), text(until)]);
    }
    table.render()
}

/// Text without quotes, all else as JSON.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
