//! `fleet config …`: what devices are told, and who has said so.

mod check;
mod explain;
mod settings;
mod show;

use super::client::Client;
use super::output::Output;
use clap::Subcommand;
use explain::Explain;
use show::Show;

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Every setting there is, with what it usually is: as YAML.
    Settings,
    /// What a setting is for a device, and who has said so.
    Explain(Explain),
    /// The files of a device, as they would be rendered now.
    Show(Show),
    /// What is wrong over the whole fleet, though each device would take its own.
    ///
    /// One address at two interfaces, networks that overlap, a BGP session with one end, two devices with one name, a
    /// firewall that keeps the fleet itself out, settings that nobody reads.
    Check,
}

impl ConfigCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::Settings => settings::run(client).await,
            Self::Explain(explain) => explain.run(client, output).await,
            Self::Show(show) => show.run(client, output).await,
            Self::Check => check::run(client, output).await,
        }
    }
}
