//! What was ordered and has not come, and a viewer waits for it: it goes before everything else.
//!
//! It comes as everything does that was ordered, verified and once for the site: siblings that go
//! before this box are asked to get it now, and where one of them has said that it cannot, nobody
//! waits for another.

use crate::admission::Urgency;
use crate::filler::{Attempt, Filler};
use contract::catalogue::{CatalogueEntry, Ordinal, Version};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::futures::Notified;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Rounds for viewers at once. They bring whole objects, also after their viewers have gone: a few
/// large ones leave room for those who come next.
const MOST_ROUNDS: usize = 32;

/// Somebody waits, as long as this is there.
pub(crate) struct Awaiting {
    filler: Arc<Filler>,
    object: Ordinal,
}

impl Awaiting {
    /// When something has begun to arrive, or could not.
    pub(crate) fn moved(&self) -> Notified<'_> {
        self.filler.transfers().moved.notified()
    }

    /// Whether everybody has been asked for it who may be.
    pub(crate) fn is_in_vain(&self) -> bool {
        self.filler.transfers().urgent.has_ended(self.object)
    }
}

impl Drop for Awaiting {
    fn drop(&mut self) {
        self.filler.transfers().urgent.wait_no_more(self.object);
    }
}

impl Filler {
    /// A viewer waits for something that is missing, and for this slice first. `None` where it may
    /// not come now.
    pub(crate) fn awaits(
        self: &Arc<Self>,
        entry: &Arc<CatalogueEntry>,
        slice: u32,
    ) -> Option<Awaiting> {
        let is_wanted_now =
            self.routes().lead_to(entry.ordinal) && self.is_open_to(Urgency::Urgent);
        let has_disk = self.transfers().cache.exhausted().is_none();
        if !is_wanted_now || !(has_disk || self.transfers().cache.is_mending(entry)) {
            return None;
        }
        self.transfers().urgent.wait_for(entry, slice);
        self.wake_for_viewers();
        Some(Awaiting { filler: Arc::clone(self), object: entry.ordinal })
    }

    /// Starts what is waited for, as far as there is room beside what is filled in turn.
    pub(crate) fn start_what_is_awaited(
        self: &Arc<Self>,
        attempts: &mut HashMap<Version, Attempt>,
        running: &mut JoinSet<bool>,
        in_turn: usize,
    ) {
        let cache = &self.transfers().cache;
        for entry in self.transfers().urgent.to_begin() {
            if running.len() >= in_turn + MOST_ROUNDS {
                break;
            }
            if !cache.lacks(&entry) {
                continue;
            }
            let attempt = attempts.entry(entry.version()).or_insert(Attempt::new(Instant::now()));
            // One that is under way may bring it, and is followed by another where it does not.
            if attempt.begin() {
                self.transfers().urgent.begins(&entry);
                running.spawn(Arc::clone(self).attempt(entry, *attempt, true));
            }
        }
    }
}
