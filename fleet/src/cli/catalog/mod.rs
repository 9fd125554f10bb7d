//! `fleet catalog …`

mod announce;
mod pins;
mod tables;

use super::client::Client;
use super::output::Output;
use crate::api::{List, TitleChange, TitleHistoryItem, VersionItem};
use clap::{Args, Subcommand};
use contract::names::{GroupName, TitleName};

#[derive(Debug, Subcommand)]
pub(super) enum CatalogCommand {
    /// The newest versions, those that were refused among them.
    Versions(Versions),
    /// One version, and what speaks against it.
    Show {
        /// The version.
        version: u64,
    },
    /// What is another in one version than in another one.
    Diff {
        /// The version before.
        from: u64,
        /// The version after.
        to: u64,
    },
    /// The versions that changed a title.
    History(History),
    /// Announce a version that something speaks against.
    Announce(announce::Announce),
    /// Who stays with which version.
    Pins,
    /// Have sites stay with a version.
    Pin(pins::PinSites),
    /// Let sites go that stay with a version.
    Unpin(pins::Unpin),
}

#[derive(Debug, Args)]
pub(super) struct Versions {
    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Those before this version.
    #[arg(long, value_name = "VERSION")]
    before: Option<u64>,
}

#[derive(Debug, Args)]
pub(super) struct History {
    /// Its content group.
    group: GroupName,
    /// The title.
    title: TitleName,
    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

impl CatalogCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::Versions(Versions { limit, before }) => {
                let before = before.map(|it| format!("&before={it}")).unwrap_or_default();
                let path = format!("/api/v1/catalog/versions?limit={limit}{before}");
                let versions: List<VersionItem> = client.get(&path).await?;
                output.write(&versions, |all| tables::versions(output, &all.items))
            }
            Self::Show { version } => {
                let path = format!("/api/v1/catalog/versions/{version}");
                let version: VersionItem = client.get(&path).await?;
                output.write(&version, |it| tables::version(output, it))
            }
            Self::Diff { from, to } => {
                let changes = changes(client, from, to).await?;
                output.write(&changes, |all| tables::changes(output, &all.items))
            }
            Self::History(History { group, title, limit }) => {
                let path = format!("/api/v1/titles/{group}/{title}/history?limit={limit}");
                let history: List<TitleHistoryItem> = client.get(&path).await?;
                output.write(&history, |all| tables::history(output, &all.items))
            }
            Self::Announce(announce) => announce.run(client, output).await,
            Self::Pins => pins::list(client, output).await,
            Self::Pin(pin) => pin.run(client, output).await,
            Self::Unpin(unpin) => unpin.run(client, output).await,
        }
    }
}

async fn changes(client: &Client, from: u64, to: u64) -> anyhow::Result<List<TitleChange>> {
    client.get(&format!("/api/v1/catalog/changes?from={from}&to={to}")).await
}
