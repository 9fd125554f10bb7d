//! `byte_miss`: replays a request file, or sequences of our own, through cache policies.

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tests::byte_miss::sequence::Sequence;
use tests::byte_miss::{observed, replay, sequences, table, trace};

/// Replays requests through LRU, S3-FIFO, W-TinyLFU, ours and Belady's rule in bytes, with a
/// cache of 0.3, 1, 3, 10 and 30 % of the bytes of all objects.
#[derive(Parser)]
struct Cli {
    /// Request files: lines of time in seconds, key and size in bytes, between tabs, commas or
    /// spaces. Without any: sequences from observed demand, and generated ones.
    files: Vec<PathBuf>,
    /// What to print.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
    /// For what is drawn at random in sequences of our own.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only generated sequences with this in their name.
    #[arg(long)]
    only: Option<String>,
    /// Do not tell ours which segment of which series a key is, where its end says so (`title/17`).
    #[arg(long)]
    no_look_ahead: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    Table,
    Json,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("byte_miss: {err:#}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "the answer")]
fn run(cli: &Cli) -> Result<()> {
    let sequences = if cli.files.is_empty() {
        eprintln!("seed {}", cli.seed);
        own(cli)?
    } else {
        cli.files.iter().map(|file| read(file)).collect::<Result<_>>()?
    };
    let replay = |sequence: &Sequence| replay::all(sequence, !cli.no_look_ahead);
    let replayed: Vec<_> = sequences.iter().map(replay).collect();
    match cli.output {
        Output::Table => print!("{}", table::text(&replayed)),
        Output::Json => println!("{}", serde_json::to_string_pretty(&replayed)?),
    }
    Ok(())
}

fn read(file: &Path) -> Result<Sequence> {
    let name = file.display().to_string();
    let opened = File::open(file).with_context(|| format!("open {name}"))?;
    trace::read(&name, BufReader::new(opened)).with_context(|| name.clone())
}

fn own(cli: &Cli) -> Result<Vec<Sequence>> {
    let is_wanted = |name: &str| cli.only.as_ref().is_none_or(|only| name.contains(only));
    let mut found = match observed::folder() {
        Some(folder) => observed::sequences(&folder, cli.seed)?,
        None => {
            eprintln!("{}", observed::ABSENT);
            Vec::new()
        }
    };
    found.retain(|sequence| is_wanted(&sequence.name));
    let generated = sequences::GENERATED.iter().filter(|(name, _)| is_wanted(name));
    found.extend(generated.map(|(name, generate)| generate(name, cli.seed)));
    anyhow::ensure!(!found.is_empty(), "no sequence has such a name");
    Ok(found)
}
