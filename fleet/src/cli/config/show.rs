//! `fleet config show …`

use super::revision;
use crate::api::{ConfigFileItem, List, RevisionDetail};
use crate::cli::client::Client;
use crate::cli::output::{Format, Mood, Output, Shown, number, text};
use crate::cli::records::with_query;
use crate::paths;
use anyhow::bail;
use clap::Args;
use std::io::Write;

/// The files of a device, as they would be rendered now; with --revision, what it ran.
///
/// Where a file cannot be rendered it says why: at which line of which template, and who has said the value that
/// it failed at. Secrets are not shown.
#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// The device.
    device: String,
    /// What stands in this file.
    path: Option<String>,
    /// Not what it is to have, but what it ran: a number of `fleet config log`, or `latest`.
    #[arg(long, value_name = "NUMBER")]
    revision: Option<String>,
}

impl Show {
    pub(in crate::cli) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        if let Some(number) = &self.revision {
            let ran = revision::get(client, &self.device, number).await?;
            return match &self.path {
                Some(path) => say(revision::text(&ran, path)?),
                None => output.write(&ran, |ran| texts(output, ran)),
            };
        }
        let asked: Vec<_> = self.path.iter().map(|it| ("path".to_owned(), it.clone())).collect();
        let path = format!("/api/v1/config/devices/{}/files", paths::segment(&self.device));
        let all: List<ConfigFileItem> = client.get(&with_query(path, &asked)).await?;
        match (&all.items[..], &self.path, output.format()) {
            ([only], Some(_), Format::Table) => print(only),
            _ => output.write(&all, |all| table(output, &all.items)),
        }
    }
}

fn print(file: &ConfigFileItem) -> anyhow::Result<()> {
    match (&file.text, &file.error) {
        (Some(text), _) => say(text),
        (None, error) => bail!("{}: {}", file.path, error.as_deref().unwrap_or_default()),
    }
}

/// As it is.
fn say(text: &str) -> anyhow::Result<()> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

fn texts(output: &Output, ran: &RevisionDetail) -> String {
    let mut table = output.columns(&["text", "lines"]);
    for file in &ran.files {
        table.row([text(&file.path), number(&file.text.lines().count().to_string())]);
    }
    table.render()
}

fn table(output: &Output, items: &[ConfigFileItem]) -> String {
    let mut table = output.columns(&["file", "mode", "owner", "template", "lines", "wrong"]);
    for item in items {
        let lines =
            item.text.as_ref().map_or_else(|| "-".to_owned(), |it| it.lines().count().to_string());
        let wrong = match &item.error {
            None => text("-"),
            Some(error) => Shown::State(error.clone(), Mood::Bad),
        };
        table.row([
            text(&item.path),
            text(&item.mode),
            text(&item.owner),
            text(&item.template),
            number(&lines),
            wrong,
        ]);
    }
    table.render()
}
