//! What a question means, said once more without SQL: tests hold the databases to it.

use super::Lookup::{self, Above, AtLeast, AtMost, Begins, Below, Ends, Holds, Is, Same};
use super::{Filter, Sort};
use crate::schema::{Kind, Record};
use serde_json::Value;
use std::cmp::Ordering;

impl Filter {
    /// Whether a record passes.
    pub(crate) fn holds(&self, record: &Record) -> bool {
        let found = record.get(self.field.name);
        let any = |lookup: Lookup| self.values.iter().any(|value| lookup.holds(found, value));
        match self.lookup {
            Lookup::Empty => {
                self.values.iter().any(|wanted| wanted.as_bool() == Some(found.is_null()))
            }
            // What is not there is not so.
            lookup => match lookup.positive() {
                Some(positive) => found.is_null() || !any(positive),
                None => !found.is_null() && any(lookup),
            },
        }
    }
}

impl Sort {
    /// Which of two comes first.
    pub(crate) fn compare(&self, kind: &Kind, a: &Record, b: &Record) -> Ordering {
        let by_field = self.by.iter().map(|(field, is_from_end)| {
            let (a, b) = (a.get(field.name), b.get(field.name));
            match (a.is_null(), b.is_null()) {
                (false, false) if *is_from_end => order(b, a).unwrap_or(Ordering::Equal),
                (false, false) => order(a, b).unwrap_or(Ordering::Equal),
                (is_a_null, is_b_null) => is_a_null.cmp(&is_b_null),
            }
        });
        let first = by_field.into_iter().find(|order| order.is_ne());
        first.unwrap_or_else(|| kind.key(a).cmp(&kind.key(b)))
    }
}

impl Lookup {
    /// Whether something that is there compares so with a value.
    fn holds(self, found: &Value, value: &Value) -> bool {
        let (found_text, value_text) = (folded(found), folded(value));
        match self {
            Is if found.is_array() => found.as_array().is_some_and(|all| all.contains(value)),
            Is => found == value,
            Holds => found_text.contains(&value_text),
            Same => found_text == value_text,
            Begins => found_text.starts_with(&value_text),
            Ends => found_text.ends_with(&value_text),
            Above => order(found, value) == Some(Ordering::Greater),
            Below => order(found, value) == Some(Ordering::Less),
            AtLeast => order(found, value).is_some_and(Ordering::is_ge),
            AtMost => order(found, value).is_some_and(Ordering::is_le),
            _ => false,
        }
    }
}

/// Case does not count among ASCII letters: both databases agree on these, and on no others.
fn folded(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_ascii_lowercase()
}

/// As the databases order what stands in a column.
fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
        },
        _ => None,
    }
}
