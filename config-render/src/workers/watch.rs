//! The pool's clock: ends workers that take too long.

use super::slot::Slot;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Whether the pool is at its end, and who waits for that.
#[derive(Debug, Default)]
pub(super) struct Closing {
    is_closing: Mutex<bool>,
    changed: Condvar,
}

impl Closing {
    pub(super) fn begin(&self) {
        *self.is_closing.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    pub(super) fn is_closing(&self) -> bool {
        *self.is_closing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits so long, or until it begins; says whether it has.
    fn wait(&self, time: Duration) -> bool {
        let is_closing = self.is_closing.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(is_closing, time, |closing| !*closing);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Looks after all places until the pool ends. Every job has the same time: so none that
/// begins meanwhile is due before this looks again, and beginning one wakes nobody.
pub(super) fn watch(slots: &[Arc<Slot>], wall: Duration, closing: &Closing) {
    let mut pause = wall;
    while !closing.wait(pause) {
        let now = Instant::now();
        let due = slots.iter().filter_map(|slot| slot.end_if_overdue(now)).min();
        pause = due.map_or(wall, |due| due.saturating_duration_since(now)).min(wall);
    }
}
