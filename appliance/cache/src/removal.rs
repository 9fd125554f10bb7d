//! Files of objects that are wanted no longer: removed once nobody reads them, here or in a
//! process that shares the disk during a restart.
//!
//! A removal that was not synchronised can be undone by a power cut, and a file that somebody
//! reads is not removed at all by a process that is killed. Whoever must know that nothing comes
//! back asks what is [owed](Removals::owed).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A file that is to go, and what is counted for it.
#[derive(Debug, Clone)]
pub(crate) struct Removal {
    pub(crate) file: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) objects: u64,
    /// Whether a register may speak of it.
    pub(crate) is_registered: bool,
}

#[derive(Debug, Default)]
struct State {
    /// Doomed and still on the disk, and whether its header was wiped for good.
    leaving: BTreeMap<PathBuf, bool>,
    /// How many files were removed.
    removed: u64,
    /// How many of those a power cut does not bring back.
    settled: u64,
    /// Read by nobody here, and perhaps by another process.
    held_back: Option<Vec<Removal>>,
}

/// What a later process might find again.
#[derive(Debug)]
pub(crate) struct Owed {
    /// Still there, with their headers.
    pub(crate) files: Vec<PathBuf>,
    removed: u64,
    is_settled: bool,
}

impl Owed {
    /// Nothing is found again as it is.
    pub(crate) fn is_nothing(&self) -> bool {
        self.files.is_empty() && self.is_settled
    }
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
            state.leaving.entry(file.clone()).or_default();
            held.push(Removal { file, bytes: 0, objects: 0, is_registered: true });
        }
    }

    /// A file is to go once nobody reads it.
    pub(crate) fn doom(&self, file: PathBuf) {
        self.state().leaving.entry(file).or_default();
    }

    /// What is to go and is still there.
    pub(crate) fn leaving(&self) -> Vec<PathBuf> {
        self.state().leaving.keys().cloned().collect()
    }

    /// Nobody here reads a file any more: gives it back if it is to be removed now.
    pub(crate) fn unread(&self, removal: Removal) -> Option<Removal> {
        match &mut self.state().held_back {
            Some(held) => {
                held.push(removal);
                None
            }
            None => Some(removal),
        }
    }

    /// No other process reads here: gives what was held back.
    pub(crate) fn release(&self) -> Vec<Removal> {
        self.state().held_back.take().unwrap_or_default()
    }

    /// A file was removed.
    pub(crate) fn gone(&self, file: &Path) {
        let mut state = self.state();
        state.leaving.remove(file);
        state.removed += 1;
    }

    /// What a power cut, or the end of this process, might bring back.
    pub(crate) fn owed(&self) -> Owed {
        let state = self.state();
        let unwiped = state.leaving.iter().filter(|(_, is_wiped)| !**is_wiped);
        let files = unwiped.map(|(file, _)| file.clone()).collect();
        Owed { files, removed: state.removed, is_settled: state.settled == state.removed }
    }

    /// Their headers are wiped, and everything was synchronised since they were asked for.
    pub(crate) fn settle(&self, owed: &Owed) {
        let mut state = self.state();
        state.settled = state.settled.max(owed.removed);
        for file in &owed.files {
            if let Some(is_wiped) = state.leaving.get_mut(file) {
                *is_wiped = true;
            }
        }
    }
}
