//! Two devices with one name, also by the first part of it alone: people and logs say no more.

use super::{Finding, Fleet};
use crate::facts::{Facts, text};
use std::collections::HashMap;

pub(super) fn check(fleet: Fleet<'_>) -> Vec<Finding> {
    let mut seen: HashMap<(String, &str), &Facts> = HashMap::new();
    let mut found = Vec::new();
    for facts in fleet.devices.iter().map(|subject| &subject.facts) {
        let short = facts.name().split('.').next().unwrap_or_default().to_lowercase();
        if let Some(other) = seen.insert((short.clone(), text(&facts.site, "name")), facts) {
            let message = format!("{} is called {short} at the same site, too", other.name());
            found.push(Finding::new(facts, "one name, one device", message));
        }
    }
    found
}
