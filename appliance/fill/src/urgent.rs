//! What cannot wait for the next window.

use crate::admission::Urgency;
use crate::gate::Gate;
use contract::catalogue::{CatalogueEntry, Ordinal};
use contract::manifest::Deadline;
use contract::object::ObjectKey;
use contract::time::TimeUs;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Lost objects that are remembered. A disk that is gone loses more; what is beyond waits for
/// the window like everything else, or emergency fill would be no exception.
const MOST_LOST: usize = 4096;

/// Deadlines, what was lost while viewers asked for it, and what they wait for.
#[derive(Debug, Default)]
pub(crate) struct Urgent(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    deadlines: HashMap<Ordinal, TimeUs>,
    lost: HashSet<ObjectKey>,
    awaited: HashMap<Ordinal, Awaited>,
    /// How often somebody began to wait.
    waits: u64,
}

/// What viewers wait for.
#[derive(Debug, Clone)]
struct Awaited {
    entry: Arc<CatalogueEntry>,
    /// First of all.
    slice: u32,
    /// Who began to wait later has a higher one.
    number: u64,
    round: Round,
}

/// The round over the sources that is for their sake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    ToBegin,
    UnderWay,
    Ended,
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

    /// A viewer begins to wait.
    pub(crate) fn wait_for(&self, entry: &Arc<CatalogueEntry>, slice: u32) {
        let mut state = self.state();
        state.waits += 1;
        let (entry, number, round) = (Arc::clone(entry), state.waits, Round::ToBegin);
        state.awaited.insert(entry.ordinal, Awaited { entry, slice, number, round });
    }

    /// And waits no more.
    pub(crate) fn wait_no_more(&self, object: Ordinal) {
        self.state().awaited.remove(&object);
    }

    /// What is waited for where no round has begun for it; for the longest first.
    pub(crate) fn to_begin(&self) -> Vec<Arc<CatalogueEntry>> {
        let state = self.state();
        let to_begin = state.awaited.values().filter(|it| it.round == Round::ToBegin);
        let mut to_begin: Vec<_> = to_begin.collect();
        to_begin.sort_unstable_by_key(|it| it.number);
        to_begin.into_iter().map(|it| Arc::clone(&it.entry)).collect()
    }

    /// What of an object is waited for, if anything is.
    pub(crate) fn slice_of(&self, entry: &CatalogueEntry) -> Option<u32> {
        Some(self.state().awaited.get(&entry.ordinal)?.slice)
    }

    pub(crate) fn begins(&self, entry: &CatalogueEntry) {
        if let Some(awaited) = self.state().awaited.get_mut(&entry.ordinal) {
            awaited.round = Round::UnderWay;
        }
    }

    /// A round has ended, for whomever it was.
    pub(crate) fn ends(&self, entry: &CatalogueEntry) {
        let mut state = self.state();
        let awaited = state.awaited.get_mut(&entry.ordinal);
        if let Some(awaited) = awaited.filter(|it| it.round == Round::UnderWay) {
            awaited.round = Round::Ended;
        }
    }

    /// Whether all has been done for whoever waits.
    pub(crate) fn has_ended(&self, object: Ordinal) -> bool {
        self.state().awaited.get(&object).is_none_or(|it| it.round == Round::Ended)
    }

    pub(crate) fn is_urgent(&self, entry: &CatalogueEntry, gate: &Gate, now: TimeUs) -> Urgency {
        let state = self.state();
        let is_lost = || !state.lost.is_empty() && state.lost.contains(&entry.key());
        if state.awaited.contains_key(&entry.ordinal) || is_lost() {
            return Urgency::Urgent;
        }
        match state.deadlines.get(&entry.ordinal) {
            Some(by) => gate.urgency(*by, now),
            None => Urgency::Ordinary,
        }
    }
}
