//! `fleet title …`

use super::client::Client;
use super::output::{Mood, Output, Shown, number, text};
use crate::api::{List, LivenessItem};
use clap::{Args, Subcommand};
use contract::names::{GroupName, TitleName};

#[derive(Debug, Subcommand)]
pub(super) enum TitleCommand {
    /// Where a title is live, and what is missing where it is not.
    Why(Why),
}

/// Where a title is live, and what is missing where it is not.
///
/// It is live in a region when its windows are open there, it lacks nothing, and half of the sites with boxes in
/// service hold all of it, verified.
#[derive(Debug, Args)]
pub(super) struct Why {
    /// Its content group.
    group: GroupName,
    /// The title.
    title: TitleName,
    /// This region alone.
    #[arg(long)]
    region: Option<String>,
}

impl TitleCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let Self::Why(Why { group, title, region }) = self;
        let query = region.map(|it| format!("?region={it}")).unwrap_or_default();
        let path = format!("/api/v1/titles/{group}/{title}/liveness{query}");
        let all: List<LivenessItem> = client.get(&path).await?;
        output.write(&all, |all| table(output, &all.items))
    }
}

fn table(output: &Output, items: &[LivenessItem]) -> String {
    let mut table = output.columns(&["region", "live", "sites", "missing"]);
    for item in items {
        let live = match item.is_live {
            true => Shown::State("yes".to_owned(), Mood::Good),
            false => Shown::State("no".to_owned(), Mood::Bad),
        };
        table.row([
            text(item.region.as_deref().unwrap_or("-")),
            live,
            number(&format!("{}/{}", item.sites_holding, item.sites)),
            text(&if item.missing.is_empty() { "-".to_owned() } else { item.missing.join("; ") }),
        ]);
    }
    table.render()
}
