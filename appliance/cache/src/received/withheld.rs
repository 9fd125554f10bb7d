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
        self.look(group, path, |entry| !entry.is_served_at(now)).unwrap_or(false)
    }

    fn look<T>(
        &self,
        group: &GroupName,
        path: &str,
        look: impl FnOnce(&CatalogueEntry) -> T,
    ) -> Option<T> {
        self.0.load().get(group)?.get(path).map(|entry| look(entry))
    }
}

impl Cache {
    /// Until when the catalogue lets something be served that nobody told this box to hold.
    #[must_use]
    pub fn served_until(&self, group: &GroupName, path: &str) -> Option<TimeUs> {
        self.stock.withheld.look(group, path, |entry| entry.common.serve_until_us)?
    }

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
