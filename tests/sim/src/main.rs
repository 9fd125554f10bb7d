//! Lives through seeds: `sim 42` tells all that happens in the world of one, `sim --from 0
//! --count 100000` looks for one in which something happens that must never be.

use clap::Parser;
use std::process::ExitCode;

/// Cache and fill of whole sites on simulated disks, networks and clocks.
#[derive(Parser)]
struct Cli {
    /// Tell all that happens in the world of this seed.
    seed: Option<u64>,
    /// The first of many seeds.
    #[arg(long, default_value_t = 0, conflicts_with = "seed")]
    from: u64,
    /// How many seeds.
    #[arg(long, default_value_t = 10_000, conflicts_with = "seed")]
    count: u64,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.seed {
        Some(seed) => sim::run(seed, true),
        None => sim::many(cli.from..cli.from.saturating_add(cli.count)),
    };
    match outcome {
        Ok(counts) => {
            eprintln!("{counts:?}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}
