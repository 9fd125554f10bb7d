//! `fleet catalog announce`

use super::{changes, tables};
use crate::api::{AnnounceRequest, VersionItem};
use crate::cli::client::Client;
use crate::cli::output::Output;
use clap::Args;

/// Announce a version that something speaks against: it is meant.
///
/// Until then the last good version stays in force, for boxes and for players.
#[derive(Debug, Args)]
pub(in crate::cli) struct Announce {
    /// The version.
    version: u64,
    /// Why, for whoever reads it later.
    #[arg(long, value_name = "TEXT", required_unless_present = "dry_run")]
    reason: Option<String>,
    /// Show what it would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

impl Announce {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let path = format!("/api/v1/catalog/versions/{}", self.version);
        let Some(reason) = self.reason.filter(|_| !self.dry_run) else {
            let found: VersionItem = client.get(&path).await?;
            let changes = changes(client, found.parent, self.version).await?;
            return output.write(&changes, |all| tables::changes(output, &all.items));
        };
        let request = AnnounceRequest { reason };
        let version: VersionItem = client.post(&format!("{path}/announce"), &request).await?;
        output.write(&version, |it| tables::version(output, it))
    }
}
