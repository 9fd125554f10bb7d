//! Templates as people write them: what is said of bad ones, and what good filters answer.

use config_render::engine::{Engine, Library, Limits, Values};
use std::path::Path;
use std::sync::Arc;

/// All templates of `tests/bad`, as one library, and the values they read.
fn bad() -> (Arc<Library>, Values) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let read = |path: &Path| std::fs::read_to_string(path).expect("text");
    let values = Values::from_json(read(&folder.join("values.json")).as_bytes()).expect("values");
    let mut templates = Vec::new();
    for entry in std::fs::read_dir(&folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.extension().is_some_and(|suffix| suffix == "j2") {
            let name = path.file_name().expect("name").to_string_lossy().into_owned();
            templates.push((name, read(&path)));
        }
    }
    (Arc::new(Library::new(templates).expect("library")), values)
}

#[test]
fn bad_ones_say_what_is_wrong_where_and_with_which_value() {
    let (library, values) = bad();
    let engine = Engine::new(Arc::clone(&library), Limits::default());
    let mut messages = String::new();
    // Parts of others begin with an underscore.
    for name in library.names().filter(|name| !name.starts_with('_')) {
        let err = engine.render(name, &values).expect_err(name);
        messages.push_str(&format!("{name}: {:?} {:?}\n    {err}\n", err.fault, err.names));
    }
    insta::assert_snapshot!("bad", messages);
    // Those that nothing but the template is needed for are found before anything is rendered.
    let problems: Vec<String> = engine.problems().into_iter().map(|err| err.template).collect();
    assert_eq!(problems, ["half_expression.j2", "unclosed.j2"]);
}

/// One line of `tests/filters.txt`: an expression, and what it makes, or its refusal behind a
/// `!`.
#[test]
fn filters_answer_or_refuse() {
    let table = include_str!("filters.txt");
    for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (expression, expected) = line.split_once(" => ").expect("two sides");
        let library = Library::new([("t", format!("{{{{ {expression} }}}}"))]).expect("library");
        let engine = Engine::new(Arc::new(library), Limits::default());
        let values = Values::from_json(b"{}").expect("values");
        match (engine.render("t", &values), expected.strip_prefix("! ")) {
            (Ok(text), None) => assert_eq!(text, expected, "{expression}"),
            (Err(err), Some(message)) => assert_eq!(err.message, message, "{expression}"),
            (Ok(text), Some(_)) => panic!("{expression} makes {text}"),
            (Err(err), None) => panic!("{expression}: {err}"),
        }
    }
}
