//! `make demo`: a small CDN on this machine, to look at or (`--check`) to be proved.

use anyhow::{Context, Result};
use clap::Parser;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use tests::demo::world::World;
use tests::demo::{checks, network};
use tests::operator::shares;
use tests::say;
use tokio::signal::unix::{SignalKind, signal};

/// A small CDN on this machine: origin, fleet, four appliances, a player.
#[derive(Parser)]
struct Cli {
    /// Check everything without a window, print a line for each check, and end.
    #[arg(long)]
    check: bool,
    /// Open a browser that trusts the demo's CA.
    #[arg(long)]
    open: bool,
    /// Keep the folder of this run, with all logs.
    #[arg(long)]
    keep: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match begin(&cli) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(err) => {
            eprintln!("demo: {err:#}");
            ExitCode::FAILURE
        }
    }
}

fn begin(cli: &Cli) -> Result<bool> {
    if cli.check {
        network::enter().context("the checks drop packets, which needs a network namespace")?;
    }
    let mut folder = tempfile::Builder::new().prefix("headend-demo-").tempdir()?;
    folder.disable_cleanup(cli.keep);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = demo(cli, folder.path()) => outcome,
            stopped = told_to_stop() => {
                say::line("\nstopping");
                stopped.map(|()| !cli.check)
            }
        }
    });
    if cli.keep {
        say::line(&format!("kept      {}", folder.path().display()));
    }
    outcome
}

/// Ctrl-C, or SIGTERM: both clean up.
async fn told_to_stop() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}

async fn demo(cli: &Cli, folder: &Path) -> Result<bool> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let bin = std::env::current_exe()?.parent().context("a folder")?.to_path_buf();
    if cli.check {
        network::prepare("127.0.1.10").await?;
    }
    let mut world = World::start(&root, &bin, folder).await?;
    world.add_content().await?;
    let shares = world.fill().await?;
    say::line(&shares::table(&shares).to_string());
    let page = world.console("")?;
    if cli.check {
        let outcome = checks::run(&mut world, &shares).await;
        world.stop().await;
        return outcome;
    }
    say::line(&format!("console   {page}"));
    let browser = if cli.open { Some(open(&world, &page, folder)?) } else { None };
    if browser.is_none() {
        say::line("          `make demo OPEN=1` opens a browser that trusts this demo");
    }
    say::line("          Ctrl-C stops everything and cleans up");
    loop {
        world.check()?;
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
}

fn open(world: &World, page: &str, folder: &Path) -> Result<tokio::process::Child> {
    tokio::process::Command::new("node")
        .arg(world.root.join("tests/browser/driver.mjs"))
        .args(["--open", page, "--ca"])
        .arg(world.authorities()?)
        .arg("--profile")
        .arg(folder.join("browser"))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("cannot start node")
}
