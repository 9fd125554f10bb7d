use super::*;

#[test]
fn the_command_line_is_well_formed() {
    command_line().debug_assert();
}

/// How the manager is reached is the same for all.
fn without_reach(said: &str) -> String {
    let Some((before, after)) = said.split_once("Reaching the fleet:\n") else {
        return said.to_owned();
    };
    let after = after.split_once("\n\n").map(|(_, after)| after).unwrap_or_default();
    format!("{before}{after}")
}

/// What a command says of itself, and all commands below it.
fn help(path: &[String], command: &clap::Command, all: &mut String) {
    let arguments = path.iter().map(String::as_str).chain(["-h"]);
    let asked = command_line().term_width(100).try_get_matches_from(arguments);
    let said = asked.expect_err("help").to_string();
    let said = if path.len() > 1 { without_reach(&said) } else { said };
    all.push_str(&format!("$ {} -h\n{said}\n", path.join(" ")));
    for below in command.get_subcommands().filter(|it| it.get_name() != "help") {
        help(&[path, &[below.get_name().to_owned()]].concat(), below, all);
    }
}

/// A file for each command, with those below it.
#[test]
fn help_says_what_there_is() {
    let whole = command_line();
    let mut own = String::new();
    let only = clap::Command::new("fleet");
    help(&["fleet".to_owned()], &only, &mut own);
    insta::assert_snapshot!("help", own);
    for command in whole.get_subcommands() {
        let mut all = String::new();
        help(&["fleet".to_owned(), command.get_name().to_owned()], command, &mut all);
        insta::assert_snapshot!(format!("help_{}", command.get_name()), all);
    }
}
