use super::*;
use clap::CommandFactory;

#[test]
fn the_command_line_is_well_formed() {
    Fleet::command().debug_assert();
}

#[test]
fn help_says_what_there_is() {
    let mut all = String::new();
    for path in [
        "",
        "serve",
        "site create",
        "appliance create",
        "disk",
        "disk list",
        "disk eject",
        "content add",
        "content purge",
        "content window",
        "status",
        "fill status",
    ] {
        let arguments = ["fleet"].into_iter().chain(path.split_whitespace());
        let asked = Fleet::command().term_width(100).try_get_matches_from(arguments.chain(["-h"]));
        all.push_str(&format!("$ fleet {path} -h\n{}\n", asked.expect_err("help")));
    }
    insta::assert_snapshot!(all);
}
