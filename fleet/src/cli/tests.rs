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

/// All commands that do something, as they are typed.
fn doing(path: &str, command: &clap::Command) -> Vec<String> {
    let below = |it: &clap::Command| doing(&format!("{path} {}", it.get_name()), it);
    match command.has_subcommands() {
        true => command.get_subcommands().flat_map(below).collect(),
        false => vec![path.to_owned()],
    }
}

/// What every command prints stands in a golden file: of a session somebody has with a manager.
#[test]
fn no_command_is_without_a_golden_file_of_what_it_prints() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots");
    let files = std::fs::read_dir(folder).expect("golden files").map(|it| it.expect("a file"));
    let typed = files.map(|it| std::fs::read_to_string(it.path()).expect("text"));
    let typed: Vec<String> = typed
        .flat_map(|it| it.lines().map(|line| format!("{line} ")).collect::<Vec<_>>())
        .collect();
    let is_typed = |command: &String| {
        let command = format!("{command} ");
        typed.iter().any(|line| line.starts_with("$ ") && line.contains(&command))
    };
    let without: Vec<String> =
        doing("fleet", &command_line()).into_iter().filter(|it| !is_typed(it)).collect();
    assert_eq!(without, Vec::<String>::new(), "type it in a script in fleet/tests/commands/");
}
