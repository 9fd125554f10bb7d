//! The RAM tier: verified blocks in an arena, evicted by S3-FIFO.
//!
//! A hit is not here at all: an object's own [`Places`] answer it without a lock. What is
//! here concerns misses: finding room for a block that is to be read, and taking it up when
//! it has been. [`queues`] decides who leaves, [`residents`] knows who is where.

mod ghosts;
mod queues;
mod residents;
#[cfg(test)]
mod tests;

use crate::arena::{self, Arena, Evicted, HeapBuffer, Lease, Places, Region, Shortfall};
use crate::arena::{Resident, SizeClass, SlotRef};
use crate::block::{Checked, Filling, VerifiedBlock};
use queues::{Queues, Step};
use residents::BlockKey;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many blocks are looked at to make room for one. A look takes some 50 ns, so that
/// the lock is held for 50 µs at most, where a read takes longer; and a block that finds no
/// room after so many is sent from the heap and not kept, which costs nobody anything.
const MOST_STEPS: usize = 1024;

/// How often an area is looked at whether it can be cleared for one block: 64 pages each.
const MOST_AREAS: usize = 16;

/// The small queue's share of the budget: the paper's tenth.
const SMALL_SHARE: usize = 10;

/// What the RAM tier is and does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RamStats {
    /// What it may hold.
    pub capacity_bytes: u64,
    /// What it holds, in whole blocks.
    pub used_bytes: u64,
    /// Reads that found no room, because all of it was being sent: their blocks were
    /// served from the heap and not kept.
    pub bypassed: u64,
}

/// The tier.
#[derive(Debug)]
pub(crate) struct RamTier {
    arena: Arc<Arena>,
    queues: Mutex<Queues>,
    bypassed: AtomicU64,
}

impl RamTier {
    /// Maps the memory, near to each NUMA node in equal parts.
    ///
    /// # Errors
    /// When the kernel has no memory to map.
    pub(crate) fn open(budget_bytes: u64) -> io::Result<Self> {
        let budget_bytes = usize::try_from(budget_bytes).map_err(io::Error::other)?;
        let nodes = arena::nodes(Path::new(arena::NODES_FOLDER));
        Ok(Self::over(Arena::map(budget_bytes, &nodes)?))
    }

    fn over(arena: Arc<Arena>) -> Self {
        let queues = Mutex::new(Queues::new(arena.len() / SMALL_SHARE));
        Self { arena, queues, bypassed: AtomicU64::new(0) }
    }

    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn stats(&self) -> RamStats {
        RamStats {
            capacity_bytes: self.arena.len() as u64,
            used_bytes: self.arena.resident_bytes(),
            bypassed: self.bypassed.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn regions(&self) -> Vec<Region> {
        self.arena.regions()
    }

    pub(crate) fn shortfalls(&self) -> &[(u32, Shortfall)] {
        self.arena.shortfalls()
    }

    /// Where the blocks of an object will stand that has so many of them.
    pub(crate) fn places(&self, blocks: u64) -> Arc<Places> {
        Places::new(&self.arena, blocks)
    }

    /// Room to read a block into: in the arena, after others have left if need be, else on
    /// the heap.
    pub(crate) fn room(&self, places: &Arc<Places>, block: u32, len: usize) -> Filling {
        if let Some(lease) = places.lease(block, len).or_else(|| self.make_room(places, block, len))
        {
            return Filling::leased(lease, len);
        }
        if self.arena.len() > 0 {
            self.bypassed.fetch_add(1, Ordering::Relaxed);
        }
        Filling::on_heap(HeapBuffer::new(len), len)
    }

    /// Has blocks leave in their turn until there is room. Where small blocks have left and
    /// their neighbours have not, the room may never come together: once as much has left
    /// as is wanted, the neighbours of the next leave with it.
    fn make_room(&self, places: &Arc<Places>, block: u32, len: usize) -> Option<Lease> {
        let class = SizeClass::of(len)?;
        let mut queues = self.queues();
        let (mut other_first, mut freed_bytes, mut areas) = (false, 0, 0);
        for _ in 0..MOST_STEPS {
            match queues.step(other_first) {
                Step::Freed { at, bytes } => {
                    freed_bytes += bytes;
                    if freed_bytes >= class.bytes() && areas < MOST_AREAS {
                        areas += 1;
                        self.clear_around(&mut queues, at, class);
                    }
                    let lease = places.lease(block, len);
                    if lease.is_some() {
                        return lease;
                    }
                }
                Step::Passed => {}
                // A queue full of blocks being sent must not hide the other.
                Step::Pinned => other_first = !other_first,
                Step::Empty => break,
            }
        }
        None
    }

    /// Has everybody leave who stands where a block of this class would, around `at`; nobody
    /// if somebody there cannot.
    fn clear_around(&self, queues: &mut Queues, at: SlotRef, class: SizeClass) {
        let Some((pages, free_bytes)) = self.arena.around(at, class) else { return };
        let standing: Vec<&Resident> = queues.residents.within(pages).collect();
        let known_bytes: usize = standing.iter().map(|resident| resident.bytes()).sum();
        // What is neither free nor known is being read into.
        let is_clear_to_go = free_bytes + known_bytes == class.bytes();
        if is_clear_to_go && !standing.iter().any(|resident| resident.is_pinned()) {
            let leaving: Vec<SlotRef> = standing.iter().map(|resident| resident.at()).collect();
            leaving.into_iter().all(|at| queues.evict(at) == Evicted::Freed);
        }
    }

    /// Shares a block whose checksum was compared, and keeps it if it stands in the arena.
    pub(crate) fn keep(&self, key: BlockKey, checked: Checked) -> VerifiedBlock {
        match checked.share() {
            (block, Some(resident)) => {
                self.queues().insert(key, resident);
                block
            }
            (block, None) => block,
        }
    }
}
