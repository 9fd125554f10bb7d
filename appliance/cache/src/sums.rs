//! Which slices of an object are there, and what their blocks must look like.
//!
//! Shared by everybody who has the object in hand: one intake adds slices, readers look.

use crate::object::block_count;
use crate::read::Pending;
use crate::table::{Line, SLICE_BLOCKS};
use contract::slices::{SliceHashes, slice_count};
use once_cell::race::OnceBox;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// What is known of an object's content.
#[derive(Debug)]
pub(crate) struct Sums {
    blocks: Checksums,
    /// Empty for an object that was whole when it was found, and is.
    coming: OnceBox<Coming>,
}

/// One CRC-32C for each block. Many objects have a single block, and no list for it.
#[derive(Debug)]
enum Checksums {
    One(AtomicU32),
    Many(Box<[AtomicU32]>),
}

impl Checksums {
    fn of(blocks: u64) -> Self {
        match blocks {
            1 => Self::One(AtomicU32::new(0)),
            _ => Self::Many((0..blocks).map(|_| AtomicU32::new(0)).collect()),
        }
    }

    fn as_slice(&self) -> &[AtomicU32] {
        match self {
            Self::One(checksum) => std::slice::from_ref(checksum),
            Self::Many(checksums) => checksums,
        }
    }
}

/// More of an object that was not whole when this began.
#[derive(Debug, Default)]
struct Coming {
    /// A bit for each slice that may be read.
    present: Box<[AtomicU64]>,
    is_whole: AtomicBool,
    /// It was whole, and lost a slice: what its lines say is not all.
    has_lost: AtomicBool,
    /// Somebody brings it.
    is_claimed: AtomicBool,
    /// What this process found on a disk may be a leftover of a crash; what it wrote is not.
    is_trusted: AtomicBool,
    /// No sibling has to get it first.
    is_from_beyond: AtomicBool,
    /// What its slices hash to, once that is known.
    hashes: OnceLock<SliceHashes>,
    waiting: Mutex<Waiting>,
}

/// Readers of blocks that have not come yet.
#[derive(Debug, Default)]
struct Waiting {
    /// Whether anything is coming.
    is_open: bool,
    /// Nothing comes any more, ever.
    is_stopped: bool,
    blocks: BTreeMap<u32, Arc<Pending>>,
}

