//! `make lab`: machines and networks of their own, to play with.

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use comfy_table::{Table, presets};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::ExitCode;
use tests::lab::cdn::Cdn;
use tests::lab::content::Size;
use tests::lab::controller::{self, Controller, quoted};
use tests::lab::id::LabId;
use tests::lab::store::Store;
use tests::lab::topology::Topology;
use tests::lab::{Lab, shell, sweep};
use tests::operator::shares;
use tests::say;
use tokio::signal::unix::{SignalKind, signal};

/// What is published.
const TITLE: &str = "test-title";

/// Whole machines and networks on this one: a fleet manager, an origin, appliances, viewers.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build a topology, boot its machines, and run until Ctrl-C.
    Up {
        /// Which: a folder of tests/lab.
        #[arg(default_value = "two-sites")]
        topology: String,
    },
    /// A shell, or a command, in a machine or at a client's place in the network.
    Shell {
        /// Of which lab, where several run.
        #[arg(long)]
        lab: Option<LabId>,
        /// Which machine or client.
        device: String,
        /// The command, and what it is given.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Remove what labs have left whose process was killed.
    Sweep,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Up { topology } => up(&topology),
        Command::Shell { lab, device, command } => enter(lab, &device, &command),
        Command::Sweep => sweep_up(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("lab: {err:#}");
            ExitCode::FAILURE
        }
    }
}

fn up(topology: &str) -> Result<()> {
    let topology = Topology::read(topology)?;
    let programs = std::env::current_exe()?.parent().context("a folder")?.to_path_buf();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        tokio::select! {
            outcome = run(topology, &programs) => outcome,
            stopped = told_to_stop() => {
                say::line("\nstopping");
                stopped
            }
        }
    })
}

/// Ctrl-C, SIGTERM, or the end of the terminal: all clean up.
async fn told_to_stop() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = hang_up.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}

/// Never returns well: whoever stops it drops the lab, which leaves nothing.
async fn run(topology: Topology, programs: &Path) -> Result<()> {
    say::line(&topology.about);
    let lab = Lab::start(topology, programs).await?;
    say::line(&devices(&lab.topology).to_string());
    let program = std::env::current_exe()?;
    let shell = format!("{} shell", program.display());
    say::line(&format!("lab       {}", lab.id()));
    say::line(&format!("shell     {shell} NAME"));
    if lab.topology.cdn.is_some() {
        let bare = lab.topology.machines.iter().find(|(_, machine)| machine.value.bare);
        let bare = bare.map(|(name, _)| name.clone());
        let mut cdn = Cdn::start(lab).await?;
        publish(&mut cdn).await?;
        // Dropped with us, and not before.
        let _controller = match bare {
            Some(machine) => Some(say_how_to_make(&cdn, &machine).await?),
            None => {
                say::line(&shares::table(&cdn.fill().await?).to_string());
                None
            }
        };
        say_how_to_look(&cdn, &shell)?;
        wait().await
    } else {
        wait().await
    }
}

/// A title, for all boxes.
async fn publish(cdn: &mut Cdn) -> Result<()> {
    let group = cdn.groups()?.into_iter().next().context("a content group")?;
    cdn.publish(&group, TITLE, 1, Size { segments: 8, segment_bytes: 1 << 20 }).await
}

/// The one command that makes a bare machine a box.
async fn say_how_to_make(cdn: &Cdn, machine: &str) -> Result<Controller> {
    let controller = Controller::new(cdn, machine).await?;
    let words = controller.words("appliance.yml");
    let words: Vec<String> = words.iter().map(|word| quoted(&word.to_string_lossy())).collect();
    let folder = controller::folder();
    say::line(&format!("make      cd {} && {}", folder.display(), words.join(" ")));
    Ok(controller)
}

/// How an operator and a viewer see the title.
fn say_how_to_look(cdn: &Cdn, shell: &str) -> Result<()> {
    let group = cdn.groups()?.into_iter().next().context("a content group")?;
    let (device, client) = cdn.a_box_and_its_viewer()?;
    let url = format!("https://{}/{TITLE}/master.m3u8", cdn.host(&group, &device)?);
    let ca = cdn.ca_file();
    let fleet = "fleet --token-file /var/lib/fleet/operator.token";
    say::line(&format!("operator  {shell} {} -- {fleet} status", cdn.fleet()?));
    say::line(&format!("viewer    {shell} {client} -- curl --cacert {} {url}", ca.display()));
    say::line("          Ctrl-C stops everything and cleans up");
    Ok(())
}

async fn wait() -> Result<()> {
    std::future::pending().await
}

fn devices(topology: &Topology) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["name", "what", "interface", "network", "addresses"]);
    for device in topology.devices() {
        let machine = topology.machines.get(device);
        let what = machine.map_or("client", |machine| &machine.value.role.value);
        for (interface, link) in topology.links(device) {
            let addresses: Vec<String> =
                link.addresses.iter().map(|address| address.value.to_string()).collect();
            let network = &link.network.value;
            table.add_row([device, what, interface, network, &addresses.join(", ")]);
        }
    }
    table
}

fn enter(lab: Option<LabId>, device: &str, command: &[String]) -> Result<()> {
    let words = shell::into(&Store::open()?, lab, device)?;
    let mut process = std::process::Command::new(&words[0]);
    process.args(&words[1..]);
    match command {
        [] => process.arg("bash"),
        command => process.args(command),
    };
    Err(process.exec()).context("cannot enter")
}

fn sweep_up() -> Result<()> {
    if !nix::unistd::geteuid().is_root() {
        bail!("what a lab leaves is root's: sweeping it up needs root");
    }
    let swept = sweep::sweep(&Store::open()?)?;
    for (id, remnants) in &swept {
        say::line(&id.to_string());
        for remnant in remnants {
            say::line(&format!("  {remnant}"));
        }
    }
    if swept.is_empty() {
        say::line("nothing to sweep up");
    }
    Ok(())
}
