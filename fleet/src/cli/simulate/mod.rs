//! `fleet simulate …`: fleets that nobody has racked.

mod run;
mod seed;

use super::client::Client;
use super::output::Output;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum SimulateCommand {
    /// Make a fleet in the inventory: sites, boxes, thirty parts in each, interfaces, addresses.
    Seed(seed::Seed),
    /// Serve viewers for some weeks: each night planned by what was counted, each day judged by what was wanted.
    Run(run::Run),
}

impl SimulateCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::Seed(seed) => seed.run(client, output).await,
            Self::Run(run) => run.run(output),
        }
    }
}