/// Who waits for which blocks, in their order.
pub(crate) type Waiters = Vec<(u32, Arc<Pending>)>;

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
        let blocks = Checksums::of(block_count(size_bytes));
        let coming = coming.map(Box::new).map_or_else(OnceBox::new, OnceBox::with_value);
        Self { blocks, coming }
    }

    /// Of an object that is whole.
    pub(crate) fn whole(size_bytes: u64, lines: impl Iterator<Item = Line>) -> Self {
        let sums = Self::new(size_bytes, None);
        (0..).zip(lines).for_each(|(slice, line)| sums.note(slice, &line));
        sums
    }

    /// Of an object of which nothing may be read yet. `is_trusted`: this process has begun it.
    pub(crate) fn none(size_bytes: u64, is_trusted: bool) -> Self {
        let coming = Coming::of(slice_count(size_bytes), 0);
        coming.is_trusted.store(is_trusted, Ordering::Relaxed);
        Self::new(size_bytes, Some(coming))
    }

    /// Of an object of which an earlier process has left these slices, received and perhaps torn:
    /// blocks are compared when they are read.
    pub(crate) fn found(size_bytes: u64, lines: &[Option<Line>]) -> Self {
        let sums = Self::none(size_bytes, false);
        for (slice, line) in (0..).zip(lines) {
            line.iter().for_each(|line| drop(sums.add(slice, line)));
        }
        sums
    }

    fn note(&self, slice: u32, line: &Line) {
        let first = slice as usize * SLICE_BLOCKS as usize;
        for (block, checksum) in self.blocks.as_slice().iter().skip(first).zip(line.checksums) {
            block.store(checksum, Ordering::Relaxed);
        }
    }

    /// How many slices the object has.
    pub(crate) fn slices(&self) -> u32 {
        u32::try_from(self.blocks.as_slice().len()).unwrap_or(u32::MAX).div_ceil(SLICE_BLOCKS)
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.coming.get().is_none_or(|coming| coming.is_whole.load(Ordering::Acquire))
    }

    /// Whether a slice may be read.
    pub(crate) fn has(&self, slice: u32) -> bool {
        let Some(coming) = self.coming.get() else { return slice < self.slices() };
        let word = coming.present.get(slice as usize / 64);
        word.is_some_and(|word| word.load(Ordering::Acquire) & (1 << (slice % 64)) != 0)
    }

    /// What a block must look like; `None` while it may not be read.
    pub(crate) fn checksum(&self, block: u32) -> Option<u32> {
        let checksum = self.blocks.as_slice().get(block as usize)?;
        self.has(block / SLICE_BLOCKS).then(|| checksum.load(Ordering::Relaxed))
    }

    /// One at a time brings it.
    pub(crate) fn claim(&self) -> bool {
        let claimed = |coming: &Coming| !coming.is_claimed.swap(true, Ordering::AcqRel);
        self.coming.get().is_some_and(|coming| claimed(coming))
    }

    /// Whether what the disk says of it was written by this process, or read back.
    pub(crate) fn is_trusted(&self) -> bool {
        self.coming.get().is_none_or(|coming| coming.is_trusted.load(Ordering::Relaxed))
    }

    /// From now on readers may wait for what is not there, and need not ask twice.
    pub(crate) fn open(&self) {
        let Some(coming) = self.coming.get() else { return };
        coming.is_trusted.store(true, Ordering::Relaxed);
        coming.waiting().is_open = true;
    }

    /// Nobody brings it any more; gives those who wait.
    pub(crate) fn close(&self) -> Vec<(u32, Arc<Pending>)> {
        let Some(coming) = self.coming.get() else { return Vec::new() };
        let mut waiting = coming.waiting();
        waiting.is_open = false;
        coming.is_claimed.store(false, Ordering::Release);
        std::mem::take(&mut waiting.blocks).into_iter().collect()
    }

    /// A slice may be read from here on; gives those who wait for its blocks.
    pub(crate) fn add(&self, slice: u32, line: &Line) -> Vec<(u32, Arc<Pending>)> {
        let Some(coming) = self.coming.get() else { return Vec::new() };
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
        if let Some(coming) = self.coming.get() {
            coming.is_whole.store(true, Ordering::Release);
            coming.has_lost.store(false, Ordering::Release);
        }
    }

    /// A slice cannot be read: it has to come again. `false` when it was missing already.
    pub(crate) fn lose(&self, slice: u32) -> bool {
        let whole = || Box::new(Coming::of(self.slices(), u64::MAX));
        let coming = self.coming.get_or_init(whole);
        // Together with the bits, or nobody would know which came first.
        let _waiting = coming.waiting();
        let Some(word) = coming.present.get(slice as usize / 64) else { return false };
        let bit = 1 << (slice % 64);
        let was_there = word.fetch_and(!bit, Ordering::AcqRel) & bit != 0;
        if coming.is_whole.swap(false, Ordering::AcqRel) {
            coming.has_lost.store(true, Ordering::Release);
        }
        was_there
    }

    /// Nothing of it is there.
    pub(crate) fn forget(&self) {
        if let Some(coming) = self.coming.get() {
            let _waiting = coming.waiting();
            coming.present.iter().for_each(|word| word.store(0, Ordering::Release));
            coming.has_lost.store(false, Ordering::Release);
        }
    }

    /// Whether it was whole before it lost a slice: what is not there has a line all the same.
    pub(crate) fn has_lost(&self) -> bool {
        self.coming.get().is_some_and(|coming| coming.has_lost.load(Ordering::Acquire))
    }

    /// Whether somebody brings what is missing.
    pub(crate) fn is_coming(&self) -> bool {
        self.coming.get().is_some_and(|coming| coming.waiting().is_open)
    }

    /// Whether what is missing comes from beyond the site.
    pub(crate) fn is_from_beyond(&self) -> bool {
        let from_beyond = |coming: &Coming| coming.is_from_beyond.load(Ordering::Acquire);
        self.coming.get().is_none_or(|coming| from_beyond(coming))
    }

    pub(crate) fn set_from_beyond(&self, is_from_beyond: bool) {
        if let Some(coming) = self.coming.get() {
            coming.is_from_beyond.store(is_from_beyond, Ordering::Release);
        }
    }

    /// What its slices hash to, if an intake has learned it before.
    pub(crate) fn hashes(&self) -> Option<SliceHashes> {
        self.coming.get().and_then(|coming| coming.hashes.get()).cloned()
    }

    /// Whoever goes on with it need not ask again.
    pub(crate) fn learn(&self, hashes: &SliceHashes) {
        if let Some(coming) = self.coming.get() {
            coming.hashes.get_or_init(|| hashes.clone());
        }
    }

    /// Those who wait for blocks of a slice.
    pub(crate) fn take_waiting(&self, slice: u32) -> Waiters {
        let Some(coming) = self.coming.get() else { return Vec::new() };
        let mut waiting = coming.waiting();
        let blocks = (slice * SLICE_BLOCKS..).take(SLICE_BLOCKS as usize);
        blocks.filter_map(|block| waiting.blocks.remove_entry(&block)).collect()
    }

    /// Nothing comes any more, and nobody can wait for it; gives those who do.
    pub(crate) fn stop(&self) -> Waiters {
        let Some(coming) = self.coming.get() else { return Vec::new() };
        let mut waiting = coming.waiting();
        waiting.is_stopped = true;
        std::mem::take(&mut waiting.blocks).into_iter().collect()
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.coming.get().is_some_and(|coming| coming.waiting().is_stopped)
    }

    /// Joins those who wait for a block that is brought because they do.
    pub(crate) fn wait_received(&self, block: u32) -> Wait {
        let exists = (block as usize) < self.blocks.as_slice().len();
        let Some(coming) = self.coming.get().filter(|_| exists) else { return Wait::InVain };
        let mut waiting = coming.waiting();
        match self.has(block / SLICE_BLOCKS) {
            true => Wait::Came,
            false if waiting.is_stopped => Wait::InVain,
            false => Wait::For(Arc::clone(waiting.blocks.entry(block).or_default())),
        }
    }

    /// Joins those who wait for a block.
    pub(crate) fn wait(&self, block: u32) -> Wait {
        let exists = (block as usize) < self.blocks.as_slice().len();
        let Some(coming) = self.coming.get().filter(|_| exists) else { return Wait::InVain };
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
    /// With the same bits for all words of slices.
    fn of(slices: u32, bits: u64) -> Self {
        let present = (0..slices.div_ceil(64)).map(|_| AtomicU64::new(bits)).collect();
        let is_whole = AtomicBool::new(bits != 0);
        Self { present, is_whole, is_trusted: AtomicBool::new(true), ..Self::default() }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
