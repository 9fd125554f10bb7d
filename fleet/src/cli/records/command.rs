//! What can be typed of each kind.

use super::{fields, special, target};
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command, value_parser};
use inventory::kinds::{ALL, COMPONENT, DEVICE, IP_ADDRESS, PREFIX, SEEN};
use inventory::schema::{Kind, one};
use std::path::PathBuf;

/// What tells what was.
pub(super) const HISTORY: &str = "history";

/// What a kind is called on the command line, and what else.
pub(super) fn called(kind: &Kind) -> (&'static str, &'static [&'static str]) {
    match kind.name {
        "content-group" => ("group", &["content-group"]),
        "bgp-session" => ("bgp-session", &["bgp"]),
        "ip-address" => ("ip-address", &["address"]),
        name => (name, &[]),
    }
}

/// The commands of all kinds, beside those that there are.
pub(in crate::cli) fn augment(fleet: Command) -> Command {
    let fleet = ALL.into_iter().fold(fleet, |fleet, kind| fleet.subcommand(of_kind(kind)));
    let fleet = SEEN.into_iter().fold(fleet, |fleet, kind| fleet.subcommand(of_seen(kind)));
    fleet.subcommand(history_of_any())
}

fn of_any(kind: &'static Kind) -> Command {
    let (called, aliases) = called(kind);
    Command::new(called)
        .about(kind.about.to_owned())
        .visible_aliases(aliases.iter().copied())
        .subcommand_required(true)
        .arg_required_else_help(true)
}

fn of_seen(kind: &'static Kind) -> Command {
    let accept = Command::new("accept").about("Take over what the machine says.");
    of_any(kind).subcommands([
        list(kind),
        show(kind),
        edit(kind),
        change(accept).args(target::args(kind)),
        history(kind),
    ])
}

fn of_kind(kind: &'static Kind) -> Command {
    let command = of_any(kind).subcommands([
        list(kind),
        show(kind),
        create(kind),
        edit(kind),
        delete(kind),
        history(kind),
        export(kind),
        import(kind),
    ]);
    match kind.name {
        name if name == DEVICE.name => command.subcommands([replace(kind), hardware(kind)]),
        name if name == COMPONENT.name => command.subcommand(replace(kind)),
        name if name == PREFIX.name => command.subcommands([allocate(kind), usage()]),
        _ => command,
    }
}

fn show(kind: &'static Kind) -> Command {
    Command::new("show")
        .about(format!("One {}, with all that is known of it.", kind.name))
        .arg(key(kind))
        .arg(at())
}

fn delete(kind: &'static Kind) -> Command {
    let about = format!("Remove {} that nothing names.", kind.plural);
    change(Command::new("delete").about(about)).args(target::args(kind))
}

fn history(kind: &'static Kind) -> Command {
    Command::new(HISTORY)
        .about(format!(
            "What was changed of {}, by whom and why, the newest first.",
            one(kind.name)
        ))
        .arg(key(kind))
        .arg(most_changes())
}

/// The same, whatever it is of.
fn history_of_any() -> Command {
    let kinds = ALL.into_iter().chain(SEEN).map(|kind| called(kind).0);
    Command::new(HISTORY)
        .about("What was changed of something, by whom and why, the newest first")
        .arg(
            Arg::new("kind")
                .required(true)
                .value_name("KIND")
                .value_parser(PossibleValuesParser::new(kinds))
                .help("Of which kind it is."),
        )
        .arg(Arg::new("key").required(true).value_name("KEY").help("Which one."))
        .arg(most_changes())
}

fn most_changes() -> Arg {
    limit("100", 10_000).help("At most so many changes.")
}

fn export(kind: &'static Kind) -> Command {
    Command::new("export")
        .about(format!("All {}, or some, as `import` reads them again.", kind.plural))
        .arg(target::filter())
}

fn import(kind: &'static Kind) -> Command {
    let about =
        format!("Create and change {} as a file has them: all of it or nothing.", kind.plural);
    change(Command::new("import").about(about)).arg(file())
}

fn hardware(kind: &'static Kind) -> Command {
    Command::new("hardware").about("What the machine says that it is made of.").arg(key(kind))
}

fn allocate(kind: &'static Kind) -> Command {
    let about = "Take the first address of a network that nobody has.";
    change(Command::new("allocate").about(about))
        .arg(key(kind))
        .args(fields::flags(&IP_ADDRESS, true))
}

fn usage() -> Command {
    let above = Arg::new("above").long("above").value_name("PERCENT").default_value("0");
    Command::new("usage")
        .about("How much of each network is taken, those with the least left first.")
        .arg(
            above
                .value_parser(value_parser!(u8).range(0..=100))
                .help("Those alone of which so much is taken, or more."),
        )
}

/// Another in its place.
fn replace(kind: &'static Kind) -> Command {
    let about = match kind.name == DEVICE.name {
        true => {
            "Have another machine take the place of one, by its serial number: it keeps its name and its \
             place, and is on its way; what was in the old one leaves with it. Its disks have to have \
             been seen empty."
        }
        false => {
            "Have another part take the place of one, by its serial number: one from the shelf, or one \
             that nobody knew. A disk that goes back to its maker has to have been seen empty; until \
             then it waits on the shelf (--status failed)."
        }
    };
    let serial = Arg::new("serial").long("serial").required(true).value_name("SERIAL");
    change(Command::new("replace").about(about))
        .arg(key(kind))
        .arg(serial.help("The number of the other one."))
        .arg(
            Arg::new("status")
                .long("status")
                .value_name("STATUS")
                .value_parser(["spare", "failed", "rma", "retired"])
                .default_value("rma")
                .help("What becomes of the part that leaves, or of those that leave with it."),
        )
}

fn list(kind: &'static Kind) -> Command {
    Command::new("list")
        .about(format!("All {}, or those that pass all filters.", kind.plural))
        .arg(target::filter())
        .arg(
            Arg::new("sort")
                .long("sort")
                .value_name("FIELD[,FIELD]")
                .allow_hyphen_values(true)
                .help("In which order; - before a field turns it round."),
        )
        .arg(
            Arg::new("fields")
                .long("fields")
                .value_name("FIELD[,FIELD]")
                .help("What to show; without it, as much as fits."),
        )
        .arg(limit("1000000", u32::MAX).help("At most so many."))
        .after_help(fields::named(kind))
}

fn create(kind: &'static Kind) -> Command {
    let create = change(Command::new("create").about(format!("Add {}.", one(kind.name))));
    match special::create(kind, create.clone()) {
        Some(special) => special,
        None => create.args(fields::keys(kind)).args(fields::flags(kind, true)),
    }
}

fn edit(kind: &'static Kind) -> Command {
    let about = format!("Change {}: by flags, or one in your editor.", kind.plural);
    change(Command::new("edit").about(about))
        .long_about(format!(
            "Change {}: by flags, or, where there are none, one in your editor ($VISUAL, $EDITOR): you \
             get it as YAML, and what you have changed is shown and applied.",
            kind.plural
        ))
        .args(target::args(kind))
        .args(fields::flags(kind, false))
        .arg(
            Arg::new("unset")
                .long("unset")
                .value_name("FIELD")
                .action(ArgAction::Append)
                .help("Have nothing stand there any more. Can be given several times."),
        )
}

/// What every change takes.
pub(super) fn change(command: Command) -> Command {
    command
        .arg(
            Arg::new("message")
                .short('m')
                .long("message")
                .value_name("WHY")
                .help_heading("Changing")
                .help("Why: it is kept with the change."),
        )
        .arg(
            Arg::new("dry-run")
                .long("dry-run")
                .action(ArgAction::SetTrue)
                .help_heading("Changing")
                .help("Say what would be changed, and change nothing."),
        )
}

fn key(kind: &Kind) -> Arg {
    Arg::new("key").required(true).value_name(target::shape(kind)).help("Which one.")
}

fn at() -> Arg {
    Arg::new("at")
        .long("at")
        .value_name("TIME")
        .help("As it was then, such as 2026-01-31T12:00:00Z.")
}

fn limit(usual: &'static str, most: u32) -> Arg {
    Arg::new("limit")
        .long("limit")
        .value_name("COUNT")
        .value_parser(value_parser!(u32).range(1..=i64::from(most)))
        .default_value(usual)
}

pub(super) fn file() -> Arg {
    Arg::new("file")
        .required(true)
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .num_args(1..)
        .help(
            "YAML, JSON or CSV (by its ending), or folders of such; - for standard input, as YAML.",
        )
}
