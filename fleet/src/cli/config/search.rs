//! `fleet config search …`

use crate::api::{HitItem, HitList};
use crate::cli::client::Client;
use crate::cli::output::{Output, number, text};
use crate::cli::records::with_query;
use clap::Args;

/// Lines in what devices run: of the latest revision of each.
#[derive(Debug, Args)]
pub(in crate::cli) struct Search {
    /// A regular expression; (?i) before it: letters of either case.
    pattern: String,
    /// In all revisions.
    #[arg(long)]
    all: bool,
    /// So many lines at most.
    #[arg(short = 'n', long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

impl Search {
    pub(in crate::cli) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let asked = [
            ("pattern", self.pattern),
            ("all", self.all.to_string()),
            ("limit", self.limit.to_string()),
        ];
        let asked = asked.map(|(name, it)| (name.to_owned(), it));
        let path = with_query("/api/v1/config/search".to_owned(), &asked);
        let found: HitList = client.get(&path).await?;
        output.write(&found, |found| table(output, &found.items))?;
        if found.is_more {
            output.note("there is more: narrow it down, or raise --limit");
        }
        Ok(())
    }
}

fn table(output: &Output, items: &[HitItem]) -> String {
    let mut table = output.columns(&["device", "revision", "text", "line", "says"]);
    for item in items {
        table.row([
            text(&item.device),
            number(&item.revision.to_string()),
            text(&item.path),
            number(&item.line.to_string()),
            text(item.text.trim()),
        ]);
    }
    table.render()
}
