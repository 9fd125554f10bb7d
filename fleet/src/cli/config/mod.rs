//! `fleet config …`: what devices are told, and who has said so.

mod explain;
mod settings;

use super::client::Client;
use super::output::Output;
use clap::Subcommand;
use explain::Explain;

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Every setting there is, with what it usually is: as YAML.
    Settings,
    /// What a setting is for a device, and who has said so.
    Explain(Explain),
}

impl ConfigCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::Settings => settings::run(client).await,
            Self::Explain(explain) => explain.run(client, output).await,
        }
    }
}
