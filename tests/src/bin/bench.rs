//! `make bench`: ratios within one run, printed as one table.

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use tests::bench::cases::{self, Bench, Case};
use tests::bench::config::{backup, devices};
use tests::bench::floor::{self, Way};
use tests::bench::object::Object;
use tests::bench::peers::Peers;
use tests::bench::{core, sheet};
use tests::http_harness::keys::Issued;

/// Benchmarks against peers, ratios within one run.
#[derive(Parser)]
struct Cli {
    /// Only this case.
    case: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the bare loop that no server can undercut; started by the benchmark itself.
    #[command(hide = true)]
    Floor {
        #[arg(long)]
        port: u16,
        #[arg(long)]
        chain: PathBuf,
        #[arg(long)]
        key: PathBuf,
        #[arg(long)]
        path: String,
        #[arg(long)]
        bytes: usize,
        /// So many records at once.
        #[arg(long, required_unless_present = "plain")]
        records: Option<usize>,
        /// By sendfile, without TLS.
        #[arg(long)]
        plain: bool,
    },
    /// Devices that are visited over SSH; started by the benchmark itself.
    #[command(hide = true)]
    Devices(devices::Asked),
    /// Visits them; started by the benchmark itself.
    #[command(hide = true)]
    Backup(backup::Asked),
}

fn main() -> ExitCode {
    match begin(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("bench: {err:#}");
            ExitCode::FAILURE
        }
    }
}

fn begin(cli: Cli) -> Result<()> {
    match cli.command {
        None => measure(cli.case.as_deref()),
        Some(Command::Floor { port, chain, key, path, bytes, records, plain: _ }) => {
            let issued = Issued { chain_file: chain, key_file: key };
            let way = records.map_or(Way::Plain, Way::Sealed);
            floor::serve(port, &issued, &Object::new(path, bytes), way)
        }
        Some(Command::Devices(asked)) => devices::serve(&asked),
        Some(Command::Backup(asked)) => {
            Ok(serde_json::to_writer(std::io::stdout(), &backup::run(&asked)?)?)
        }
    }
}

fn measure(wanted: Option<&str>) -> Result<()> {
    let mut cases = cases::all();
    if let Some(wanted) = wanted {
        let names: Vec<&str> = cases.iter().map(|case| case.name).collect();
        let known = format!("no case {wanted}: there are {}", names.join(", "));
        cases.retain(|case| case.name == wanted);
        anyhow::ensure!(!cases.is_empty(), known);
    }
    run(&cases)
}

#[expect(clippy::print_stdout, reason = "the table is for people")]
fn run(cases: &[Case]) -> Result<()> {
    core::pin(core::LOAD)?;
    core::allow_descriptors()?;
    let bin = std::env::current_exe()?.parent().context("a folder")?.to_path_buf();
    let peers = Peers::find(&bin.join("../peers"))?;
    let bench = Bench { results: bin.join("../bench"), bin, peers };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut sheets = Vec::new();
    for case in cases {
        eprintln!("{}", case.name);
        let sheet = runtime.block_on(case.run(&bench))?;
        sheet.write(&bench.results)?;
        sheets.push(sheet);
    }
    println!("{}", sheet::text(&sheets));
    Ok(())
}
