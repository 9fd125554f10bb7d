//! `fleet site …`, `fleet device …` and all other kinds of records: the same commands for each, made from
//! what is declared of it.
//!
//! Read in this order: `command` (what can be typed), `fields` (what is typed of a record), `target`
//! (which records are meant), `given` (what each command
//! has, the API among it), then a file for each command.

mod accept;
mod command;
mod create;
mod delete;
mod edit;
mod export;
mod fields;
mod given;
mod hardware;
mod history;
mod import;
mod left;
mod list;
mod ordered;
mod replace;
mod show;
mod special;
mod target;

pub(super) use command::augment;
pub(super) use export::Export;
pub(super) use given::with_query;
pub(super) use import::{Import, became};
pub(super) use ordered::Ordered;
pub(super) use target::pair;

use super::client::Client;
use super::output::Output;
use clap::ArgMatches;
use command::HISTORY;
use given::Given;
use inventory::kinds::{ALL, SEEN};
use inventory::schema::Kind;

/// A command about records of a kind.
pub(super) struct RecordCommand {
    kind: &'static Kind,
    name: String,
    matches: ArgMatches,
}

/// What was typed, if it is about records.
pub(super) fn typed(matches: &ArgMatches) -> Option<RecordCommand> {
    let (called, matches) = matches.subcommand()?;
    if called == HISTORY {
        let kind = known(matches.get_one::<String>("kind")?)?;
        return Some(RecordCommand { kind, name: HISTORY.to_owned(), matches: matches.clone() });
    }
    let kind = known(called)?;
    let (name, matches) = matches.subcommand()?;
    Some(RecordCommand { kind, name: name.to_owned(), matches: matches.clone() })
}

/// A kind by what it is called on the command line.
fn known(called: &str) -> Option<&'static Kind> {
    ALL.into_iter().chain(SEEN).find(|kind| command::called(kind).0 == called)
}

impl RecordCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let given = Given { kind: self.kind, matches: &self.matches, client, output };
        match self.name.as_str() {
            "list" => list::run(given).await,
            "show" => show::run(given).await,
            "create" => create::run(given).await,
            "edit" => edit::run(given).await,
            "delete" => delete::run(given).await,
            HISTORY => history::run(given).await,
            "export" => export::run(given).await,
            "accept" => accept::run(given).await,
            "replace" => replace::run(given).await,
            "hardware" => hardware::run(given).await,
            "usage" => left::usage(given).await,
            "allocate" => left::allocate(given).await,
            _ => import::run(given).await,
        }
    }
}
