//! `fleet config log …`

use crate::api::{List, RevisionItem};
use crate::cli::client::Client;
use crate::cli::output::{Output, number, text};
use crate::cli::records::with_query;
use clap::Args;

/// Revisions of what devices ran, the latest first.
#[derive(Debug, Args)]
pub(in crate::cli) struct Log {
    /// Of this device alone.
    device: Option<String>,
    /// So many at most.
    #[arg(short = 'n', long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

impl Log {
    pub(in crate::cli) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let mut asked = vec![("limit".to_owned(), self.limit.to_string())];
        asked.extend(self.device.map(|device| ("device".to_owned(), device)));
        let path = with_query("/api/v1/config/revisions".to_owned(), &asked);
        let all: List<RevisionItem> = client.get(&path).await?;
        output.write(&all, |all| table(output, &all.items))
    }
}

fn table(output: &Output, items: &[RevisionItem]) -> String {
    let columns = ["device", "revision", "taken", "why", "platform", "texts", "secrets"];
    let mut table = output.columns(&columns);
    for item in items {
        table.row([
            text(&item.device),
            number(&item.number.to_string()),
            text(&item.taken_at),
            text(&item.cause),
            text(&item.platform),
            number(&item.files.to_string()),
            number(&item.redacted.to_string()),
        ]);
    }
    table.render()
}
