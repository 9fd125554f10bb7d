//! Which slices of an object are there, and what their blocks must look like.
//!
//! Shared by everybody who has the object in hand: one intake adds slices, readers look.

use crate::object::block_count;
use crate::read::Pending;
use crate::table::{Line, SLICE_BLOCKS};
use arc_swap::ArcSwapOption;
use contract::slices::{SliceHashes, slice_count};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// What is known of an object's content.
#[derive(Debug)]
pub(crate) struct Sums {
    blocks: Checksums,
    /// Of an object that is whole, and that nobody brings, there is no more.
    coming: ArcSwapOption<Coming>,
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

/// More of an object that is not whole, or about to be published.
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
        Self { blocks, coming: ArcSwapOption::new(coming.map(Arc::new)) }
    }

    /// What `look` finds in more of it, where there is more.
    fn more<T>(&self, look: impl FnOnce(&Coming) -> T) -> Option<T> {
        self.coming.load().as_deref().map(look)
    }

    /// Of an object that is whole.
    pub(crate) fn whole(size_bytes: u64, lines: impl Iterator<Item = Line>) -> Self {
        let sums = Self::new(size_bytes, None);
        (0..).zip(lines).for_each(|(slice, line)| sums.note(slice, &line));
        sums
    }

    /// The same, by the checksums of its blocks; `None` where these are not as many as it has.
    pub(crate) fn registered(size_bytes: u64, checksums: &[u32]) -> Option<Self> {
        let sums = Self::new(size_bytes, None);
        let blocks = sums.blocks.as_slice();
        for (block, checksum) in blocks.iter().zip(checksums) {
            block.store(*checksum, Ordering::Relaxed);
        }
        (blocks.len() == checksums.len()).then_some(sums)
    }

    /// Of all blocks, of an object that is whole.
    pub(crate) fn checksums(&self) -> impl Iterator<Item = u32> {
        self.blocks.as_slice().iter().map(|block| block.load(Ordering::Relaxed))
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
        self.more(Coming::is_whole).unwrap_or(true)
    }

    /// Whether a slice may be read.
    pub(crate) fn has(&self, slice: u32) -> bool {
        self.more(|coming| coming.has(slice)).unwrap_or_else(|| slice < self.slices())
    }

    /// Whether all slices may be read, of an object that has some.
    pub(crate) fn has_all(&self) -> bool {
        self.slices() > 0 && (0..self.slices()).all(|slice| self.has(slice))
    }

    /// What a block must look like; `None` while it may not be read.
    pub(crate) fn checksum(&self, block: u32) -> Option<u32> {
        let checksum = self.blocks.as_slice().get(block as usize)?;
        self.has(block / SLICE_BLOCKS).then(|| checksum.load(Ordering::Relaxed))
    }

    /// One at a time brings it, unless it has come.
    pub(crate) fn claim(&self) -> bool {
        let claim = |coming: &Coming| {
            let _waiting = coming.waiting();
            !coming.is_whole() && !coming.is_claimed.swap(true, Ordering::AcqRel)
        };
        self.more(claim).unwrap_or(false)
    }

    /// Whether what the disk says of it was written by this process, or read back.
    pub(crate) fn is_trusted(&self) -> bool {
        self.more(|coming| coming.is_trusted.load(Ordering::Relaxed)).unwrap_or(true)
    }

    /// From now on readers may wait for what is not there, and need not ask twice.
    pub(crate) fn open(&self) {
        self.more(|coming| {
            coming.is_trusted.store(true, Ordering::Relaxed);
            coming.waiting().is_open = true;
        });
    }

    /// Nobody brings it any more; gives those who wait. If all of it has come, it is as any that
    /// was found at start.
    pub(crate) fn close(&self) -> Waiters {
        let close = |coming: &Coming| {
            let mut waiting = coming.waiting();
            waiting.is_open = false;
            coming.is_claimed.store(false, Ordering::Release);
            if coming.is_whole() {
                self.coming.store(None);
            }
            std::mem::take(&mut waiting.blocks).into_iter().collect()
        };
        self.more(close).unwrap_or_default()
    }

    /// A slice may be read from here on; gives those who wait for its blocks.
    pub(crate) fn add(&self, slice: u32, line: &Line) -> Waiters {
        let add = |coming: &Coming| {
            self.note(slice, line);
            let mut waiting = coming.waiting();
            if let Some(word) = coming.present.get(slice as usize / 64) {
                word.fetch_or(1 << (slice % 64), Ordering::Release);
            }
            waiting.take(slice)
        };
        self.more(add).unwrap_or_default()
    }

    /// All slices are there and stay.
    pub(crate) fn complete(&self) {
        self.more(|coming| {
            coming.is_whole.store(true, Ordering::Release);
            coming.has_lost.store(false, Ordering::Release);
        });
    }

    /// A slice cannot be read: it has to come again. `false` when it was missing already.
    pub(crate) fn lose(&self, slice: u32) -> bool {
        loop {
            let coming = self.unsettled();
            // Together with the bits, or nobody would know which came first.
            let _waiting = coming.waiting();
            // Not what counts any more where somebody has closed it meanwhile.
            if self.coming.load().as_ref().is_some_and(|now| Arc::ptr_eq(now, &coming)) {
                return coming.lose(slice);
            }
        }
    }

    /// More of it, and from here on there is.
    fn unsettled(&self) -> Arc<Coming> {
        if let Some(coming) = self.coming.load_full() {
            return coming;
        }
        let whole = Arc::new(Coming::of(self.slices(), u64::MAX));
        let before = self.coming.compare_and_swap(&None::<Arc<Coming>>, Some(Arc::clone(&whole)));
        before.as_ref().map_or(whole, Arc::clone)
    }

    /// Nothing of it is there.
    pub(crate) fn forget(&self) {
        self.more(|coming| {
            let _waiting = coming.waiting();
            coming.present.iter().for_each(|word| word.store(0, Ordering::Release));
            coming.has_lost.store(false, Ordering::Release);
        });
    }

    /// Whether it was whole before it lost a slice: what is not there has a line all the same.
    pub(crate) fn has_lost(&self) -> bool {
        self.more(|coming| coming.has_lost.load(Ordering::Acquire)).unwrap_or(false)
    }

    /// Whether somebody brings what is missing.
    pub(crate) fn is_coming(&self) -> bool {
        self.more(|coming| coming.waiting().is_open).unwrap_or(false)
    }

    /// Whether what is missing comes from beyond the site.
    pub(crate) fn is_from_beyond(&self) -> bool {
        self.more(|coming| coming.is_from_beyond.load(Ordering::Acquire)).unwrap_or(true)
    }

    pub(crate) fn set_from_beyond(&self, is_from_beyond: bool) {
        self.more(|coming| coming.is_from_beyond.store(is_from_beyond, Ordering::Release));
    }

    /// What its slices hash to, if an intake has learned it before.
    pub(crate) fn hashes(&self) -> Option<SliceHashes> {
        self.more(|coming| coming.hashes.get().cloned()).flatten()
    }

    /// Whoever goes on with it need not ask again.
    pub(crate) fn learn(&self, hashes: &SliceHashes) {
        self.more(|coming| drop(coming.hashes.set(hashes.clone())));
    }

    /// Those who wait for blocks of a slice.
    pub(crate) fn take_waiting(&self, slice: u32) -> Waiters {
        self.more(|coming| coming.waiting().take(slice)).unwrap_or_default()
    }

    /// Nothing comes any more, and nobody can wait for it; gives those who do.
    pub(crate) fn stop(&self) -> Waiters {
        let stop = |coming: &Coming| {
            let mut waiting = coming.waiting();
            waiting.is_stopped = true;
            std::mem::take(&mut waiting.blocks).into_iter().collect()
        };
        self.more(stop).unwrap_or_default()
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.more(|coming| coming.waiting().is_stopped).unwrap_or(false)
    }

    /// Joins those who wait for a block that is brought because they do.
    pub(crate) fn wait_received(&self, block: u32) -> Wait {
        self.join(block, |waiting| !waiting.is_stopped)
    }

    /// Joins those who wait for a block.
    pub(crate) fn wait(&self, block: u32) -> Wait {
        self.join(block, |waiting| waiting.is_open)
    }

    fn join(&self, block: u32, may_come: impl Fn(&Waiting) -> bool) -> Wait {
        if block as usize >= self.blocks.as_slice().len() {
            return Wait::InVain;
        }
        let join = |coming: &Coming| {
            let mut waiting = coming.waiting();
            match coming.has(block / SLICE_BLOCKS) {
                true => Wait::Came,
                false if may_come(&waiting) => {
                    Wait::For(Arc::clone(waiting.blocks.entry(block).or_default()))
                }
                false => Wait::InVain,
            }
        };
        self.more(join).unwrap_or(Wait::Came)
    }
}

