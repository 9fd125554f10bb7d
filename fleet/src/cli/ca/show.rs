//! `fleet ca show`

use super::super::client::Client;
use super::super::output::{Mood, Output, Shown, text};
use crate::api::{TrustItem, TrustKeyItem};

pub(super) async fn show(client: &Client, output: &Output) -> anyhow::Result<()> {
    let item: TrustItem = client.get("/api/v1/trust").await?;
    output.write(&item, |item| table(output, item))
}

fn table(output: &Output, item: &TrustItem) -> String {
    let mut head = output.columns(&["", ""]);
    let mut line = |name: &str, value: String| head.row([text(name), text(&value)]);
    line("version", format!("{}, since {}", item.version, item.installed_at));
    line("epoch", item.epoch.to_string());
    line("counts until", item.not_after.clone());
    line("signed by", format!("{} keys of the root", item.threshold));
    for (version, boxes) in &item.boxes_by_version {
        let heard = match version {
            0 => "have said nothing".to_owned(),
            version => format!("have heard of version {version}"),
        };
        line("boxes", format!("{boxes} {heard}"));
    }
    let mut keys = output.columns(&["key", "role", "state"]);
    for TrustKeyItem { id, role, state } in &item.keys {
        let mood = if state == "newest" { Mood::Good } else { Mood::Doubtful };
        keys.row([text(id), text(role), Shown::State(state.clone(), mood)]);
    }
    format!("{}\n\n{}", head.render().trim_start(), keys.render())
}
