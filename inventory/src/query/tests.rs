use super::*;
use crate::schema::{Field, Shape};
use serde_json::json;

static DEVICE: Kind = Kind {
    name: "device",
    plural: "devices",
    about: "A device.",
    key: &["name"],
    fields: &[
        Field::required("name", Shape::Name, "Its name."),
        Field::required("status", Shape::Choice(&["planned", "active"]), "How far it is."),
        Field::optional("serial", Shape::Label(64), "By its maker."),
        Field::optional("position", Shape::Integer(1, 100), "The lowest rack unit."),
    ],
    sense: crate::schema::fine,
    scope: crate::schema::Scope::Nobody,
};

fn query(pairs: &[(&str, &str)]) -> Result<Query, BadQuery> {
    DEVICE.query(pairs.iter().copied())
}

fn device(value: &serde_json::Value) -> crate::schema::Record {
    DEVICE.read(value.as_object().expect("an object")).expect("a device")
}

fn values(made: &Condition) -> Vec<serde_json::Value> {
    made.binds.iter().map(|(_, value)| value.clone()).collect()
}

#[test]
fn values_of_one_filter_are_alternatives_and_filters_add_up() {
    let asked = query(&[("status", "planned"), ("status", "active"), ("serial__ic", "ab")]);
    let asked = asked.expect("a question");
    assert_eq!(asked.filters.len(), 2);
    let passes = |value: serde_json::Value| {
        let device = device(&value);
        asked.filters.iter().all(|filter| filter.holds(&device))
    };
    assert!(passes(json!({"name": "a", "status": "active", "serial": "xABx"})));
    assert!(!passes(json!({"name": "a", "status": "active", "serial": "x"})));
    assert!(!passes(json!({"name": "a", "status": "active"})), "what is not there is not so");
    let made = asked.condition(&DEVICE);
    assert_eq!(values(&made), [json!("planned"), json!("active"), json!("%ab%")]);
    assert!(
        made.text.contains("(\"status\" = $1 OR \"status\" = $2) AND (LOWER("),
        "{}",
        made.text
    );
}

#[test]
fn what_is_not_known_is_refused_with_what_is() {
    for (name, text, says) in [
        ("colour", "red", "it has name, status, serial, position"),
        ("status__gt", "planned", "is no filter; there are status, status__n"),
        ("position__ic", "1", "position__gt"),
        ("status", "actve", "expected one of planned, active"),
        ("position__gte", "x", "expected a number"),
        ("sort", "-colour", "has no field \"colour\""),
        ("sort", "name,status,serial,position", "more than 3"),
        ("fields", "name,x", "has no field \"x\""),
        ("limit", "0", "expected 1 to 1000"),
        ("cursor", "x", "begin without one"),
    ] {
        let refused = query(&[(name, text)]).expect_err(name);
        assert!(refused.message.contains(says), "{name}: {}", refused.message);
    }
}

#[test]
fn a_page_follows_another_in_the_same_question_alone() {
    let sorted = query(&[("sort", "-position")]).expect("a question");
    let last = device(&json!({"name": "b", "status": "active", "position": 7}));
    let token = Cursor::of(&DEVICE, &sorted.sort, &last).token(&DEVICE, &sorted.sort);
    let next = query(&[("sort", "-position"), ("cursor", &token)]).expect("the next page");
    let made = next.condition(&DEVICE);
    assert_eq!(
        made.text,
        "1 = 1 AND ((\"position\" < $1 OR \"position\" IS NULL) OR (\"position\" = $2 AND (\"key\" > $3)))"
    );
    assert_eq!(values(&made), [json!(7), json!(7), json!("b")]);
    assert_eq!(next.order(&DEVICE), "\"position\" DESC NULLS LAST, \"key\" ASC");
    let other = query(&[("sort", "position"), ("cursor", &token)]).expect_err("another question");
    assert!(other.message.contains("another question"));
}

#[test]
fn nothing_that_is_written_becomes_a_part_of_the_statement() {
    let harm = "'; DROP TABLE devices; --%_\\";
    let asked = query(&[("serial", harm), ("serial__ic", harm), ("name__isw", harm)]);
    let made = asked.expect("a question").condition(&DEVICE);
    assert!(!made.text.contains("DROP"), "{}", made.text);
    assert_eq!(values(&made)[1], json!("%'; drop table devices; --\\%\\_\\\\%"));
}
