//! Which slices of an object are there, and what their blocks must look like.
//!
//! Shared by everybody who has the object in hand: one intake adds slices, readers look.

use crate::object::block_count;
use crate::read::Pending;
use crate::table::{Line, SLICE_BLOCKS};
use contract::slices::slice_count;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is known of an object's content.
#[derive(Debug)]
pub(crate) struct Sums {
    slices: u32,
    /// One CRC-32C for each block.
    blocks: Box<[AtomicU32]>,
    /// `None` for an object that was whole when it was found.
    coming: Option<Box<Coming>>,
}

/// More of an object that was not whole when this began.
#[derive(Debug, Default)]
struct Coming {
    /// A bit for each slice that may be read.
    present: Box<[AtomicU64]>,
    is_whole: AtomicBool,
    /// Somebody brings it.
    is_claimed: AtomicBool,
    /// What this process found on a disk may be a leftover of a crash; what it wrote is not.
    is_trusted: AtomicBool,
    waiting: Mutex<Waiting>,
}

/// Readers of blocks that have not come yet.
#[derive(Debug, Default)]
struct Waiting {
    /// Whether anything is coming.
    is_open: bool,
    blocks: HashMap<u32, Arc<Pending>>,
}

/// What asking for a block that is not there comes to.
pub(crate) enum Wait {
    /// It has come meanwhile.
    Came,
    /// It will, or the reader will hear that it will not.
    For(Arc<Pending>),
    /// Nobody brings it, or there is no such block.
    InVain,
}

impl Sums {
    fn new(size_bytes: u64, coming: Option<Coming>) -> Self {
        let blocks = (0..block_count(size_bytes)).map(|_| AtomicU32::new(0)).collect();
        Self { slices: slice_count(size_bytes), blocks, coming: coming.map(Box::new) }
    }

    /// Of an object that is whole.
    pub(crate) fn whole(size_bytes: u64, lines: impl Iterator<Item = Line>) -> Self {
        let sums = Self::new(size_bytes, None);
        (0..).zip(lines).for_each(|(slice, line)| sums.note(slice, &line));
        sums
    }

    /// Of an object of which nothing may be read yet. `is_trusted`: this process has begun it.
    pub(crate) fn none(size_bytes: u64, is_trusted: bool) -> Self {
        let words = slice_count(size_bytes).div_ceil(64);
        let coming = Coming {
            present: (0..words).map(|_| AtomicU64::new(0)).collect(),
            is_trusted: AtomicBool::new(is_trusted),
            ..Coming::default()
        };
        Self::new(size_bytes, Some(coming))
    }

    fn note(&self, slice: u32, line: &Line) {
        let first = slice as usize * SLICE_BLOCKS as usize;
        for (block, checksum) in self.blocks.iter().skip(first).zip(line.checksums) {
            block.store(checksum, Ordering::Relaxed);
        }
    }

    /// How many slices the object has.
    pub(crate) fn slices(&self) -> u32 {
        self.slices
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.coming.as_ref().is_none_or(|coming| coming.is_whole.load(Ordering::Acquire))
    }

    /// Whether a slice may be read.
    pub(crate) fn has(&self, slice: u32) -> bool {
        let Some(coming) = &self.coming else { return slice < self.slices };
        let word = coming.present.get(slice as usize / 64);
        word.is_some_and(|word| word.load(Ordering::Acquire) & (1 << (slice % 64)) != 0)
    }

    /// What a block must look like; `None` while it may not be read.
    pub(crate) fn checksum(&self, block: u32) -> Option<u32> {
        let checksum = self.blocks.get(block as usize)?;
        self.has(block / SLICE_BLOCKS).then(|| checksum.load(Ordering::Relaxed))
    }

    /// One at a time brings it.
    pub(crate) fn claim(&self) -> bool {
        let claimed = |coming: &Coming| !coming.is_claimed.swap(true, Ordering::AcqRel);
        self.coming.as_deref().is_some_and(claimed)
    }

    /// Whether what the disk says of it was written by this process, or read back.
    pub(crate) fn is_trusted(&self) -> bool {
        self.coming.as_ref().is_none_or(|coming| coming.is_trusted.load(Ordering::Relaxed))
    }

    /// From now on readers may wait for what is not there, and need not ask twice.
    pub(crate) fn open(&self) {
        let Some(coming) = &self.coming else { return };
        coming.is_trusted.store(true, Ordering::Relaxed);
        coming.waiting().is_open = true;
    }

    /// Nobody brings it any more; gives those who wait.
    pub(crate) fn close(&self) -> Vec<(u32, Arc<Pending>)> {
        let Some(coming) = &self.coming else { return Vec::new() };
        let mut waiting = coming.waiting();
        waiting.is_open = false;
        coming.is_claimed.store(false, Ordering::Release);
        std::mem::take(&mut waiting.blocks).into_iter().collect()
    }

    /// A slice may be read from here on; gives those who wait for its blocks.
    pub(crate) fn add(&self, slice: u32, line: &Line) -> Vec<(u32, Arc<Pending>)> {
        let Some(coming) = &self.coming else { return Vec::new() };
        self.note(slice, line);
        let mut waiting = coming.waiting();
        if let Some(word) = coming.present.get(slice as usize / 64) {
            word.fetch_or(1 << (slice % 64), Ordering::Release);
        }
        let blocks = (slice * SLICE_BLOCKS..).take(SLICE_BLOCKS as usize);
        blocks.filter_map(|block| waiting.blocks.remove_entry(&block)).collect()
    }

    /// All slices are there and stay.
    pub(crate) fn complete(&self) {
        if let Some(coming) = &self.coming {
            coming.is_whole.store(true, Ordering::Release);
        }
    }

    /// Whether somebody brings what is missing.
    pub(crate) fn is_coming(&self) -> bool {
        self.coming.as_ref().is_some_and(|coming| coming.waiting().is_open)
    }

    /// Joins those who wait for a block.
    pub(crate) fn wait(&self, block: u32) -> Wait {
        let exists = (block as usize) < self.blocks.len();
        let Some(coming) = self.coming.as_ref().filter(|_| exists) else { return Wait::InVain };
        let mut waiting = coming.waiting();
        if self.has(block / SLICE_BLOCKS) {
            return Wait::Came;
        }
        if !waiting.is_open {
            return Wait::InVain;
        }
        Wait::For(Arc::clone(waiting.blocks.entry(block).or_default()))
    }
}

impl Coming {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
