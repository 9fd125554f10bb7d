//! The command line.

use crate::handover::Predecessor;
use crate::join::Wanted;
use crate::keys::{Keys, TpmUse, TpmWanted, seal_anew};
use crate::opening::CannotStart;
use crate::topology::Form;
use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use contract::config::ApplianceConfig;
use contract::join::{JoinToken, files};
use std::fmt::Display;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tpm::{Pcrs, Place};

/// A token is a line.
const MAX_TOKEN_BYTES: u64 = 4096;

/// A configuration, a file or a port is not as it must be: nothing was begun.
const EXIT_CANNOT_START: u8 = 2;

#[derive(Parser)]
#[command(name = "appliance", version, about = "Serves video from RAM and disks over HTTPS.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until stopped. SIGTERM or Ctrl-C: finish what is in flight, then end. SIGHUP: read
    /// certificates again, and what the configuration says of disks and of when, from how far and
    /// how fast to fill; disks that were ejected are tried again. SIGUSR2: hand over to a new
    /// process, see `restart`.
    Run {
        /// The configuration, in YAML.
        config: PathBuf,
    },
    /// Say what is wrong with a configuration, with line and column. Changes nothing.
    Check {
        /// The configuration, in YAML.
        config: PathBuf,
    },
    /// Say which thread would serve what on this machine, and what could be better. Serves
    /// nothing.
    Topology {
        /// The configuration, in YAML.
        config: PathBuf,
        /// How to say it.
        #[arg(short, long, value_enum, default_value_t)]
        output: Form,
    },
    /// Have the running appliance replaced by a new process of the binary that stands in its
    /// place now. No connection is refused and no answer cut, but for those that take longer
    /// than 15 s from then; for a while the box needs memory for two. Waits until the new
    /// process serves; if it cannot, the old one goes on, and the exit code is 1.
    Restart {
        /// The configuration: tells where the admin listener is. The new process reads the one
        /// that the running appliance was started with.
        config: PathBuf,
    },
    /// Make this machine a box of a fleet: it makes its keys, asks the fleet who it is, and writes
    /// its configuration. `fleet appliance token NAME` makes the token.
    Join {
        /// The file that the token is in, or `-` for standard input.
        #[arg(long, value_name = "FILE")]
        token_file: PathBuf,
        /// Where keys, certificates and configuration are to be.
        #[arg(long, value_name = "FOLDER", default_value = "/etc/headend")]
        folder: PathBuf,
        /// The serial number of this machine, where its firmware tells none.
        #[arg(long, value_name = "SERIAL")]
        serial: Option<String>,
        /// Where the keys of this machine's SSH server lie: the fleet tells people that these are the
        /// ones.
        #[arg(long, value_name = "FOLDER", default_value = "/etc/ssh")]
        ssh_folder: PathBuf,
        /// This machine is a box already, and is to be another, or the same anew.
        #[arg(long)]
        replace: bool,
        /// Whether its keys are to be sealed to its TPM: nobody uses them on another machine then.
        #[arg(long, value_enum, default_value_t)]
        tpm: TpmUse,
        #[command(flatten)]
        sealed: SealedBy,
    },
    /// Seal the keys of this box to its TPM: those of one that joined without, or anew, to other
    /// registers. The box may run meanwhile. There is no way back but to join again.
    Seal {
        /// The configuration, in YAML.
        config: PathBuf,
        #[command(flatten)]
        sealed: SealedBy,
    },
    /// Print the serial number of this machine, as its firmware tells it.
    Serial,
    /// Say what this machine lacks to be a box that serves: links, addresses, disks, memory, clock,
    /// identity, fleet. Changes nothing; the exit code is 1 where something is missing.
    Diagnose {
        /// The configuration, in YAML.
        #[arg(default_value = "/etc/headend/config.yaml")]
        config: PathBuf,
        /// How to say it.
        #[arg(short, long, value_enum, default_value_t)]
        output: Form,
    },
    /// Say what this machine is made of: its parts that have a serial number. As root: firmware and
    /// cards tell nobody else all they know.
    Hardware {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write over all of a disk and read it back, as root, so that it may leave the house. What was on it
    /// is gone. That it is empty is noted, and the fleet is told with what this machine is made of.
    Erase {
        /// The whole disk, such as /dev/nvme0n1 or a name in /dev/disk/by-id.
        disk: PathBuf,
        /// Its serial number, as `appliance hardware` tells it: that it is the one which is meant.
        #[arg(long)]
        serial: String,
    },
    /// Say how the running appliance is doing.
    Status {
        /// The configuration of the running appliance: tells where its admin listener is.
        config: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// By what keys are sealed, and to what.
#[derive(Args)]
struct SealedBy {
    /// Another TPM than /dev/tpmrm0: its device, or `swtpm:SOCKET` for one that is software.
    #[arg(long, value_name = "TPM")]
    tpm_device: Option<Place>,
    /// Seal to what stands in these registers (PCRs) now, such as 7 for Secure Boot. Firmware that
    /// is updated writes something else there: keys are lost then.
    #[arg(long, value_name = "NUMBERS", default_value = "")]
    tpm_pcrs: Pcrs,
}

impl SealedBy {
    fn wanted(self, usage: TpmUse) -> TpmWanted {
        TpmWanted { usage, place: self.tpm_device, pcrs: self.tpm_pcrs }
    }
}

#[expect(clippy::print_stdout, reason = "answers to a person go to standard output")]
pub(crate) fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Check { config } => match crate::check::check(&config, &Keys::default()) {
            Ok(document) => {
                for warning in crate::check::warnings(&document) {
                    eprintln!("{}:{warning}", config.display());
                }
                println!("{}: ok, {}", config.display(), document.config.name);
                ExitCode::SUCCESS
            }
            Err(problems) => refuse(&config, &problems.to_string()),
        },
        Command::Run { config } => run(&config),
        Command::Restart { config } => match crate::check::check(&config, &Keys::default()) {
            Ok(document) => ended(&config, crate::restart::restart(&document.config)),
            Err(problems) => refuse(&config, &problems.to_string()),
        },
        Command::Topology { config, output } => match crate::check::read(&config) {
            Ok(document) => ended(&config, crate::topology::show(&document, output)),
            Err(problems) => refuse(&config, &problems.to_string()),
        },
        Command::Join { token_file, folder, serial: named, ssh_folder, replace, tpm, sealed } => {
            let tpm = sealed.wanted(tpm);
            let wanted = token(&token_file).and_then(|token| {
                Ok(Wanted { token, folder, serial: serial(named)?, ssh_folder, replace, tpm })
            });
            done(wanted.and_then(|wanted| join(&wanted)))
        }
        Command::Seal { config, sealed } => match crate::check::read(&config) {
            Ok(document) => done(seal(&document.config, &sealed.wanted(TpmUse::Require))),
            Err(problems) => refuse(&config, &problems.to_string()),
        },
        Command::Diagnose { config, output } => done(crate::diagnose::show(&config, output)),
        Command::Hardware { json } => done(crate::machine::show(json)),
        Command::Erase { disk, serial } => done(crate::erase::erase(&disk, &serial)),
        Command::Serial => done(serial(None).map(|serial| println!("{serial}"))),
        Command::Status { config, json } => match crate::check::read(&config) {
            Ok(document) => ended(&config, crate::status::show(&document.config, json)),
            Err(problems) => refuse(&config, &problems.to_string()),
        },
    }
}

