//! What things of NetBox's are called here: small letters, digits, `-` and `.`; no two alike.

use contract::names::MAX_NAME_LEN;
use std::collections::{HashMap, HashSet};

/// Names of one kind.
#[derive(Debug, Default)]
pub(super) struct Names {
    by_id: HashMap<i64, String>,
    taken: HashSet<String>,
}

impl Names {
    /// What one is called, and whether it was not heard of before.
    pub(super) fn of(&mut self, id: i64, wanted: &str) -> (String, bool) {
        if let Some(name) = self.by_id.get(&id) {
            return (name.clone(), false);
        }
        let mut name = plain(wanted);
        if name.is_empty() {
            name = format!("unnamed-{id}");
        }
        let wanted = name.clone();
        for again in 0.. {
            if !self.taken.contains(&name) {
                break;
            }
            let end = if again == 0 { format!("-{id}") } else { format!("-{id}-{again}") };
            let begin: String = wanted.chars().take(MAX_NAME_LEN - end.len()).collect();
            name = begin.trim_end_matches(['-', '.']).to_owned() + &end;
        }
        self.taken.insert(name.clone());
        self.by_id.insert(id, name.clone());
        (name, true)
    }

    /// What one is called that was heard of.
    pub(super) fn known(&self, id: &serde_json::Value) -> Option<&str> {
        self.by_id.get(&id.as_i64()?).map(String::as_str)
    }
}

/// What is no letter or digit is a dash, and no part begins or ends with one.
fn plain(text: &str) -> String {
    let letters = text.to_ascii_lowercase();
    let letters = letters.replace(|it: char| !it.is_ascii_alphanumeric() && it != '.', "-");
    let part = |part: &str| {
        let words: Vec<&str> = part.split('-').filter(|word| !word.is_empty()).collect();
        words.join("-")
    };
    let parts: Vec<String> = letters.split('.').map(part).filter(|part| !part.is_empty()).collect();
    let whole: String = parts.join(".").chars().take(MAX_NAME_LEN).collect();
    whole.trim_end_matches(['-', '.']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Shape;
    use proptest::prelude::*;

    #[test]
    fn names_are_plain_and_each_its_own() {
        let mut names = Names::default();
        assert_eq!(names.of(1, "DMI01-Akron RTR_01"), ("dmi01-akron-rtr-01".to_owned(), true));
        assert_eq!(names.of(1, "whatever").0, "dmi01-akron-rtr-01");
        assert_eq!(names.of(2, "dmi01 akron rtr 01").0, "dmi01-akron-rtr-01-2");
        assert_eq!(names.of(9, "x-8").0, "x-8");
        assert_eq!((names.of(7, "x").0, names.of(8, "X").0), ("x".to_owned(), "x-8-1".to_owned()));
        assert_eq!(names.of(3, "???").0, "unnamed-3");
        assert_eq!(names.of(4, "a..b.-c-").0, "a.b.c");
    }

    proptest! {
        #[test]
        fn whatever_it_was_called_it_has_a_name_here(texts: Vec<String>) {
            let (mut names, mut seen) = (Names::default(), HashSet::new());
            for (id, text) in (0..).zip(&texts) {
                let (name, _) = names.of(id, text);
                prop_assert!(Shape::Name.parse(&name).is_ok(), "{name:?}");
                prop_assert!(seen.insert(name));
            }
        }
    }
}
