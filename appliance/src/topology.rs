//! `appliance topology`: tells which thread serves what on this machine, without serving.

use crate::opening::CannotStart;
use anyhow::Result;
use contract::config::Document;
use serve::topology::Survey;

/// How to tell it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// For a person.
    #[default]
    Table,
    /// For a program.
    Json,
}

/// Prints the map, as a box with this configuration would plan it now.
#[expect(clippy::print_stdout, reason = "answers to a person go to standard output")]
pub(crate) fn show(document: &Document, form: Form) -> Result<()> {
    let survey = Survey::of(&document.config)
        .map_err(|err| CannotStart::at(document, err.path(), &err.to_string()))?;
    match form {
        Form::Table => print!("{}", survey.map()),
        Form::Json => println!("{}", serde_json::to_string_pretty(&survey)?),
    }
    Ok(())
}
