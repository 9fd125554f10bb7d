//! `fleet simulate …`: fleets that nobody has racked.

mod run;
mod seed;
mod trial;
mod world;

use super::client::Client;
use super::output::Output;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum SimulateCommand {
    /// Make a fleet in the inventory: sites, boxes, thirty parts in each, interfaces, addresses.
    Seed(seed::Seed),
    /// Serve viewers for some weeks: each night planned by what was counted, each day judged by what was wanted.
    Run(run::Run),
    /// Play a trial: two policies at sites that are alike, looked at every day, ended by itself where it hurts.
    Trial(trial::Trial),
}

impl SimulateCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::Seed(seed) => seed.run(client, output).await,
            Self::Run(run) => run.run(output),
            Self::Trial(trial) => trial.run(output),
        }
    }
}
