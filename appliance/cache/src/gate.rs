//! Who writes to the disks: intakes under way, and whether another may begin.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[derive(Debug, Default)]
struct State {
    is_shut: bool,
    inside: usize,
}

/// Lets writers in, or waits until they have left.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    left: Condvar,
}

/// A writer is inside as long as this lives.
#[derive(Debug)]
pub(crate) struct Pass(Arc<Gate>);

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None` while it is shut.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Pass> {
        let mut state = self.state();
        if state.is_shut {
            return None;
        }
        state.inside += 1;
        Some(Pass(Arc::clone(self)))
    }

    /// Lets nobody in any more.
    pub(crate) fn shut(&self) {
        self.state().is_shut = true;
    }

    /// Whether those inside should leave.
    pub(crate) fn is_shut(&self) -> bool {
        self.state().is_shut
    }

    /// Lets everybody in again.
    pub(crate) fn open(&self) {
        self.state().is_shut = false;
    }

    /// Waits until nobody is inside; gives how many still are after `patience`.
    pub(crate) fn wait(&self, patience: Duration) -> usize {
        let waited = self.left.wait_timeout_while(self.state(), patience, |state| state.inside > 0);
        waited.unwrap_or_else(PoisonError::into_inner).0.inside
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.0.state().inside -= 1;
        self.0.left.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shut_gate_waits_for_those_inside_and_lets_nobody_in() {
        let gate = Arc::new(Gate::default());
        let pass = gate.enter().expect("open");
        gate.shut();
        assert!(gate.enter().is_none());
        assert_eq!(gate.wait(Duration::from_millis(1)), 1);
        let leaving = std::thread::spawn(move || drop(pass));
        assert_eq!(gate.wait(Duration::from_secs(20)), 0);
        leaving.join().expect("left");
        gate.open();
        assert!(gate.enter().is_some());
    }
}
