//! The memory that verified blocks stand in.
//!
//! One mapping for each NUMA node ([`mapping`]), cut into blocks of a few sizes
//! ([`buddy`]). A block is in one of three states, and each is a type or the lack of one:
//! free; a [`Lease`], which its owner alone may write; or shared, when an object's
//! [`Places`] tell where it is and whoever has a [`Pinned`] may read it. [`pins`] says how
//! it goes from one to the other without a lock. What is evicted when is not decided here
//! but in [`crate::ram`].
//!
//! This is the only place of the crate with `unsafe` in it.

mod buddy;
mod heap;
mod lease;
mod mapping;
mod numa;
mod pinned;
mod pins;
#[cfg(test)]
mod pins_under_loom;
mod places;
mod slice_buffer;
mod slot;
#[cfg(test)]
mod tests;

pub(crate) use buddy::{PAGE_BYTES, SizeClass};
pub(crate) use heap::HeapBuffer;
pub(crate) use lease::Lease;
pub use mapping::Shortfall;
pub(crate) use numa::NODES_FOLDER;
pub use numa::{Node, nodes};
pub(crate) use pinned::Pinned;
pub(crate) use places::Places;
pub use slice_buffer::SliceBuffer;
pub(crate) use slot::{Evicted, Resident, SlotRef};

/// What [`pins`] counts with; the model checker puts its own in place of it.
mod atomic {
    pub(super) use std::sync::atomic::{AtomicU64, Ordering};
}

use buddy::Buddy;
use mapping::Mapping;
use numa::Nearness;
use slot::Slot;
use std::io;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most that io_uring takes as one registered buffer.
const REGION_BYTES: usize = 1 << 30;

const _: () = assert!(REGION_BYTES.is_multiple_of(buddy::ROOT_BYTES), "no block straddles");

/// A piece of the arena, to be registered with a ring. Stays where it is as long as the
/// cache or a block of it is alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Where it begins, on a page.
    pub start: NonNull<u8>,
    /// How long it is: whole pages, at most 1 GiB.
    pub len: usize,
}

/// The part of the arena that is near some processors.
#[derive(Debug)]
struct NodeArena {
    mapping: Mapping,
    /// Pages are numbered through all nodes: this is its first.
    first_page: u32,
    /// Regions too.
    first_region: usize,
    free: Mutex<Buddy>,
}

/// All of it.
#[derive(Debug)]
pub(crate) struct Arena {
    nodes: Vec<NodeArena>,
    /// One for each page; that of a block's first page speaks for the block.
    slots: Box<[Slot]>,
    nearness: Nearness,
    /// Whose turn it is, for threads that are near to none.
    turn: AtomicUsize,
    resident_bytes: AtomicU64,
    shortfalls: Vec<(u32, Shortfall)>,
}

impl Arena {
    /// Maps at most `budget_bytes`, the same for each node; nothing for a budget below a
    /// page.
    ///
    /// # Errors
    /// When the kernel has no memory to map.
    pub(crate) fn map(budget_bytes: usize, nodes: &[Node]) -> io::Result<Arc<Self>> {
        let share = budget_bytes / nodes.len().max(1);
        let (mut mapped, mut shortfalls) = (Vec::new(), Vec::new());
        let (mut first_page, mut first_region) = (0, 0);
        for node in nodes {
            let Some((mapping, shortfall)) = Mapping::new(share)? else { break };
            shortfalls.extend(shortfall.map(|shortfall| (node.id, shortfall)));
            if nodes.len() > 1 {
                shortfalls.extend(mapping.prefer_node(node.id).err().map(|why| (node.id, why)));
            }
            let pages = u32::try_from(mapping.len() / PAGE_BYTES).map_err(io::Error::other)?;
            let regions = mapping.len().div_ceil(REGION_BYTES);
            let free = Mutex::new(Buddy::new(pages));
            mapped.push(NodeArena { mapping, first_page, first_region, free });
            // 2^32 pages are 16 TiB.
            first_page = first_page
                .checked_add(pages)
                .ok_or_else(|| io::Error::other("the budget is above 16 TiB"))?;
            first_region += regions;
        }
        Ok(Arc::new(Self {
            nodes: mapped,
            slots: (0..first_page).map(|_| Slot::new()).collect(),
            nearness: Nearness::of(nodes),
            turn: AtomicUsize::new(0),
            resident_bytes: AtomicU64::new(0),
            shortfalls,
        }))
    }

    /// How many bytes there are.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() * PAGE_BYTES
    }

    /// What shared blocks take.
    pub(crate) fn resident_bytes(&self) -> u64 {
        self.resident_bytes.load(Ordering::Relaxed)
    }

    /// What is not as it should be, by node.
    pub(crate) fn shortfalls(&self) -> &[(u32, Shortfall)] {
        &self.shortfalls
    }

    /// All of it in pieces that a ring can register, in the order of their numbers.
    pub(crate) fn regions(&self) -> Vec<Region> {
        self.nodes.iter().flat_map(NodeArena::regions).collect()
    }

    /// Takes a free block for the caller alone: near to it if there is one, else anywhere.
    fn take(&self, class: SizeClass) -> Option<u32> {
        let first = if self.nodes.len() > 1 { self.nearest() } else { 0 };
        let (before, from) = self.nodes.split_at_checked(first)?;
        from.iter().chain(before).find_map(|node| Some(node.first_page + node.free().take(class)?))
    }

    /// The pages where a block of this class would stand that had `at` in it, and how many
    /// bytes of them are free; `None` at the end of a part that has no room for one.
    pub(crate) fn around(&self, at: SlotRef, class: SizeClass) -> Option<(Range<u32>, usize)> {
        let node = self.node_of(at.page);
        let (first, free_pages) = node.free().around(at.page - node.first_page, class)?;
        let first = node.first_page + first;
        Some((first..first + class.pages(), free_pages as usize * PAGE_BYTES))
    }

    fn nearest(&self) -> usize {
        let turn = || self.turn.fetch_add(1, Ordering::Relaxed);
        self.nearness.here().unwrap_or_else(turn) % self.nodes.len()
    }

    /// Takes a block back that nobody has any more.
    fn give_back(&self, page: u32, class: SizeClass) {
        let node = self.node_of(page);
        node.free().give_back(page - node.first_page, class);
    }

    fn slot(&self, page: u32) -> &Slot {
        &self.slots[page as usize]
    }

    fn node_of(&self, page: u32) -> &NodeArena {
        let behind = self.nodes.partition_point(|node| node.first_page <= page);
        &self.nodes[behind - 1]
    }

    /// Where a page stands.
    fn start_of(&self, page: u32) -> NonNull<u8> {
        let node = self.node_of(page);
        node.byte(node.offset_of(page))
    }

    /// In which region a page stands.
    fn region_of(&self, page: u32) -> Option<u16> {
        let node = self.node_of(page);
        u16::try_from(node.first_region + node.offset_of(page) / REGION_BYTES).ok()
    }
}

impl NodeArena {
    fn free(&self) -> MutexGuard<'_, Buddy> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn offset_of(&self, page: u32) -> usize {
        (page - self.first_page) as usize * PAGE_BYTES
    }

    fn byte(&self, offset: usize) -> NonNull<u8> {
        debug_assert!(offset < self.mapping.len());
        self.mapping.start().map_addr(|start| start.saturating_add(offset))
    }

    fn regions(&self) -> impl Iterator<Item = Region> {
        (0..self.mapping.len()).step_by(REGION_BYTES).map(|from| Region {
            start: self.byte(from),
            len: (self.mapping.len() - from).min(REGION_BYTES),
        })
    }
}
