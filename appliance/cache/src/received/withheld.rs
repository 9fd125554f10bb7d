//! What the catalogue says of what this box brings without having been told to hold it: when it
//! may be served.

use crate::cache::Cache;
use arc_swap::ArcSwap;
use contract::catalogue::CatalogueEntry;
use contract::names::GroupName;
use contract::time::TimeUs;
use std::collections::HashMap;
use std::sync::Arc;

type ByPath = HashMap<Arc<str>, Arc<CatalogueEntry>>;

/// Entries by key. Read without a lock.
#[derive(Debug, Default)]
pub(crate) struct Withheld(ArcSwap<HashMap<GroupName, ByPath>>);

impl Withheld {
    /// Whether something may not be served at a moment.
    pub(super) fn has(&self, group: &GroupName, path: &str, now: TimeUs) -> bool {
        let entries = self.0.load();
        let entry = entries.get(group).and_then(|of_it| of_it.get(path));
        entry.is_some_and(|entry| !entry.is_served_at(now))
    }
}

impl Cache {
    /// This is served within its window alone, also where it is not wanted, whoever gives it.
    pub fn set_withheld(&self, entries: impl IntoIterator<Item = Arc<CatalogueEntry>>) {
        let mut all: HashMap<GroupName, ByPath> = HashMap::new();
        for entry in entries {
            let of_it = all.entry(entry.common.group.clone()).or_default();
            of_it.insert(Arc::clone(&entry.path), entry);
        }
        self.stock.withheld.0.store(Arc::new(all));
    }
}
