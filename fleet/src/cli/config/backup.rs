//! `fleet config backup …` and `fleet config backups`

use crate::api::{BackupAsked, BackupItem, BackupRequest, List};
use crate::cli::client::Client;
use crate::cli::output::{Mood, Output, Shown, number, text};
use crate::cli::quantity::parse_duration;
use crate::cli::wait::until;
use anyhow::bail;
use clap::Args;
use std::collections::BTreeSet;
use std::time::Duration;

/// Take copies of what devices run, now.
///
/// The fleet takes them by itself too, as often as `backup.every_s` says. A revision is made where something differs
/// from the last; secrets, and what changes by itself, are not kept.
#[derive(Debug, Args)]
pub(in crate::cli) struct Backup {
    /// The devices; all that have a management address, where none is named.
    devices: Vec<String>,
    /// Wait for them so long.
    #[arg(long, value_name = "TIME", default_value = "5min", value_parser = parse_duration)]
    wait: Duration,
}

impl Backup {
    pub(in crate::cli) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let request = BackupRequest { devices: self.devices.into_iter().collect() };
        let asked: BackupAsked = client.post("/api/v1/config/backups", &request).await?;
        let list = async || of_these(client, &asked.devices).await;
        let is_tried = |it: &BackupItem| {
            it.tried_at.as_ref().is_some_and(|at| at.as_str() >= asked.asked_at.as_str())
        };
        let tried = |all: &List<BackupItem>| all.items.iter().filter(|it| is_tried(it)).count();
        let wanted = asked.devices.len();
        let is_done = |all: &List<BackupItem>| tried(all) == wanted;
        let words = |all: &List<BackupItem>| format!("{} of {wanted} devices", tried(all));
        let all = until(self.wait, list, is_done, words).await?;
        output.write(&all, |all| table(output, &all.items))?;
        let late = wanted - tried(&all);
        let failed = all.items.iter().filter(|it| is_tried(it) && it.error.is_some()).count();
        match (failed, late) {
            (0, 0) => Ok(()),
            (0, late) => bail!("{late} not tried yet: the fleet goes on with them"),
            (failed, _) => bail!("no copy of {failed}"),
        }
    }
}

async fn of_these(client: &Client, devices: &BTreeSet<String>) -> anyhow::Result<List<BackupItem>> {
    let mut all: List<BackupItem> = client.get("/api/v1/config/backups").await?;
    all.items.retain(|it| devices.contains(&it.device));
    Ok(all)
}

/// How the copies of all devices stand.
pub(super) async fn list(client: &Client, output: &Output) -> anyhow::Result<()> {
    let all: List<BackupItem> = client.get("/api/v1/config/backups").await?;
    output.write(&all, |all| table(output, &all.items))
}

fn table(output: &Output, items: &[BackupItem]) -> String {
    let mut table = output.columns(&["device", "revision", "taken", "tried", "wrong"]);
    for item in items {
        let time = |at: &Option<String>| text(at.as_deref().unwrap_or("-"));
        let revision = item.revision.map_or_else(|| "-".to_owned(), |it| it.to_string());
        let wrong = match &item.error {
            None => text("-"),
            Some(error) => Shown::State(error.clone(), Mood::Bad),
        };
        table.row([
            text(&item.device),
            number(&revision),
            time(&item.taken_at),
            time(&item.tried_at),
            wrong,
        ]);
    }
    table.render()
}
