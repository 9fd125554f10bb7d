//! Files of objects that are wanted no longer: removed once nobody reads them, here or in a
//! process that shares the disk during a restart.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A file that is to go, and what is counted for it.
#[derive(Debug)]
pub(crate) struct Removal {
    pub(crate) file: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) objects: u64,
}

#[derive(Debug, Default)]
struct State {
    /// Doomed and still on the disk.
    leaving: BTreeSet<PathBuf>,
    /// Read by nobody here, and perhaps by another process.
    held_back: Option<Vec<Removal>>,
}

/// The removals of one disk.
#[derive(Debug, Default)]
pub(crate) struct Removals(Mutex<State>);

impl Removals {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another process reads here: it said of these files that they are leaving, and nothing
    /// is removed until [`Removals::release`].
    pub(crate) fn hold(&self, leaving: impl IntoIterator<Item = PathBuf>) {
        let mut state = self.state();
        let state = &mut *state;
        let held = state.held_back.get_or_insert_default();
        for file in leaving {
            state.leaving.insert(file.clone());
            held.push(Removal { file, bytes: 0, objects: 0 });
        }
    }

    /// A file is to go once nobody reads it.
    pub(crate) fn doom(&self, file: PathBuf) {
        self.state().leaving.insert(file);
    }

    /// What is to go and is still there.
    pub(crate) fn leaving(&self) -> Vec<PathBuf> {
        self.state().leaving.iter().cloned().collect()
    }

    /// Nobody here reads a file any more: gives it back if it is to be removed now.
    pub(crate) fn unread(&self, removal: Removal) -> Option<Removal> {
        let mut state = self.state();
        if let Some(held) = &mut state.held_back {
            held.push(removal);
            return None;
        }
        state.leaving.remove(&removal.file);
        Some(removal)
    }

    /// No other process reads here: gives what was held back.
    pub(crate) fn release(&self) -> Vec<Removal> {
        let mut state = self.state();
        let held = state.held_back.take().unwrap_or_default();
        for removal in &held {
            state.leaving.remove(&removal.file);
        }
        held
    }
}
