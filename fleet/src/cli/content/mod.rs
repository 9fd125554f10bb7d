//! `fleet content …`

mod add;
mod bitrate;
mod hash;
mod purge;
mod purges;
mod terms;
mod window;

use super::client::Client;
use super::output::{Output, number, text};
use super::quantity::bytes;
use crate::api::{List, ObjectItem, TitleDetail, TitleItem};
use clap::{Args, Subcommand};
use contract::names::{GroupName, TitleName};

#[derive(Debug, Subcommand)]
pub(super) enum ContentCommand {
    /// Add a title from a folder, or bring it up to date.
    Add(add::Add),
    /// All titles.
    List,
    /// One title.
    Show(Show),
    /// Remove a title from the catalogue and from every box.
    Remove(Which),
    /// Have boxes serve no longer what they hold of something.
    Purge(purge::Purge),
    /// Purges, and what has become of them on every box.
    Purges,
    /// Where a title may be shown.
    #[command(subcommand)]
    Terms(terms::TermsCommand),
    /// Set when a title is served.
    Window(window::Window),
}

/// A title.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Its content group.
    #[arg(long)]
    group: GroupName,
    /// The title.
    #[arg(long)]
    title: TitleName,
}

#[derive(Debug, Args)]
pub(super) struct Show {
    #[command(flatten)]
    which: Which,
    /// List its objects.
    #[arg(long)]
    objects: bool,
}

impl ContentCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::Add(add) => add.run(client, output).await,
            Self::List => {
                let titles: List<TitleItem> = client.get("/api/v1/titles").await?;
                output.write(&titles, |titles| table(output, &titles.items))
            }
            Self::Show(show) => show.run(client, output).await,
            Self::Remove(which) => {
                client.delete(&which.path()).await?;
                output.done(&format!("title {}/{} removed", which.group, which.title))
            }
            Self::Purge(purge) => purge.run(client, output).await,
            Self::Purges => purges::list(client, output).await,
            Self::Terms(terms) => terms.run(client, output).await,
            Self::Window(window) => window.run(client, output).await,
        }
    }
}

impl Which {
    fn path(&self) -> String {
        format!("/api/v1/titles/{}/{}", self.group, self.title)
    }
}

impl Show {
    async fn run(&self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let path = self.which.path();
        if self.objects {
            let objects: List<ObjectItem> = client.get(&format!("{path}/objects")).await?;
            return output.write(&objects, |objects| object_table(output, &objects.items));
        }
        let title: TitleDetail = client.get(&path).await?;
        output.write(&title, |title| detail_table(output, title))
    }
}

fn table(output: &Output, titles: &[TitleItem]) -> String {
    let mut table = output.columns(&["group", "title", "name", "formats"]);
    for title in titles {
        let hls = title.hls_url.as_ref().map(|_| "HLS");
        let dash = title.dash_url.as_ref().map(|_| "DASH");
        let formats: Vec<&str> = hls.into_iter().chain(dash).collect();
        table.row([
            text(&title.group),
            text(&title.title),
            text(&title.name),
            text(&formats.join(", ")),
        ]);
    }
    table.render()
}

fn detail_table(output: &Output, title: &TitleDetail) -> String {
    let header =
        ["group", "title", "name", "base path", "revision", "objects", "bytes", "tags", "served"];
    let mut table = output.columns(&header);
    table.row([
        text(&title.item.group),
        text(&title.item.title),
        text(&title.item.name),
        text(&title.base_path),
        number(&title.revision),
        number(&title.objects),
        number(&bytes(title.bytes)),
        text(&if title.tags.is_empty() { "-".to_owned() } else { title.tags.join(" ") }),
        text(&window::words(&title.window())),
    ]);
    table.render()
}

fn object_table(output: &Output, objects: &[ObjectItem]) -> String {
    let mut table = output.columns(&["ordinal", "bytes", "blake3", "path"]);
    for object in objects {
        let digest: String = object.blake3.chars().take(16).collect();
        let (ordinal, size) = (number(&object.ordinal), number(&bytes(object.size_bytes)));
        table.row([ordinal, size, text(&digest), text(&object.path)]);
    }
    table.render()
}
