//! The order in which people count: eth2 before eth10.

use super::args::{attribute, items, nonsense, shown};
use minijinja::value::Kwargs;
use minijinja::{Environment, Error, State, Value};
use std::cmp::Ordering;

pub(super) fn register(environment: &mut Environment<'static>) {
    environment.add_filter("natural_sort", natural_sort);
}

/// `interfaces | natural_sort(attribute="name")`. Equal ones stay in the order they had.
#[expect(clippy::needless_pass_by_value, reason = "the engine hands arguments over")]
fn natural_sort(state: &State, value: &Value, kwargs: Kwargs) -> Result<Value, Error> {
    let path = kwargs.get::<Option<&str>>("attribute")?;
    kwargs.assert_all_used()?;
    let mut keyed = Vec::new();
    for item in items(state, value, "natural_sort")? {
        let key = attribute(state, &item, path)?;
        let Some(text) = key.as_str() else {
            let why = format!("sorts by text, not by {} ({})", shown(&key), key.kind());
            return Err(nonsense("natural_sort", &why));
        };
        keyed.push((text.to_owned(), item));
    }
    keyed.sort_by(|(one, _), (other, _)| natural(one, other));
    Ok(keyed.into_iter().map(|(_, item)| item).collect())
}

/// Runs of digits are compared as numbers, all else by its bytes.
fn natural(one: &str, other: &str) -> Ordering {
    let (mut one_rest, mut other_rest) = (one, other);
    loop {
        let (a, a_rest) = run(one_rest);
        let (b, b_rest) = run(other_rest);
        if a.is_empty() || b.is_empty() {
            // Texts that differ in leading zeros alone are not the same text.
            return a.len().cmp(&b.len()).then_with(|| one.cmp(other));
        }
        let order = match (is_digits(a), is_digits(b)) {
            (true, true) => {
                let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
                a.len().cmp(&b.len()).then_with(|| a.cmp(b))
            }
            _ => a.cmp(b),
        };
        if order != Ordering::Equal {
            return order;
        }
        (one_rest, other_rest) = (a_rest, b_rest);
    }
}

/// The digits at the beginning, or all up to the next digit.
fn run(text: &str) -> (&str, &str) {
    let is_digit = is_digits(text);
    let end = text.find(|char: char| char.is_ascii_digit() != is_digit).unwrap_or(text.len());
    text.split_at(end)
}

fn is_digits(text: &str) -> bool {
    text.starts_with(|char: char| char.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn interfaces_stand_as_people_count_them() {
        let mut names = vec!["eth10", "eth2", "ge-0/0/10", "ge-0/0/9", "eth1.100", "eth1", "lo"];
        names.sort_by(|one, other| natural(one, other));
        assert_eq!(names, ["eth1", "eth1.100", "eth2", "eth10", "ge-0/0/9", "ge-0/0/10", "lo"]);
    }

    proptest! {
        #[test]
        fn it_is_an_order(a in "[a0-9]{0,6}", b in "[a0-9]{0,6}", c in "[a0-9]{0,6}") {
            prop_assert_eq!(natural(&a, &b), natural(&b, &a).reverse());
            prop_assert_eq!(natural(&a, &b) == Ordering::Equal, a == b);
            if natural(&a, &b).is_le() && natural(&b, &c).is_le() {
                prop_assert!(natural(&a, &c).is_le());
            }
        }
    }
}
