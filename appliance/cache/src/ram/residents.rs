//! What stands where in the arena, by page.

use crate::arena::{Evicted, Resident, SlotRef};
use std::collections::BTreeMap;
use std::ops::Range;

/// A block: the number of its object, and its number.
pub(crate) type BlockKey = (u64, u32);

#[derive(Debug)]
struct Entry {
    key: BlockKey,
    resident: Resident,
    /// Whether it stands in the small queue.
    is_new: bool,
}

/// The blocks that are kept. One whose object has gone may still be listed, until somebody
/// looks or its place is taken.
#[derive(Debug, Default)]
pub(super) struct Residents {
    by_page: BTreeMap<u32, Entry>,
    small_bytes: usize,
}

impl Residents {
    pub(super) fn len(&self) -> usize {
        self.by_page.len()
    }

    /// What the blocks of the small queue take.
    pub(super) fn small_bytes(&self) -> usize {
        self.small_bytes
    }

    pub(super) fn insert(&mut self, key: BlockKey, resident: Resident, is_new: bool) {
        let page = resident.at().page();
        // Who is listed there left with his object.
        self.remove(page);
        if is_new {
            self.small_bytes += resident.bytes();
        }
        self.by_page.insert(page, Entry { key, resident, is_new });
    }

    /// The block at this place, if it is there.
    pub(super) fn get(&self, at: SlotRef) -> Option<&Resident> {
        let resident = &self.by_page.get(&at.page())?.resident;
        (resident.at() == at && resident.is_there()).then_some(resident)
    }

    /// From the small queue to the main one.
    pub(super) fn promote(&mut self, at: SlotRef) {
        let Some(entry) = self.by_page.get_mut(&at.page()) else { return };
        if std::mem::take(&mut entry.is_new) {
            self.small_bytes -= entry.resident.bytes();
        }
    }

    /// Has a block leave; gives its key if it was new.
    pub(super) fn evict(&mut self, at: SlotRef) -> Result<Option<BlockKey>, Evicted> {
        match self.get(at).map(Resident::evict) {
            Some(Evicted::Pinned) => Err(Evicted::Pinned),
            Some(Evicted::Freed) => {
                Ok(self.remove(at.page()).and_then(|e| e.is_new.then_some(e.key)))
            }
            None => Ok(None),
        }
    }

    /// The blocks that begin within these pages.
    pub(super) fn within(&self, pages: Range<u32>) -> impl Iterator<Item = &Resident> {
        let residents = self.by_page.range(pages).map(|(_, entry)| &entry.resident);
        residents.filter(|resident| resident.is_there())
    }

    /// Strikes those off that left with their objects.
    pub(super) fn sweep(&mut self) {
        let small_bytes = &mut self.small_bytes;
        self.by_page.retain(|_, entry| {
            let stays = entry.resident.is_there();
            if entry.is_new && !stays {
                *small_bytes -= entry.resident.bytes();
            }
            stays
        });
    }

    fn remove(&mut self, page: u32) -> Option<Entry> {
        let entry = self.by_page.remove(&page)?;
        if entry.is_new {
            self.small_bytes -= entry.resident.bytes();
        }
        Some(entry)
    }

    /// `queued` of the blocks that are there stand in a queue: all. Gives their bytes.
    #[cfg(test)]
    pub(super) fn audit(&self, queued: usize) -> usize {
        let new = self.by_page.values().filter(|entry| entry.is_new);
        assert_eq!(self.small_bytes, new.map(|entry| entry.resident.bytes()).sum::<usize>());
        assert_eq!(self.within(0..u32::MAX).count(), queued);
        self.within(0..u32::MAX).map(Resident::bytes).sum()
    }
}
