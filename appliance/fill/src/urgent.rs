//! What cannot wait for the next window.

use crate::admission::Urgency;
use crate::gate::Gate;
use contract::catalogue::{CatalogueEntry, Ordinal};
use contract::manifest::Deadline;
use contract::object::ObjectKey;
use contract::time::TimeUs;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Lost objects that are remembered. A disk that is gone loses more; what is beyond waits for
/// the window like everything else, or emergency fill would be no exception.
const MOST_LOST: usize = 4096;

/// Deadlines, and what was lost while viewers asked for it.
#[derive(Debug, Default)]
pub(crate) struct Urgent(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    deadlines: HashMap<Ordinal, TimeUs>,
    lost: HashSet<ObjectKey>,
}

impl Urgent {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_deadlines(&self, deadlines: &[Deadline]) {
        let deadlines = deadlines.iter().map(|each| (each.ordinal, each.by_us));
        self.state().deadlines = deadlines.collect();
    }

    pub(crate) fn lost(&self, object: &ObjectKey) {
        let lost = &mut self.state().lost;
        if lost.len() < MOST_LOST {
            lost.insert(object.clone());
        }
    }

    pub(crate) fn came(&self, entry: &CatalogueEntry) {
        self.state().lost.remove(&entry.key());
    }

    /// Nothing is missing.
    pub(crate) fn settle(&self) {
        self.state().lost.clear();
    }

    pub(crate) fn is_urgent(&self, entry: &CatalogueEntry, gate: &Gate, now: TimeUs) -> Urgency {
        let state = self.state();
        if !state.lost.is_empty() && state.lost.contains(&entry.key()) {
            return Urgency::Urgent;
        }
        match state.deadlines.get(&entry.ordinal) {
            Some(by) => gate.urgency(*by, now),
            None => Urgency::Ordinary,
        }
    }
}
