//! `fleet content terms`

use super::super::client::Client;
use super::super::output::{Output, text};
use super::window::{parse_time, words};
use crate::api::{List, TermsItem, Window};
use clap::{Args, Subcommand};
use contract::names::{GroupName, TitleName};
use jiff::Timestamp;

/// Where a title may be shown.
///
/// A title of which nothing is said may be shown everywhere. With the first terms it may be shown there, and
/// nowhere else. What is said of the smallest region that a site is in counts there.
#[derive(Debug, Subcommand)]
pub(in super::super) enum TermsCommand {
    /// Where it may be shown, from when to when.
    List(Which),
    /// Say it of a region; what was said of it before goes.
    Set(Set),
    /// Take back what was said of a region.
    Remove(Remove),
}

#[derive(Debug, Args)]
pub(in super::super) struct Which {
    /// Its content group.
    group: GroupName,
    /// The title.
    title: TitleName,
}

#[derive(Debug, Args)]
pub(in super::super) struct Set {
    #[command(flatten)]
    which: Which,
    /// The region; everywhere else without it.
    #[arg(long)]
    region: Option<String>,
    /// Not before, such as 2026-12-01T20:00:00Z or 2026-12-01T21:00[Europe/Berlin].
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    serve_from: Option<Timestamp>,
    /// Not from then on.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    serve_until: Option<Timestamp>,
    /// What it lacks there, such as subtitles: boxes hold it, and nobody is offered it.
    #[arg(long, value_name = "WORD")]
    lacks: Vec<String>,
}

#[derive(Debug, Args)]
pub(in super::super) struct Remove {
    #[command(flatten)]
    which: Which,
    /// The region; everywhere else without it.
    #[arg(long)]
    region: Option<String>,
}

impl Which {
    fn path(&self) -> String {
        format!("/api/v1/titles/{}/{}/terms", self.group, self.title)
    }
}

impl TermsCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let terms: List<TermsItem> = match self {
            Self::List(which) => client.get(&which.path()).await?,
            Self::Set(Set { which, region, serve_from, serve_until, lacks }) => {
                let terms = TermsItem { region, serve_from, serve_until, lacks };
                client.put(&which.path(), &terms).await?
            }
            Self::Remove(Remove { which, region }) => {
                let query = region.map(|it| format!("?region={it}")).unwrap_or_default();
                client.delete(&format!("{}{query}", which.path())).await?;
                client.get(&which.path()).await?
            }
        };
        output.write(&terms, |terms| table(output, &terms.items))
    }
}

fn table(output: &Output, terms: &[TermsItem]) -> String {
    if terms.is_empty() {
        return "it may be shown everywhere".to_owned();
    }
    let mut table = output.columns(&["where", "served", "lacks"]);
    for each in terms {
        let window = Window { serve_from: each.serve_from, serve_until: each.serve_until };
        table.row([
            text(each.region.as_deref().unwrap_or("everywhere else")),
            text(&words(&window)),
            text(&if each.lacks.is_empty() { "-".to_owned() } else { each.lacks.join(", ") }),
        ]);
    }
    table.render()
}
