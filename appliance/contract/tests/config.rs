//! Configurations as people write them: good ones parse, bad ones say what and where.

use contract::config::parse;
use proptest::prelude::*;
use std::path::Path;

fn folder(which: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(which);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("folder")
        .map(|file| file.expect("file").path())
        .filter(|path| path.extension().is_some_and(|suffix| suffix == "yaml"))
        .map(|path| {
            let name = path.file_name().expect("name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).expect("text"))
        })
        .collect();
    files.sort();
    files
}

#[test]
fn good_ones_parse_and_survive_a_trip_through_json() {
    for (name, text) in folder("good") {
        let document = parse(&text).unwrap_or_else(|problems| panic!("{name}:\n{problems}"));
        let json = serde_json::to_string_pretty(&document.config).expect("json");
        let back = serde_json::from_str(&json).expect("back");
        assert_eq!(document.config, back, "{name}");
        insta::assert_snapshot!(name, json);
    }
}

#[test]
fn bad_ones_say_what_is_wrong_and_where() {
    let mut messages = String::new();
    for (name, text) in folder("bad") {
        let problems = match parse(&text) {
            Ok(_) => panic!("{name} was accepted"),
            Err(problems) => problems.to_string(),
        };
        for line in problems.lines() {
            messages.push_str(&format!("{name}:{line}\n"));
        }
    }
    insta::assert_snapshot!("bad", messages);
}

proptest! {
    /// However a configuration is damaged, it is refused with a message or means something:
    /// it never brings the reader down.
    #[test]
    fn damage_never_panics(
        at in 0usize..2000,
        cut in 0usize..40,
        inserted in "[ \\-:{}\\[\\]\"'#&*!|>%@a-z0-9\n\t]{0,12}",
    ) {
        let (_, good) = folder("good").remove(0);
        let at = at.min(good.len());
        let end = (at + cut).min(good.len());
        let damaged = format!("{}{inserted}{}", &good[..at], &good[end..]);
        if let Err(problems) = parse(&damaged) {
            prop_assert!(!problems.to_string().trim().is_empty());
        }
    }
}
