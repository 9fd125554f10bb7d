//! Settings: trees of names with values at their leaves. A secret never stands in one, but where it is.

use crate::schema::{Wrong, is_kept};
use serde_json::{Map, Value};

/// Instead of a value: where a secret is, `file:/…` or `environment:NAME`.
pub const SECRET: &str = "$secret";

/// How deep names may stand below names: a template that reads deeper cannot be read.
const MOST_LEVELS: usize = 8;

/// The most values of a list: providers' lists of networks have some thousands.
const MOST_OF_A_LIST: usize = 10_000;

/// The most octets of all of it as JSON: twenty thousand devices may each have their own.
const MOST_OCTETS: usize = 256 << 10;

/// The most characters of a name.
const MOST_NAME_CHARS: usize = 64;

/// What a name ends in whose value nobody but the device may know.
const SECRET_NAMES: [&str; 9] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "community",
    "communities",
    "psk",
    "token",
    "_key",
];

/// The most values of all: nobody reads a thousand settings of a device, and each is compared with others.
const MOST_LEAVES: usize = 1_000;

/// What is wrong with settings, and where.
#[must_use]
pub fn check(value: &Value) -> Wrong {
    let Some(tree) = value.as_object().filter(|tree| !tree.is_empty()) else {
        return vec![(String::new(), "expected names with values".to_owned())];
    };
    let octets = serde_json::to_vec(value).map_or(usize::MAX, |text| text.len());
    if octets > MOST_OCTETS {
        return vec![(String::new(), format!("more than {} KiB", MOST_OCTETS >> 10))];
    }
    if leaves(value).len() > MOST_LEAVES {
        return vec![(String::new(), format!("more than {MOST_LEAVES} settings"))];
    }
    let mut wrong = Wrong::new();
    tree_below(tree, "", 1, &mut wrong);
    wrong
}

fn tree_below(tree: &Map<String, Value>, at: &str, level: usize, wrong: &mut Wrong) {
    for (name, value) in tree {
        let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        let complaint = match value {
            _ if !is_setting_name(name) => Some(
                "names are lower-case letters, digits and '_', and begin with a letter".to_owned(),
            ),
            Value::Object(below) if is_secret(value) => secret(below),
            value if is_secret_name(name) => is_told(value),
            Value::Object(below) if below.is_empty() => Some("nothing stands below it".to_owned()),
            Value::Object(_) if level == MOST_LEVELS => {
                Some(format!("more than {MOST_LEVELS} levels"))
            }
            Value::Object(below) => {
                tree_below(below, &at, level + 1, wrong);
                None
            }
            value => leaf(value),
        };
        wrong.extend(complaint.map(|complaint| (at, complaint)));
    }
}

/// Whether it says where a secret is.
#[must_use]
pub fn is_secret(value: &Value) -> bool {
    value.as_object().is_some_and(|it| it.contains_key(SECRET))
}

fn secret(value: &Map<String, Value>) -> Option<String> {
    let place = value.get(SECRET).and_then(Value::as_str).unwrap_or_default();
    let is_place = match place.split_once(':') {
        Some(("file", path)) => path.starts_with('/') && is_kept(path),
        Some(("environment", name)) => {
            let is_letter = |it: u8| it.is_ascii_alphanumeric() || it == b'_';
            !name.is_empty() && name.bytes().all(is_letter)
        }
        _ => false,
    };
    let is_alone = value.len() == 1;
    (!is_place || !is_alone)
        .then(|| format!("{SECRET} is file:/… or environment:NAME, and stands alone"))
}

fn is_setting_name(name: &str) -> bool {
    let is_letter = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_';
    let begins = name.bytes().next().is_some_and(|it| it.is_ascii_lowercase());
    begins && name.len() <= MOST_NAME_CHARS && name.bytes().all(is_letter)
}

fn is_something(value: &Value) -> bool {
    !value.is_null() && !value.is_boolean()
}

fn is_secret_name(name: &str) -> bool {
    let name = name.strip_suffix('s').unwrap_or(name);
    SECRET_NAMES.iter().any(|end| name.ends_with(end.strip_suffix('s').unwrap_or(end)))
}

/// A secret that stands there itself: yes, no and nothing are none.
fn is_told(value: &Value) -> Option<String> {
    is_something(value).then(|| format!("say where it is: {{\"{SECRET}\": \"file:/…\"}}"))
}

/// What is wrong with a value that is no tree, or with one in a list.
fn leaf(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !is_kept(text) => {
            Some("must not hold control characters".to_owned())
        }
        Value::Array(list) if list.len() > MOST_OF_A_LIST => {
            Some(format!("more than {MOST_OF_A_LIST} in one list"))
        }
        Value::Array(list) => list.iter().find_map(of_a_list),
        _ => None,
    }
}

