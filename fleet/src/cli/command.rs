//! Asking an appliance for something, and `fleet appliance commands`: what it was asked for.

use super::client::Client;
use super::output::{Mood, Output, Shown, text};
use super::wait::{Wait, until};
use crate::api::{CommandItem, CommandRequest, List};
use contract::names::DeviceName;
use std::time::Duration;

/// Asks, and waits where somebody wants that. Fails where it was not done.
pub(super) async fn ask(
    client: &Client,
    output: &Output,
    name: &DeviceName,
    request: &CommandRequest,
    wait: &Wait,
) -> anyhow::Result<()> {
    let path = format!("/api/v1/appliances/{name}/commands");
    let made: CommandItem = client.post(&path, request).await?;
    let Some(patience) = wait.patience() else { return output.write(&made, words) };
    let ended = until_ended(client, &made, patience).await?;
    output.write(&ended, words)?;
    anyhow::ensure!(ended.state != "pending", "{name} has not carried it out in time");
    anyhow::ensure!(ended.state == "done", "{name} has not done it");
    Ok(())
}

async fn until_ended(
    client: &Client,
    made: &CommandItem,
    patience: Duration,
) -> anyhow::Result<CommandItem> {
    let path = format!("/api/v1/commands/{}", made.id);
    let is_ended = |item: &CommandItem| item.state != "pending";
    until(patience, async || client.get(&path).await, is_ended, words).await
}

fn words(item: &CommandItem) -> String {
    let reason = item.reason.as_ref().map(|reason| format!(": {reason}"));
    format!("{}: {}: {}{}", item.appliance, item.action, item.state, reason.unwrap_or_default())
}

pub(super) async fn list(
    client: &Client,
    output: &Output,
    name: &DeviceName,
) -> anyhow::Result<()> {
    let all: List<CommandItem> = client.get(&format!("/api/v1/appliances/{name}/commands")).await?;
    output.write(&all, |all| table(output, &all.items))
}

fn table(output: &Output, items: &[CommandItem]) -> String {
    let mut table = output.columns(&["asked", "command", "state", "ended", "reason"]);
    for item in items {
        let mood = match item.state.as_str() {
            "done" => Mood::Good,
            "pending" => Mood::Doubtful,
            _ => Mood::Bad,
        };
        table.row([
            text(&item.made_at),
            text(&item.action),
            Shown::State(item.state.clone(), mood),
            text(item.ended_at.as_deref().unwrap_or("-")),
            text(item.reason.as_deref().unwrap_or("-")),
        ]);
    }
    table.render()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn for_people() {
        let done = CommandItem {
            id: "0123".into(),
            appliance: "oca1.site-a".into(),
            action: "eject disk /disks/nvme0".into(),
            made_at: "2026-11-21T13:00:00.000Z".into(),
            deadline: "2026-11-21T14:00:00.000Z".into(),
            state: "done".into(),
            reason: None,
            ended_at: Some("2026-11-21T13:00:04.000Z".into()),
        };
        let failed = CommandItem {
            action: "readmit disk /disks/nvme0".into(),
            state: "failed".into(),
            reason: Some("No such device".into()),
            ..done.clone()
        };
        let pending = CommandItem {
            action: "scrub".into(),
            state: "pending".into(),
            ended_at: None,
            ..done.clone()
        };
        let lines = [&pending, &failed].map(words).join("\n");
        let table = table(&Output::plain(), &[pending, failed, done]);
        insta::assert_snapshot!(format!("{table}\n\n{lines}"));
    }
}
