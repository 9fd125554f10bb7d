//! `fleet config …`: what devices are told, and who has said so.

mod backup;
mod check;
mod diff;
mod drift;
mod explain;
mod export;
mod log;
mod revision;
mod search;
mod settings;
mod show;

use super::client::Client;
use super::output::Output;
use backup::Backup;
use clap::Subcommand;
use diff::Diff;
use drift::Drift;
use explain::Explain;
use export::Export;
use log::Log;
use search::Search;
use show::Show;

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Every setting there is, with what it usually is: as YAML.
    Settings,
    /// What a setting is for a device, and who has said so.
    Explain(Explain),
    /// The files of a device, as they would be rendered now; with --revision, what it ran.
    Show(Show),
    /// What is wrong over the whole fleet, though each device would take its own.
    ///
    /// One address at two interfaces, networks that overlap, a BGP session with one end, two devices with one name, a
    /// firewall that keeps the fleet itself out, settings that nobody reads.
    Check,
    /// Take copies of what devices run, now.
    Backup(Backup),
    /// How the copies of all devices stand.
    Backups,
    /// Revisions of what devices ran, the latest first.
    Log(Log),
    /// What differs between two revisions of a device.
    Diff(Diff),
    /// Where devices run something else than they are to run, and what has most likely come of it.
    Drift(Drift),
    /// Lines in what devices run.
    Search(Search),
    /// All revisions as a git repository.
    Export(Export),
}

impl ConfigCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::Settings => settings::run(client).await,
            Self::Explain(explain) => explain.run(client, output).await,
            Self::Show(show) => show.run(client, output).await,
            Self::Check => check::run(client, output).await,
            Self::Backup(backup) => backup.run(client, output).await,
            Self::Backups => backup::list(client, output).await,
            Self::Log(log) => log.run(client, output).await,
            Self::Diff(diff) => diff.run(client, output).await,
            Self::Drift(drift) => drift.run(client, output).await,
            Self::Search(search) => search.run(client, output).await,
            Self::Export(export) => export.run(client, output).await,
        }
    }
}