/// Lists hold values, and rows of values; no lists, and no secrets.
fn of_a_list(value: &Value) -> Option<String> {
    match value {
        Value::Array(_) => Some("a list of lists".to_owned()),
        Value::Object(_) if is_secret(value) => Some("no secret stands in a list".to_owned()),
        Value::Object(row) => row.iter().find_map(|(name, value)| match value {
            _ if !is_setting_name(name) => Some(format!("{name:?} is no name")),
            value if is_secret_name(name) && is_something(value) => {
                Some("no secret stands in a list".to_owned())
            }
            Value::Array(_) | Value::Object(_) => {
                Some(format!("{name} is neither text nor number"))
            }
            value => leaf(value),
        }),
        value => leaf(value),
    }
}

/// The leaves of a tree, in order, each by the names that lead to it: `ntp.servers`. What has nothing below
/// it, lists, and places of secrets are leaves.
#[must_use]
pub fn leaves(tree: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    below(tree, String::new(), &mut found);
    found
}

fn below<'a>(value: &'a Value, at: String, found: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(tree) if !tree.is_empty() && !is_secret(value) => {
            for (name, value) in tree {
                let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                below(value, at, found);
            }
        }
        value => found.push((at, value)),
    }
}

/// Whether two paths are of one setting, or one is a part of the other.
#[must_use]
pub fn overlap(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn complaints(value: &Value) -> Vec<String> {
        check(value).into_iter().map(|(at, what)| format!("{at}: {what}")).collect()
    }

    #[test]
    fn what_can_be_meant_is_taken() {
        let good = json!({
            "ntp": {"servers": ["a.example", "b.example"]},
            "bgp": {"password": {SECRET: "file:/etc/headend/bgp"}, "graceful": true, "limit": null},
            "routes": [{"to": "::/0", "via": "2001:db8::1"}],
            "banner": "two\nlines", "permanent_keys": true,
        });
        assert_eq!(complaints(&good), Vec::<String>::new());
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        let list: Vec<u32> = (0..10_001).collect();
        let wrong = json!({
            "A": 1, "a-b": 1, "esc": "\u{1b}[2J",
            "bgp": {"password": "hunter2", "passwords": ["hunter2"]},
            "snmp": {"communities": ["public"], "api_key": 5, "secret": {"is": "it"}},
            "x": {SECRET: "file:relative"}, "y": {SECRET: "environment:A B"},
            "z": {SECRET: "environment:AB", "more": 1},
            "empty": {}, "l": [[1]], "m": [{SECRET: "file:/x"}], "n": [{"token": "x"}], "o": list,
        });
        insta::assert_snapshot!(complaints(&wrong).join("\n"), @r#"
        A: names are lower-case letters, digits and '_', and begin with a letter
        a-b: names are lower-case letters, digits and '_', and begin with a letter
        bgp.password: say where it is: {"$secret": "file:/…"}
        bgp.passwords: say where it is: {"$secret": "file:/…"}
        empty: nothing stands below it
        esc: must not hold control characters
        l: a list of lists
        m: no secret stands in a list
        n: no secret stands in a list
        o: more than 10000 in one list
        snmp.api_key: say where it is: {"$secret": "file:/…"}
        snmp.communities: say where it is: {"$secret": "file:/…"}
        snmp.secret: say where it is: {"$secret": "file:/…"}
        x: $secret is file:/… or environment:NAME, and stands alone
        y: $secret is file:/… or environment:NAME, and stands alone
        z: $secret is file:/… or environment:NAME, and stands alone
        "#);
        let deep = (0..MOST_LEVELS + 1).fold(json!(1), |below, _| json!({"a": below}));
        assert_eq!(check(&deep).len(), 1);
        assert_eq!(complaints(&json!({"a": "x".repeat(MOST_OCTETS)})), [": more than 256 KiB"]);
        assert_eq!(complaints(&json!([])), complaints(&json!({})));
    }

    #[test]
    fn leaves_are_values() {
        let tree = json!({"b": {"c": 1, "d": {SECRET: "file:/x"}}, "a": [1]});
        let found: Vec<String> = leaves(&tree).into_iter().map(|(at, _)| at).collect();
        assert_eq!(found, ["a", "b.c", "b.d"]);
        assert!(overlap("a.b", "a") && overlap("a", "a") && !overlap("a.b", "a.bc"));
    }

    fn anything() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(10, 64, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-zA-Z_$]{1,6}|\\$secret|password", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_it_is_it_is_taken_or_told(value in anything()) {
            let wrong = check(&value);
            if wrong.is_empty() {
                let all = leaves(&value);
                for (at, leaf) in &all {
                    let names_one = at.split('.').any(|name| name == "password");
                    prop_assert!(!names_one || !is_something(leaf) || is_secret(leaf));
                }
                for pair in all.windows(2) {
                    prop_assert!(!overlap(&pair[0].0, &pair[1].0));
                }
            }
        }
    }
}
