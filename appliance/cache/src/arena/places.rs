//! Where the blocks of one object stand: a word for each, read and written without a lock.

use super::slot::{Resident, SlotRef};
use super::{Arena, Lease, Pinned, SizeClass};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The blocks of an object in the arena. They leave with it.
#[derive(Debug)]
pub(crate) struct Places {
    arena: Arc<Arena>,
    /// 0 or a [`SlotRef`].
    words: Box<[AtomicU64]>,
}

impl Places {
    /// Of an object with so many blocks, none of them there.
    pub(crate) fn new(arena: &Arc<Arena>, blocks: u64) -> Arc<Self> {
        let words = (0..blocks).map(|_| AtomicU64::new(0)).collect();
        Arc::new(Self { arena: Arc::clone(arena), words })
    }

    pub(super) fn arena(&self) -> &Arena {
        &self.arena
    }

    /// Room for a block of `len` bytes, for the caller alone; `None` when there is none.
    pub(crate) fn lease(self: &Arc<Self>, block: u32, len: usize) -> Option<Lease> {
        let class = SizeClass::of(len).filter(|_| (block as usize) < self.words.len())?;
        let page = self.arena.take(class)?;
        Some(Lease::new(Arc::clone(self), block, page, class, len))
    }

    /// The block, if it is there. No lock is taken.
    pub(crate) fn pin(self: &Arc<Self>, block: u32) -> Option<Pinned> {
        let word = self.words.get(block as usize)?;
        let at = SlotRef::from_word(word.load(Ordering::Acquire))?;
        let is_pinned = self.arena.slot(at.page).pins.pin(at.generation);
        is_pinned.then(|| Pinned::adopt(Arc::clone(self), at.page))
    }

    /// Makes a leased block, which holds `len` bytes now, visible to [`Places::pin`]. At
    /// most one lease of a block may come here at a time; a second would take the place of
    /// the first, whose room came back only by eviction.
    pub(super) fn settle(
        self: &Arc<Self>,
        block: u32,
        page: u32,
        class: SizeClass,
        len: u32,
    ) -> (Pinned, Resident) {
        let generation = self.arena.slot(page).publish(len);
        let pinned = Pinned::adopt(Arc::clone(self), page);
        let at = SlotRef { page, generation };
        self.arena.resident_bytes.fetch_add(class.bytes() as u64, Ordering::Relaxed);
        self.words[block as usize].store(at.to_word(), Ordering::Release);
        (pinned, Resident { places: Arc::downgrade(self), block, at, class })
    }

    /// Takes a block back unless it is pinned; `true` when it is not there any more.
    pub(super) fn evict(&self, resident: &Resident) -> bool {
        if !self.arena.slot(resident.at.page).pins.retire(resident.at.generation) {
            return false;
        }
        if let Some(word) = self.words.get(resident.block as usize) {
            // Not ours any more when the block has come back in another slot meanwhile.
            let ours = resident.at.to_word();
            let _ = word.compare_exchange(ours, 0, Ordering::Relaxed, Ordering::Relaxed);
        }
        self.free(resident.at.page, resident.class);
        true
    }

    fn free(&self, page: u32, class: SizeClass) {
        self.arena.resident_bytes.fetch_sub(class.bytes() as u64, Ordering::Relaxed);
        self.arena.give_back(page, class);
    }
}

impl Drop for Places {
    /// The last who had the object has gone, and with it every pin: each holds an `Arc` of
    /// this.
    fn drop(&mut self) {
        for word in &self.words {
            let Some(at) = SlotRef::from_word(word.load(Ordering::Relaxed)) else { continue };
            let slot = self.arena.slot(at.page);
            let class = SizeClass::of(slot.len());
            if let Some(class) = class.filter(|_| slot.pins.retire(at.generation)) {
                self.free(at.page, class);
            }
        }
    }
}
