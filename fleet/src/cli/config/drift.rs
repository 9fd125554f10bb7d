//! `fleet config drift …`

use super::diff::{Sides, shown, unified};
use crate::api::{BackupItem, CauseItem, DriftItem, List};
use crate::cli::client::Client;
use crate::cli::output::{Format, Mood, Output, Shown, text};
use crate::paths;
use anyhow::bail;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::collections::BTreeMap;

/// Where devices run something else than they are to run, and what has most likely come of it.
///
/// It compares the latest copy of each with what would be rendered now. Secrets are no difference. It ends with an error
/// when it finds something.
#[derive(Debug, Args)]
pub(in crate::cli) struct Drift {
    /// The devices; all of which there are copies, where none is named.
    devices: Vec<String>,
    /// The lines that differ, as `diff -u` writes them: `-` is what it has, `+` what it is to have.
    #[arg(long)]
    diff: bool,
}

/// Of one device, what is not as it is to be.
#[derive(Debug, Serialize)]
struct Drifted {
    device: String,
    files: Vec<DriftItem>,
}

impl Drift {
    pub(in crate::cli) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let devices = if self.devices.is_empty() { copied(client).await? } else { self.devices };
        let bar = ProgressBar::new(devices.len() as u64);
        bar.set_style(ProgressStyle::with_template("{bar:40} {pos} of {len} devices")?);
        let mut all = Vec::new();
        for device in devices {
            let path = format!("/api/v1/config/devices/{}/drift", paths::segment(&device));
            let List { items: mut files } = client.get::<List<DriftItem>>(&path).await?;
            files.retain(|file| !matches!(file.state.as_str(), "same" | "unread"));
            if !files.is_empty() {
                all.push(Drifted { device, files });
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        match self.diff && output.format() == Format::Table {
            true => output.write(&all, |all| differences(output, all))?,
            false => output.write(&all, |all| table(output, all))?,
        }
        match all.len() {
            0 => Ok(()),
            1 => bail!("one device is not as it is to be"),
            many => bail!("{many} devices are not as they are to be"),
        }
    }
}

/// Those that were read at least once.
async fn copied(client: &Client) -> anyhow::Result<Vec<String>> {
    let all: List<BackupItem> = client.get("/api/v1/config/backups").await?;
    let copied = all.items.into_iter().filter(|it| it.revision.is_some());
    Ok(copied.map(|it| it.device).collect())
}

fn table(output: &Output, all: &[Drifted]) -> String {
    let mut table = output.columns(&["device", "file", "state", "why"]);
    for Drifted { device, files } in all {
        for file in files {
            let why = match (&file.error, &file.cause) {
                (Some(error), _) => error.clone(),
                (None, Some(cause)) => in_words(cause),
                (None, None) => "-".to_owned(),
            };
            let state = Shown::State(file.state.clone(), Mood::Bad);
            table.row([text(device), text(&file.path), state, text(&why)]);
        }
    }
    table.render()
}

fn in_words(cause: &CauseItem) -> String {
    let at = cause.at.as_deref().unwrap_or("-");
    match cause.what.as_str() {
        "device" => {
            let revision = cause.revision.unwrap_or_default();
            format!("changed on the device: revision {revision}, seen at {at}")
        }
        "intent" => {
            let who = cause.who.as_deref().unwrap_or("somebody");
            let record = cause.record.as_deref().unwrap_or_default();
            let why = cause.message.as_ref().map(|it| format!(": {it}")).unwrap_or_default();
            format!("not brought there since: the latest edit is {record}, by {who} at {at}{why}")
        }
        _ => "it never had it, as far as there are copies".to_owned(),
    }
}

fn differences(output: &Output, all: &[Drifted]) -> String {
    let mut text = String::new();
    for Drifted { device, files } in all {
        let side = |of: fn(&DriftItem) -> &Option<String>| -> BTreeMap<&str, &str> {
            let with = |file| Some((file, of(file).as_deref()?));
            let files = files.iter().filter_map(with);
            files.map(|(file, text): (&DriftItem, &str)| (file.path.as_str(), text)).collect()
        };
        let revision = files.first().map_or(0, |it| it.revision);
        text += &unified(&Sides {
            old: (format!("{device}, revision {revision}"), side(|it| &it.running)),
            new: (format!("{device}, as it is to be"), side(|it| &it.intended)),
        });
    }
    shown(output, &text)
}
