//! What is missing, best first, without asking for all of it whenever some of it has come.

use cache::Cache;
use contract::catalogue::CatalogueEntry;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;

/// As it was when something went missing last; what has come since is in it until it is met.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    missing: VecDeque<Arc<CatalogueEntry>>,
    /// Of which losses it knows.
    losses: Option<u64>,
}

impl Backlog {
    /// Looks again, where something may have gone missing.
    pub(crate) fn catch_up(&mut self, cache: &Cache) {
        // Asked before: what is lost in between is seen twice, and not never.
        let losses = Some(cache.losses());
        if self.losses != losses {
            self.missing = cache.missing().into();
            self.losses = losses;
        }
    }

    /// Shows what is missing, best first, until `show` has had enough.
    pub(crate) fn walk(
        &mut self,
        cache: &Cache,
        mut show: impl FnMut(&Arc<CatalogueEntry>) -> ControlFlow<()>,
    ) {
        let mut seen = Vec::new();
        while let Some(entry) = self.missing.pop_front() {
            if !cache.lacks(&entry) {
                continue;
            }
            let flow = show(&entry);
            seen.push(entry);
            if flow.is_break() {
                break;
            }
        }
        seen.into_iter().rev().for_each(|entry| self.missing.push_front(entry));
    }

    /// Nothing is missing, as far as it was walked.
    pub(crate) fn is_empty(&self) -> bool {
        self.missing.is_empty()
    }
}
