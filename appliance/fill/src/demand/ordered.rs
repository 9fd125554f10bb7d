//! What this box was told to hold and has not got yet, for a viewer who waits: the filler brings
//! it, now.

use super::{Demand, PATIENCE, Question};
use crate::awaiting::Awaiting;
use cache::Lookup;
use cache::object::BLOCK_BYTES;
use cache::received::Absence;
use contract::catalogue::CatalogueEntry;
use contract::slices::{SLICE_BYTES, slice_count};
use std::pin::pin;
use std::sync::Arc;
use tokio::time::timeout;

/// Answers a question: whoever waits is woken when the slice with byte `offset` may be read, or
/// does not come.
pub(super) async fn answer(question: Question, entry: Arc<CatalogueEntry>, offset: u64) {
    let demand = Arc::clone(&question.demand);
    let last = slice_count(entry.size_bytes).saturating_sub(1);
    let slice = u32::try_from(offset / SLICE_BYTES).map_or(last, |slice| slice.min(last));
    let came = match demand.filler.awaits(&entry, slice) {
        Some(awaiting) => {
            let comes = demand.comes(&awaiting, &question, &entry, slice);
            timeout(PATIENCE, comes).await.unwrap_or(false)
        }
        None => false,
    };
    if !came {
        demand.nothing_for_a_while(&question.key, Absence::NoAnswer);
    }
}

impl Demand {
    async fn comes(
        &self,
        awaiting: &Awaiting,
        question: &Question,
        entry: &CatalogueEntry,
        slice: u32,
    ) -> bool {
        let (group, path) = (&question.key.group, &question.key.path);
        let block = u32::try_from(u64::from(slice) * SLICE_BYTES / BLOCK_BYTES).unwrap_or(0);
        loop {
            let mut moved = pin!(awaiting.moved());
            // Heard of from here on, whatever is looked up next.
            moved.as_mut().enable();
            let is_it = |found: &CatalogueEntry| found.is_same(entry);
            match self.cache.lookup_version(group, path, is_it) {
                Lookup::Held(object) if is_it(&object.entry) => return true,
                Lookup::Arriving(object) => {
                    self.begins(&question.key);
                    if object.has_slice(slice) || self.cache.read(&object, block).await.is_ok() {
                        return true;
                    }
                }
                _ => {}
            }
            // Another version may be wanted by now, or none.
            if awaiting.is_in_vain() || !self.cache.lacks(entry) {
                return false;
            }
            moved.await;
        }
    }
}
