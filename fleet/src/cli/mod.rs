//! The commands. `serve` is the manager, and `db` keeps its records; all others speak the manager's API, one
//! file each.

mod appliance;
mod backup;
mod believing;
mod ca;
mod catalog;
mod client;
mod command;
mod config;
mod content;
mod disk;
mod elsewhere;
mod failure;
mod fill;
mod group;
mod inventory;
mod late_reports;
mod log_in;
mod output;
mod password;
mod person;
mod prefill;
mod quantity;
mod records;
mod serve;
mod session;
mod simulate;
mod site;
mod ssh;
mod status;
mod title;
mod wait;
mod watch;
mod zone;

pub(crate) use failure::Usage;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use client::Client;
use output::{Format, Output};
use session::Session;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// The fleet manager of Headend, a CDN for video inside Internet providers.
#[derive(Debug, Parser)]
#[command(name = "fleet", version, max_term_width = 100)]
struct Fleet {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    reach: Reach,
}

/// How the manager is reached. No use to `serve`, which is the manager.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reaching the fleet")]
struct Reach {
    /// Where the manager listens; where you have logged in, else https://127.0.0.1:7080.
    #[arg(long, global = true, env = "FLEET_URL", value_name = "URL")]
    fleet: Option<String>,
    /// A file with a token, such as DATA/operator.token of `fleet serve`. Not needed by who has logged
    /// in.
    #[arg(
        long,
        global = true,
        env = "FLEET_TOKEN_FILE",
        hide_env_values = true,
        value_name = "FILE"
    )]
    token_file: Option<PathBuf>,
    /// A token itself. Better kept in the environment than on a command line.
    #[arg(long, global = true, env = "FLEET_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,
    /// Certificates in PEM to believe the manager by, DATA/ca/front.pem of `fleet serve`. Not
    /// needed where that lies beside the token, where the system believes the manager, or by who has
    /// logged in.
    #[arg(long, global = true, env = "FLEET_CA_FILE", hide_env_values = true, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// How answers are written.
    #[arg(short, long, global = true, value_enum, default_value_t = Format::Table)]
    output: Format,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the manager: API, console, steering, the boxes' control listener and the planner.
    Serve(Box<serve::Serve>),
    /// Appliances: the machines that serve.
    #[command(subcommand)]
    Appliance(appliance::ApplianceCommand),
    /// Disks of appliances: how they are, and having them ejected, readmitted or scrubbed.
    #[command(subcommand)]
    Disk(disk::DiskCommand),
    /// Titles and their files.
    #[command(subcommand)]
    Content(content::ContentCommand),
    /// Titles: where they are live, and why not.
    #[command(subcommand)]
    Title(title::TitleCommand),
    /// The catalogue as versions: what changed, what was refused, and who stays with one.
    #[command(subcommand)]
    Catalog(catalog::CatalogCommand),
    /// Filling: what is missing where, from whom it comes, and when it will be there.
    #[command(subcommand)]
    Fill(fill::FillCommand),
    /// What belongs where, ahead of those who ask for it.
    #[command(subcommand)]
    Prefill(prefill::PrefillCommand),
    /// Keys: whose word counts, the root that says so, and a new epoch after a restore.
    #[command(subcommand)]
    Ca(ca::CaCommand),
    /// The database: all records in a file, and back, also from SQLite to PostgreSQL.
    #[command(subcommand)]
    Db(backup::DbCommand),
    /// People: who may log in, and as what.
    #[command(subcommand)]
    Person(person::PersonCommand),
    /// Log in: the commands that follow are yours.
    Login(log_in::LogIn),
    /// Log out.
    Logout,
    /// Say as whom you are logged in.
    Whoami,
    /// Into a box by SSH, with a shell or for one command.
    Ssh(ssh::Ssh),
    /// What every appliance holds, from whom it got it, and what happened.
    Status(status::Status),
    /// Records of all kinds, from one file: all of it or nothing.
    Import(records::Import),
    /// Everything in the inventory, as `import` reads it again.
    Export(records::Export),
    /// Devices in groups, as Ansible reads them from a script.
    Inventory(inventory::Inventory),
    /// Names of boxes in the DNS: as zone files, and on name servers.
    #[command(subcommand)]
    Zone(zone::ZoneCommand),
    /// What devices are told: settings, and who has said them.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Fleets that nobody has racked, to try things with.
    #[command(subcommand)]
    Simulate(simulate::SimulateCommand),
    /// Print what makes a shell complete this command's words.
    Completion {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Print the API's OpenAPI document.
    Openapi,
}

/// The whole command line: what is declared above, and the commands of all kinds of records.
fn command_line() -> clap::Command {
    records::augment(Fleet::command())
}

