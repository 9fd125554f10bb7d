//! What templates can and cannot do to us.

use super::*;
use proptest::prelude::*;
use std::sync::{Arc, LazyLock};

fn engine(templates: &[(&str, &str)]) -> Engine {
    let library = Library::new(templates.iter().copied()).expect("library");
    Engine::new(Arc::new(library), Limits::default())
}

fn values(json: &str) -> Values {
    Values::from_json(json.as_bytes()).expect("values")
}

fn rendered(template: &str, json: &str) -> Result<String, EngineError> {
    engine(&[("t", template)]).render("t", &values(json))
}

fn text(template: &str, json: &str) -> String {
    rendered(template, json).unwrap_or_else(|err| panic!("{template}: {err}"))
}

fn failure(template: &str, json: &str) -> EngineError {
    rendered(template, json).expect_err(template)
}

#[test]
fn statements_take_their_line_with_them() {
    let template =
        "a\n{% for n in list %}\n  {% if n > 1 %}\nb {{ n }}\n  {% endif %}\n{% endfor %}\n";
    assert_eq!(text(template, r#"{"list": [1, 2, 3]}"#), "a\nb 2\nb 3\n");
}

#[test]
fn templates_of_a_library_know_each_other() {
    let engine = engine(&[
        ("base", "{% block body %}{% endblock %}end\n"),
        ("macros", "{% macro line(x) %}\nline {{ x }};\n{% endmacro %}\n"),
        ("part", "part {{ x }}\n"),
        (
            "whole",
            "{% extends 'base' %}{% block body %}{% import 'macros' as m %}{{ m.line(x) }}\
             {% include 'part' %}{% endblock %}",
        ),
    ]);
    let text = engine.render("whole", &values(r#"{"x": 1}"#)).expect("rendered");
    assert_eq!(text, "line 1;\npart 1\nend\n");
    assert_eq!(engine.problems(), []);
}

#[test]
fn what_templates_write_stays_and_can_be_moved() {
    let template = "{% set kept %}\na {\n  b;\n\n}\n{% endset %}\n{{ kept | indent(2, true) }}";
    assert_eq!(text(template, "{}"), "  a {\n    b;\n\n  }\n");
    let template =
        "{% filter upper %}x;\ny\n{% endfilter %}{{ '%03d' | format(7) }} {{ 'a' | ljust(3) }}|";
    assert_eq!(text(template, "{}"), "X;\nY\n007 a  |");
    assert_eq!(
        text("{{ x | map('bird_string') | join(', ') }}", r#"{"x": ["a;b", "c"]}"#),
        "\"a;b\", \"c\""
    );
    let call = "{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}a;\nb{% endcall %}";
    assert_eq!(text(call, "{}"), "<a;\nb>");
}

/// Each of these would take all memory, all time or all disk. What is not stopped here is in
/// `tests/workers.rs`.
#[test]
fn bombs_that_the_engine_stops() {
    let grow = |filter: &str| {
        format!(
            "{{% set ns = namespace(x='aaaa') %}}{{% for i in range(40) %}}{{% set ns.x = ns.x | {filter} %}}{{% endfor %}}{{{{ ns.x }}}}"
        )
    };
    for (template, fault, message) in [
        ("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}".to_owned(), Fault::Limit, "steps"),
        ("{% for a in range(10**9) %}{% endfor %}".to_owned(), Fault::Value, "too many elements"),
        ("{% for a in 'x' * 10**9 %}{% endfor %}".to_owned(), Fault::Value, "too large"),
        ("{{ 'x' * 9000000 }}".to_owned(), Fault::Limit, "more than 8388608 bytes"),
        ("{% for a in range(99999) %}{{ 'x' * 200 }}{% endfor %}".to_owned(), Fault::Limit, "more than 8388608 bytes"),
        (format!("{{% for a in range(99999) %}}{}{{% endfor %}}", "x".repeat(200)), Fault::Limit, "more than 8388608 bytes"),
        ("{{ 'a\\nb' | indent(10**9) }}".to_owned(), Fault::Value, "width of 0 to 256"),
        (grow("replace('a', 'aa')"), Fault::Value, "more than 8388608 bytes"),
        ("{{ 'x' | ljust(10**9) }}".to_owned(), Fault::Value, "width of 0 to 256"),
        ("{{ '%999999999d' | format(1) }}".to_owned(), Fault::Value, "three digits"),
        ("{{ '%*d' | format(10**9, 1) }}".to_owned(), Fault::Value, "three digits"),
        ("{{ ([0] * 10**8) | list }}".to_owned(), Fault::Value, "at most 100000 items"),
        ("{{ ([0] * 10**8) | join(',') }}".to_owned(), Fault::Value, "at most 100000 items"),
        ("{{ ([0] * 10**8) | sort | length }}".to_owned(), Fault::Value, "at most 100000 items"),
        ("{{ range(99999) | join('x' * 99999) }}".to_owned(), Fault::Value, "more than 8388608 bytes"),
        ("{% set ns = namespace(x='a') %}{% for i in range(40) %}{% set y %}{{ ns.x }}{{ ns.x }}{% endset %}{% set ns.x = y %}{% endfor %}".to_owned(), Fault::Limit, "more than 8388608 bytes"),
        ("{% macro m(x) %}{{ x }}{{ x }}{% endmacro %}{% set ns = namespace(x='a') %}{% for i in range(40) %}{% set ns.x = m(ns.x) %}{% endfor %}".to_owned(), Fault::Limit, "more than 8388608 bytes"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}".to_owned(), Fault::Limit, "recursion"),
        ("{% include 't' %}".to_owned(), Fault::Limit, "recursion"),
        ("{% import 't' as t %}".to_owned(), Fault::Limit, "recursion"),
        ("{% extends 't' %}".to_owned(), Fault::Value, "cycle"),
    ] {
        let err = failure(&template, "{}");
        assert_eq!((err.fault, err.message.contains(message)), (fault, true), "{template}: {err}");
    }
}

#[test]
fn comments_and_raw_text_are_no_statements() {
    for template in ["{# {%} #}{{ missing }}", "{% raw %}{%}{% endraw %}{{ missing }}"] {
        let message = failure(template, "{}").message;
        assert!(message.contains("missing") || message.contains("undefined"), "{message}");
    }
}

#[test]
fn what_is_not_on_the_list_does_not_exist() {
    for template in [
        "{{ debug() }}",
        "{{ x | safe }}",
        "{{ x | escape }}",
        "{{ x | tojson }}",
        "{{ x | pprint }}",
        "{{ [1] | batch(10**9, 0) }}",
        "{{ x.upper() }}",
    ] {
        let err = failure(template, r#"{"x": "a"}"#);
        assert_eq!(err.fault, Fault::Syntax, "{err}");
    }
}

/// Wherever a value comes through as it is.
const WAYS: &[&str] = &[
    "{{ x }}",
    "{{ x ~ 'a' }}",
    "{{ x + 'a' }}",
    "{{ x | trim }}",
    "{{ x | upper }}",
    "{{ x | default('a') }}",
    "{{ [x] | join(',') }}",
    "{{ ['a', 'b'] | join(x) }}",
    "{{ 'a' | replace('a', x) }}",
    "{{ '%s' | format(x) }}",
    "{{ x | indent(2) }}",
    "{{ x | ljust(9) }}",
    "{{ x | string }}",
    "{{ x[:9] }}",
    "{{ [x] | first }}",
    "{{ {'a': x}.a }}",
    "{{ x | split(',') | last }}",
    "{% set y = x %}{{ y }}",
    "{% set y %}{{ x }}{% endset %}{{ y }}",
    "{% macro m(y) %}{{ y }}{% endmacro %}{{ m(x) }}",
    "{% filter trim %}{{ x }}{% endfilter %}",
    "{% autoescape false %}{% set y %}{{ x }}{% endset %}{{ y }}{% endautoescape %}",
    "{% autoescape 'html' %}{{ x }}{% endautoescape %}",
    "{{ 'a' if false else x }}",
    "{% for y in x | split(',') %}{{ y }}{% endfor %}",
    "{{ {x: 1} | items | first | first }}",
    "{% set y %}b;{% endset %}{{ y | replace('b', x) }}",
    "{% set y %}b;{% endset %}{{ [y, x] | join('') }}",
];

/// All of these in one library, by number.
static ALL_WAYS: LazyLock<Engine> = LazyLock::new(|| {
    let numbered = WAYS.iter().enumerate().map(|(at, way)| (at.to_string(), *way));
    Engine::new(Arc::new(Library::new(numbered).expect("library")), Limits::default())
});

/// Whatever writes a value in a language.
const QUOTES: &[&str] = &[
    "yaml_quoted",
    "bird_string",
    "nft_string",
    "ssh_quoted",
    "shell_quoted",
    "rest_of_line",
    "frr_name",
    "slug",
    "symbol",
    "address",
    "network",
    "mac",
    "host_of",
    "ptr",
];

/// All of these, by name.
static ALL_QUOTES: LazyLock<Engine> = LazyLock::new(|| {
    let quotes = QUOTES.iter().map(|quote| (*quote, format!("{{{{ x | {quote} }}}}")));
    Engine::new(Arc::new(Library::new(quotes).expect("library")), Limits::default())
});

#[test]
fn an_honest_value_comes_through_all_ways() {
    let values = values(r#"{"x": "ab"}"#);
    for (at, way) in WAYS.iter().enumerate() {
        let text = ALL_WAYS.render(&at.to_string(), &values);
        assert!(
            text.as_ref().is_ok_and(|text| text.to_lowercase().contains("ab")),
            "{way}: {text:?}"
        );
    }
}

proptest! {
    /// A value is never a second line, and never a second statement.
    #[test]
    fn a_value_stays_one(
        before in "[a-z0-9 .:/]{0,5}",
        evil in "[\n\r\u{0}\u{7f}\u{85}\u{2028}\u{2029}\u{202e};{}\"'\\\\#$`|]",
        after in "[a-z0-9 .:/]{0,5}",
    ) {
        let x = format!("{before}{evil}{after}");
        let values = values(&serde_json::json!({ "x": x }).to_string());
        for (at, way) in WAYS.iter().enumerate() {
            if let Ok(text) = ALL_WAYS.render(&at.to_string(), &values) {
                prop_assert!(!text.contains(&evil) || text == "b;", "{way} let {x:?} through: {text:?}");
            }
        }
    }

    /// What quotes a value makes one line of it, whatever it holds, or says why not.
    #[test]
    fn quotes_never_break_a_line(x in "\\PC{0,6}[\n\r\t\u{0}\u{85}\u{2028}\u{202e}\"'\\\\;]?\\PC{0,6}") {
        let values = values(&serde_json::json!({ "x": x }).to_string());
        for quote in QUOTES {
            match ALL_QUOTES.render(quote, &values) {
                Ok(text) => prop_assert!(!text.chars().any(plain::is_invisible), "{quote}: {text:?}"),
                Err(err) => {
                    prop_assert!(!err.message.chars().any(plain::is_invisible), "{}", err);
                    prop_assert!(err.message.starts_with(quote), "{}", err);
                }
            }
        }
    }

    /// A YAML reader finds the very text again.
    #[test]
    fn yaml_finds_it_again(x in "[\\PC\n\r\t\u{0}\u{85}\u{2028}\"'\\\\#:]{0,20}") {
        let json: String = serde_json::from_str(&filters::quote::yaml_quoted(&x)).expect("JSON too");
        prop_assert_eq!(json, x);
    }

    /// However a template is damaged, it renders or says where it is wrong.
    #[test]
    fn damage_never_panics(
        at in 0usize..200,
        cut in 0usize..20,
        inserted in "[{}%|()\\[\\]a-z0-9 .'\n-]{0,8}",
    ) {
        let good = "{# {%} #}{% raw %}{{ %}{% endraw %}{% set a = [x, 2] %}\n{% for n in a %}\n{{ n | default(1) }} {{ loop.index }}\n\
                    {% endfor %}\n{% macro m(b) %}{{ b.c[0] }}{% endmacro %}\n{{ a | join(', ') }}\n";
        let at = at.min(good.len());
        let end = (at + cut).min(good.len());
        let damaged = format!("{}{inserted}{}", &good[..at], &good[end..]);
        if let Err(err) = rendered(&damaged, r#"{"x": 1}"#) {
            prop_assert!(!err.message.is_empty() && err.template == "t", "{err:?}");
        }
    }
}
