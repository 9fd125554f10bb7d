//! `fleet prefill …`: what belongs where, ahead of those who ask for it.

mod evaluate;

use super::output::Output;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum PrefillCommand {
    /// How good forecasts are: on demand that was observed, each week forecast from those before it.
    Evaluate(evaluate::Evaluate),
}

impl PrefillCommand {
    pub(super) fn run(self, output: &Output) -> anyhow::Result<()> {
        let Self::Evaluate(evaluate) = self;
        evaluate.run(output)
    }
}
