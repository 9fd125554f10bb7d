//! `fleet catalog pins`, `pin` and `unpin`

use super::{changes, tables};
use crate::api::{List, PinItem, PinRequest, VersionItem};
use crate::cli::client::Client;
use crate::cli::output::{Output, number, text};
use clap::Args;
use contract::names::TagName;

/// Have sites stay with a version of the catalogue, until they are let go.
///
/// Their boxes hold what that version says, whatever is announced meanwhile: to go back after a mistake, or to
/// try what is new elsewhere first. What is pinned for a tag goes before what is pinned for all.
#[derive(Debug, Args)]
pub(in crate::cli) struct PinSites {
    /// The version; it was announced once.
    version: u64,
    /// Sites with this tag; all sites without it.
    #[arg(long, value_name = "TAG")]
    tag: Option<TagName>,
    /// Show what it changes beside what is in force there, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Let sites go that stay with a version: they follow again.
#[derive(Debug, Args)]
pub(in crate::cli) struct Unpin {
    /// Those with this tag; what is pinned for all without it.
    #[arg(long, value_name = "TAG")]
    tag: Option<TagName>,
}

pub(super) async fn list(client: &Client, output: &Output) -> anyhow::Result<()> {
    let pins: List<PinItem> = client.get("/api/v1/catalog/pins").await?;
    output.write(&pins, |pins| table(output, &pins.items))
}

fn table(output: &Output, pins: &[PinItem]) -> String {
    let mut table = output.columns(&["sites", "version", "pinned", "by"]);
    for pin in pins {
        table.row([
            text(&whose(pin.tag.as_deref())),
            number(&pin.version),
            text(&pin.pinned_at),
            text(&pin.pinned_by),
        ]);
    }
    table.render()
}

fn whose(tag: Option<&str>) -> String {
    tag.map_or("all".to_owned(), |tag| format!("with tag {tag}"))
}

/// What counts for these sites now.
async fn in_force(client: &Client, tag: Option<&TagName>) -> anyhow::Result<Option<u64>> {
    let pins: List<PinItem> = client.get("/api/v1/catalog/pins").await?;
    let pinned = |tag: Option<&str>| pins.items.iter().find(|it| it.tag.as_deref() == tag);
    if let Some(pin) = pinned(tag.map(TagName::as_str)).or_else(|| pinned(None)) {
        return Ok(Some(pin.version));
    }
    // Above it stand the few that were refused.
    let newest: List<VersionItem> = client.get("/api/v1/catalog/versions").await?;
    Ok(newest.items.iter().find(|it| it.state == "in_force").map(|it| it.version))
}

impl PinSites {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let Self { version, tag, dry_run } = self;
        if dry_run {
            let from = in_force(client, tag.as_ref()).await?.unwrap_or(version);
            let changes = changes(client, from, version).await?;
            return output.write(&changes, |all| tables::changes(output, &all.items));
        }
        let pin: PinItem = client.put("/api/v1/catalog/pins", &PinRequest { version, tag }).await?;
        output.write(&pin, |pin| {
            format!("sites ({}) stay with version {}", whose(pin.tag.as_deref()), pin.version)
        })
    }
}

impl Unpin {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let query = self.tag.as_ref().map(|tag| format!("?tag={tag}")).unwrap_or_default();
        client.delete(&format!("/api/v1/catalog/pins{query}")).await?;
        let whose = whose(self.tag.as_ref().map(TagName::as_str));
        output.done(&format!("sites ({whose}) follow what is announced"))
    }
}