impl Coming {
    /// With the same bits for all words of slices.
    fn of(slices: u32, bits: u64) -> Self {
        let present = (0..slices.div_ceil(64)).map(|_| AtomicU64::new(bits)).collect();
        let is_whole = AtomicBool::new(bits != 0);
        Self { present, is_whole, is_trusted: AtomicBool::new(true), ..Self::default() }
    }

    fn is_whole(&self) -> bool {
        self.is_whole.load(Ordering::Acquire)
    }

    fn has(&self, slice: u32) -> bool {
        let word = self.present.get(slice as usize / 64);
        word.is_some_and(|word| word.load(Ordering::Acquire) & (1 << (slice % 64)) != 0)
    }

    fn lose(&self, slice: u32) -> bool {
        let bit = 1 << (slice % 64);
        let word = self.present.get(slice as usize / 64);
        let was_there = word.map(|word| word.fetch_and(!bit, Ordering::AcqRel) & bit != 0);
        let was_whole = self.is_whole.swap(false, Ordering::AcqRel);
        if was_whole {
            self.has_lost.store(true, Ordering::Release);
        }
        // Of an object without a byte nothing but its file can be lost.
        was_there.unwrap_or(was_whole)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Those who wait for blocks of a slice.
    fn take(&mut self, slice: u32) -> Waiters {
        let blocks = (slice * SLICE_BLOCKS..).take(SLICE_BLOCKS as usize);
        blocks.filter_map(|block| self.blocks.remove_entry(&block)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_without_a_byte_can_be_lost_and_come_again() {
        let sums = Sums::whole(0, std::iter::empty());
        assert!(sums.is_whole() && !sums.claim(), "nothing is missing");
        assert!(sums.lose(0) && !sums.is_whole() && sums.has_lost());
        assert!(!sums.lose(0), "it is known");
        assert!(sums.claim());
        sums.complete();
        assert!(sums.is_whole());
    }
}
