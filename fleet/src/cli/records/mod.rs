//! `fleet site …`, `fleet device …` and all other kinds of records: the same commands for each, made from
//! what is declared of it.
//!
//! Read in this order: `command` (what can be typed), `fields` (what is typed of a record), `target`
//! (which records are meant), `ask` (the API), then a file for each command.

mod ask;
mod command;
mod create;
mod delete;
mod edit;
mod export;
mod fields;
mod history;
mod import;
mod list;
mod ordered;
mod show;
mod special;
mod target;

pub(super) use command::augment;
pub(super) use export::Export;
pub(super) use import::Import;
pub(super) use ordered::Ordered;

use super::client::Client;
use super::output::Output;
use clap::ArgMatches;
use inventory::kinds::ALL;
use inventory::schema::Kind;

/// A command about records of a kind.
pub(super) struct RecordCommand {
    kind: &'static Kind,
    name: String,
    matches: ArgMatches,
}

/// What was typed, if it is about records.
pub(super) fn typed(matches: &ArgMatches) -> Option<RecordCommand> {
    let (called, of_kind) = matches.subcommand()?;
    let kind = ALL.into_iter().find(|kind| command::called(kind) == called)?;
    let (name, matches) = of_kind.subcommand()?;
    Some(RecordCommand { kind, name: name.to_owned(), matches: matches.clone() })
}

impl RecordCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let Self { kind, name, matches } = &self;
        match name.as_str() {
            "list" => list::run(kind, matches, client, output).await,
            "show" => show::run(kind, matches, client, output).await,
            "create" => create::run(kind, matches, client, output).await,
            "edit" => edit::run(kind, matches, client, output).await,
            "delete" => delete::run(kind, matches, client, output).await,
            "history" => history::run(kind, matches, client, output).await,
            "export" => export::run(kind, matches, client, output).await,
            _ => import::run(kind, matches, client, output).await,
        }
    }
}
