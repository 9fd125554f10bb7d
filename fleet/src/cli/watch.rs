//! `--watch`: the same again, until interrupted.

use super::output::Output;
use clap::Args;
use serde::Serialize;
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct Watch {
    /// Go on until interrupted: on a terminal the table is drawn again in its place.
    #[arg(short, long)]
    watch: bool,
    /// How often.
    #[arg(long, value_name = "SECONDS", default_value_t = 2, requires = "watch",
        value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,
}

impl Watch {
    /// Shows what there is, once or again and again.
    pub(super) async fn show<T: Serialize>(
        &self,
        output: &Output,
        ask: impl AsyncFn() -> anyhow::Result<T>,
        shown: impl Fn(&T) -> String,
    ) -> anyhow::Result<()> {
        if !self.watch {
            return output.write(&ask().await?, shown);
        }
        loop {
            output.redraw(&ask().await?, &shown)?;
            tokio::time::sleep(Duration::from_secs(self.every)).await;
        }
    }
}
