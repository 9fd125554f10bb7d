//! The command line.

use crate::handover::Predecessor;
use crate::topology::Form;
use clap::{Parser, Subcommand};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

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
    /// Say how the running appliance is doing.
    Status {
        /// The configuration of the running appliance: tells where its admin listener is.
        config: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

#[expect(clippy::print_stdout, reason = "answers to a person go to standard output")]
pub(crate) fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Check { config } => match crate::check::check(&config) {
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
        Command::Restart { config } => match crate::check::check(&config) {
            Ok(document) => ended(&config, crate::restart::restart(&document.config)),
            Err(problems) => refuse(&config, &problems.to_string()),
        },
        Command::Topology { config, output } => match crate::check::check(&config) {
            Ok(document) => ended(&config, crate::topology::show(&document, output)),
            Err(problems) => refuse(&config, &problems.to_string()),
        },
        Command::Status { config, json } => match crate::check::check(&config) {
            Ok(document) => ended(&config, crate::status::show(&document.config, json)),
            Err(problems) => refuse(&config, &problems.to_string()),
        },
    }
}

fn run(config: &Path) -> ExitCode {
    let predecessor = Predecessor::find();
    let refused = |reason: &dyn Display| {
        predecessor.iter().for_each(|before| before.refuse(&reason.to_string()));
    };
    match crate::check::check(config) {
        Ok(document) => {
            let outcome = crate::run::run(config, &document, predecessor.as_ref());
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
    let Err(err) = outcome else { return ExitCode::SUCCESS };
    match err.downcast_ref::<crate::opening::CannotStart>() {
        Some(cannot_start) => refuse(config, &cannot_start.to_string()),
        None => {
            eprintln!("appliance: {err:#}");
            ExitCode::FAILURE
        }
    }
}
