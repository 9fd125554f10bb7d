//! What is known of a block without a lock, and how a shared one is taken back.

use super::pins::Pins;
use super::{Places, SizeClass};
use std::sync::Weak;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

/// Hits beyond this add nothing: three rounds through the main queue are enough.
const MAX_HITS: u8 = 3;

/// A block, as its first page tells of it. 16 bytes a page: 0.4 % of the arena.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) pins: Pins,
    /// How many bytes of it are content; written before it is shared.
    len: AtomicU32,
    hits: AtomicU8,
}

impl Slot {
    pub(super) fn new() -> Self {
        Self { pins: Pins::new(), len: AtomicU32::new(0), hits: AtomicU8::new(0) }
    }

    /// Shares a block of so many bytes, pinned once; gives its generation.
    pub(super) fn publish(&self, len: u32) -> u64 {
        self.len.store(len, Ordering::Relaxed);
        self.hits.store(0, Ordering::Relaxed);
        self.pins.publish()
    }

    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed) as usize
    }

    /// Counts a hit. Two at once may count as one; once it has enough it is only read, so
    /// that a hot block's line stays with every core.
    pub(super) fn hit(&self) {
        let hits = self.hits.load(Ordering::Relaxed);
        if hits < MAX_HITS {
            self.hits.store(hits + 1, Ordering::Relaxed);
        }
    }
}

/// Where a shared block stands: its first page, and its generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SlotRef {
    pub(super) page: u32,
    pub(super) generation: u64,
}

impl SlotRef {
    /// Its first page, counted through the whole arena.
    pub(crate) fn page(self) -> u32 {
        self.page
    }

    /// As one word, never 0: generations of shared blocks are odd.
    pub(super) fn to_word(self) -> u64 {
        self.generation << 32 | u64::from(self.page)
    }

    /// Back from a word; `None` from 0, which stands for no block.
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is the page")]
    pub(super) fn from_word(word: u64) -> Option<Self> {
        (word != 0).then_some(Self { page: word as u32, generation: word >> 32 })
    }
}

/// A shared block in the books of whoever decides what leaves.
#[derive(Debug)]
pub(crate) struct Resident {
    pub(super) places: Weak<Places>,
    pub(super) block: u32,
    pub(super) at: SlotRef,
    pub(super) class: SizeClass,
}

/// What came of an eviction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Evicted {
    /// Its room is free.
    Freed,
    /// Somebody is reading it.
    Pinned,
}

impl Resident {
    /// Where it stands.
    pub(crate) fn at(&self) -> SlotRef {
        self.at
    }

    /// What it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.class.bytes()
    }

    /// Whether its object is still there; blocks leave with their object.
    pub(crate) fn is_there(&self) -> bool {
        self.places.strong_count() > 0
    }

    /// Whether somebody was reading it a moment ago.
    pub(crate) fn is_pinned(&self) -> bool {
        self.slot(|slot| slot.pins.is_pinned()).unwrap_or(false)
    }

    /// How often it was asked for since [`Resident::set_hits`].
    pub(crate) fn hits(&self) -> u8 {
        self.slot(|slot| slot.hits.load(Ordering::Relaxed)).unwrap_or(0)
    }

    /// Begins to count from here.
    pub(crate) fn set_hits(&self, hits: u8) {
        self.slot(|slot| slot.hits.store(hits, Ordering::Relaxed));
    }

    /// Takes the block back, unless somebody is reading it.
    pub(crate) fn evict(&self) -> Evicted {
        let gone = self.places.upgrade().is_none_or(|places| places.evict(self));
        if gone { Evicted::Freed } else { Evicted::Pinned }
    }

    fn slot<T>(&self, look: impl FnOnce(&Slot) -> T) -> Option<T> {
        self.places.upgrade().map(|places| look(places.arena().slot(self.at.page)))
    }
}