#[expect(clippy::print_stdout, reason = "answers to a person go to standard output")]
fn join(wanted: &Wanted) -> anyhow::Result<()> {
    let config = wanted.folder.join(files::CONFIG);
    let device = crate::join::join(wanted)?;
    println!("this machine is {device}: appliance run {}", config.display());
    Ok(())
}

#[expect(clippy::print_stdout, reason = "answers to a person go to standard output")]
fn seal(config: &ApplianceConfig, wanted: &TpmWanted) -> anyhow::Result<()> {
    let place = seal_anew(config, wanted)?;
    println!("the keys of {} are sealed to this machine's TPM ({place})", config.name);
    Ok(())
}

fn token(file: &Path) -> anyhow::Result<JoinToken> {
    let mut text = String::new();
    let shown = file.display();
    match file == Path::new("-") {
        true => std::io::stdin().take(MAX_TOKEN_BYTES).read_to_string(&mut text),
        false => File::open(file).and_then(|it| it.take(MAX_TOKEN_BYTES).read_to_string(&mut text)),
    }
    .with_context(|| format!("cannot read {shown}"))?;
    text.parse().with_context(|| format!("{shown}"))
}

fn serial(named: Option<String>) -> anyhow::Result<String> {
    let told = named.or_else(|| crate::hardware::read().serial);
    told.context("the firmware of this machine tells no serial number: name one with --serial")
}

fn run(config: &Path) -> ExitCode {
    let predecessor = Predecessor::find();
    let refused = |reason: &dyn Display| {
        predecessor.iter().for_each(|before| before.refuse(&reason.to_string()));
    };
    // What is unsealed to be checked is what is used.
    let keys = Keys::default();
    match crate::check::check(config, &keys) {
        Ok(document) => {
            let outcome = crate::run::run(config, &document, &keys, predecessor.as_ref());
            ended(config, outcome.inspect_err(|err| refused(&format_args!("{err:#}"))))
        }
        Err(problems) => {
            refused(&problems);
            refuse(config, &problems.to_string())
        }
    }
}

fn refuse(config: &Path, problems: &str) -> ExitCode {
    for line in problems.lines() {
        let placed = line.starts_with(|first: char| first.is_ascii_digit());
        eprintln!("{}:{}{line}", config.display(), if placed { "" } else { " " });
    }
    ExitCode::from(EXIT_CANNOT_START)
}

fn ended(config: &Path, outcome: anyhow::Result<()>) -> ExitCode {
    match outcome.as_ref().err().and_then(|err| err.downcast_ref::<CannotStart>()) {
        Some(cannot_start) => refuse(config, &cannot_start.to_string()),
        None => done(outcome),
    }
}

fn done(outcome: anyhow::Result<()>) -> ExitCode {
    let Err(err) = outcome else { return ExitCode::SUCCESS };
    eprintln!("appliance: {err:#}");
    ExitCode::FAILURE
}
