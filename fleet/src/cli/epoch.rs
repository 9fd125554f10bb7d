//! `fleet epoch …`

use super::client::Client;
use super::output::{Output, number, text};
use crate::api::{EpochItem, List};
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum EpochCommand {
    /// Begin an epoch, after this fleet was restored from a backup: boxes have seen later numbers
    /// than it remembers, and follow it again.
    New,
    /// Epochs after the first, and when they began.
    List,
}

impl EpochCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::New => {
                let begun: EpochItem =
                    client.post("/api/v1/epochs", &serde_json::json!({})).await?;
                output.write(&begun, |it| {
                    format!("epoch {} begun: every document is issued anew", it.epoch)
                })
            }
            Self::List => {
                let all: List<EpochItem> = client.get("/api/v1/epochs").await?;
                output.write(&all, |all| {
                    let mut table = output.columns(&["epoch", "began"]);
                    all.items
                        .iter()
                        .for_each(|it| table.row([number(&it.epoch), text(&it.began_at)]));
                    table.render()
                })
            }
        }
    }
}