/// Runs the command line of this process.
pub(crate) fn main() -> ExitCode {
    let matches = match command_line().try_get_matches_from(std::env::args_os()) {
        Ok(matches) => matches,
        Err(err) => return refuse(&err),
    };
    let done = match records::typed(&matches) {
        Some(command) => {
            Reach::from_arg_matches(&matches).map(|reach| about_records(command, reach))
        }
        None => Fleet::from_arg_matches(&matches).map(dispatch),
    };
    match done {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(err)) => failure::report(&err),
        Err(err) => refuse(&err),
    }
}

/// Help and version are no errors; clap knows which stream and code they want.
fn refuse(err: &clap::Error) -> ExitCode {
    let _ = err.print();
    ExitCode::from(u8::try_from(err.exit_code()).unwrap_or(2))
}

fn about_records(command: records::RecordCommand, reach: Reach) -> anyhow::Result<()> {
    let output = Output::new(reach.output);
    let Reached { fleet, token, authorities } = reached(reach, false)?;
    let client = Client::new(&fleet, token, authorities.as_deref())?;
    runtime()?.block_on(command.run(&client, &output))
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

fn dispatch(fleet: Fleet) -> anyhow::Result<()> {
    let Fleet { command, reach } = fleet;
    let command = match command {
        Command::Serve(serve) => return serve.run(),
        Command::Openapi => return openapi(),
        Command::Db(command) => {
            return runtime()?.block_on(command.run(&Output::new(reach.output)));
        }
        Command::Prefill(prefill::PrefillCommand::Evaluate(evaluate)) => {
            return evaluate.run(&Output::new(reach.output));
        }
        Command::Simulate(simulate::SimulateCommand::Run(run)) => {
            return run.run(&Output::new(reach.output));
        }
        Command::Completion { shell } => {
            let mut said = Vec::new();
            clap_complete::generate(shell, &mut command_line(), "fleet", &mut said);
            return Ok(std::io::stdout().write_all(&said)?);
        }
        command => command,
    };
    let output = Output::new(reach.output);
    let Reached { fleet, token, authorities } =
        reached(reach, matches!(command, Command::Login(_)))?;
    let client = Client::new(&fleet, token, authorities.as_deref())?;
    runtime()?.block_on(async {
        match command {
            Command::Appliance(command) => command.run(&client, &output).await,
            Command::Disk(command) => command.run(&client, &output).await,
            Command::Content(command) => command.run(&client, &output).await,
            Command::Title(command) => command.run(&client, &output).await,
            Command::Catalog(command) => command.run(&client, &output).await,
            Command::Fill(command) => command.run(&client, &output).await,
            Command::Prefill(command) => command.run(&client, &output).await,
            Command::Ca(command) => command.run(&client, &output).await,
            Command::Status(status) => status.run(&client, &output).await,
            Command::Person(command) => command.run(&client, &output).await,
            Command::Login(log_in) => log_in.run(&client, &output, authorities).await,
            Command::Logout => log_in::log_out(&client, &output).await,
            Command::Whoami => log_in::who_am_i(&client, &output).await,
            Command::Ssh(ssh) => ssh.run(&client, &output).await,
            Command::Import(import) => import.run(&client, &output).await,
            Command::Export(export) => export.run(&client, &output).await,
            Command::Simulate(command) => command.run(&client, &output).await,
            Command::Inventory(inventory) => inventory.run(&client).await,
            Command::Zone(command) => command.run(&client, &output).await,
            Command::Config(command) => command.run(&client, &output).await,
            Command::Serve(_) | Command::Db(_) | Command::Openapi | Command::Completion { .. } => {
                Ok(())
            }
        }
    })
}

/// Where to, by what it is believed, and what is shown.
struct Reached {
    fleet: String,
    token: Option<String>,
    authorities: Option<String>,
}

const HERE: &str = "https://127.0.0.1:7080";

/// What was said; what was not, as it is remembered from the last log-in, if that was there.
fn reached(reach: Reach, is_log_in: bool) -> anyhow::Result<Reached> {
    let token = client::token(reach.token, reach.token_file.as_deref())?;
    let authorities = believing::authorities(reach.ca_file, reach.token_file.as_deref())?;
    let session = match &token {
        Some(_) => None,
        // What is broken is about to be replaced.
        None if is_log_in => Session::read().unwrap_or_default(),
        None => Session::read()?,
    };
    let Some(session) = session.filter(|session| session.is_of(reach.fleet.as_deref())) else {
        let fleet = reach.fleet.unwrap_or_else(|| HERE.to_owned());
        return Ok(Reached { fleet, token, authorities });
    };
    // Who logs in is not yet who he was.
    let token = (!is_log_in).then_some(session.token);
    let authorities = authorities.or(session.authorities);
    Ok(Reached { fleet: session.fleet, token, authorities })
}

fn openapi() -> anyhow::Result<()> {
    let document = serde_json::to_string_pretty(&crate::api::openapi()?)?;
    Ok(writeln!(std::io::stdout(), "{document}")?)
}

#[cfg(test)]
mod tests;
