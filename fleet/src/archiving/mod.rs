//! Copies of what devices run: taken on a schedule and when somebody asks, kept as revisions.
//!
//! Read in this order: [`Archiving`] (who waits for what), `due.rs` (whose turn it is; pure), `visit.rs` (what
//! takes to a device), `round.rs` (some at a time).

mod due;
mod round;
mod visit;

pub(crate) use round::run;

use config_render::revisions::Store;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;

/// Copies of what devices run.
#[derive(Debug)]
pub(crate) struct Archiving {
    /// The copies.
    pub(crate) revisions: Store,
    /// Of which devices somebody wants one now.
    asked: Mutex<BTreeSet<String>>,
    woken: Notify,
}

impl Archiving {
    pub(crate) fn new(revisions: Store) -> Self {
        Self { revisions, asked: Mutex::default(), woken: Notify::new() }
    }

    /// Somebody wants copies of these now.
    pub(crate) fn ask(&self, devices: impl IntoIterator<Item = String>) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).extend(devices);
        self.look();
    }

    /// Something has changed by which it may be another's turn.
    pub(crate) fn look(&self) {
        self.woken.notify_one();
    }

    fn is_asked(&self, device: &str) -> bool {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).contains(device)
    }

    /// It is being seen to: who asks again from now on is seen to again.
    fn taken(&self, device: &str) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).remove(device);
    }
}
