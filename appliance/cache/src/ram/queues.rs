//! Which block leaves: S3-FIFO.
//!
//! Yang et al., «FIFO queues are all you need for cache eviction» (SOSP 2023): a small
//! queue catches what is asked for once, a main queue keeps what comes back, a ghost queue
//! remembers keys that left the small one. Sizes of blocks differ, so shares are counted in
//! bytes. A block that is being read by somebody cannot leave, and waits for another round.

use crate::arena::{Evicted, Resident};
use std::collections::{HashSet, VecDeque};

/// A block: the serial of its object, and its number.
pub(crate) type BlockKey = (u64, u32);

/// The fewest keys that the ghost queue remembers, and slack in other books.
const FEWEST: usize = 64;

#[derive(Debug)]
struct Entry {
    key: BlockKey,
    resident: Resident,
}

/// What one look at a queue came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A block left.
    Freed,
    /// One was in use and stays.
    Pinned,
    /// One may stay for another round, or had left with its object.
    Passed,
    /// There is none.
    Empty,
}

/// The books.
#[derive(Debug, Default)]
pub(super) struct Queues {
    small: VecDeque<Entry>,
    main: VecDeque<Entry>,
    ghost: VecDeque<BlockKey>,
    ghosts: HashSet<BlockKey>,
    small_bytes: usize,
    small_target_bytes: usize,
    /// At so many entries those are swept out that left with their objects.
    sweep_at: usize,
}

impl Queues {
    pub(super) fn new(small_target_bytes: usize) -> Self {
        Self { small_target_bytes, sweep_at: FEWEST, ..Self::default() }
    }

    /// Takes a block in that has been read.
    pub(super) fn insert(&mut self, key: BlockKey, resident: Resident) {
        let entry = Entry { key, resident };
        if self.ghosts.remove(&key) {
            self.main.push_back(entry);
        } else {
            self.push_small(entry);
        }
        if self.len() >= self.sweep_at {
            self.sweep();
        }
    }

    /// Looks at the block whose turn it is; `other_first` has it taken from the other queue.
    pub(super) fn step(&mut self, other_first: bool) -> Step {
        let small_first = self.small_bytes > self.small_target_bytes;
        let from_small =
            (small_first != other_first || self.main.is_empty()) && !self.small.is_empty();
        if from_small { self.step_small() } else { self.step_main() }
    }

    /// The oldest of the small queue leaves; it goes to the main queue if it was asked for
    /// again.
    fn step_small(&mut self) -> Step {
        let Some(entry) = self.small.pop_front() else { return Step::Empty };
        self.small_bytes -= entry.resident.bytes();
        if !entry.resident.is_there() {
            Step::Passed
        } else if entry.resident.hits() > 0 {
            entry.resident.set_hits(0);
            self.main.push_back(entry);
            Step::Passed
        } else if entry.resident.evict() == Evicted::Freed {
            self.remember(entry.key);
            Step::Freed
        } else {
            self.push_small(entry);
            Step::Pinned
        }
    }

    fn step_main(&mut self) -> Step {
        let Some(entry) = self.main.pop_front() else { return Step::Empty };
        if !entry.resident.is_there() {
            return Step::Passed;
        }
        let hits = entry.resident.hits();
        if hits == 0 && entry.resident.evict() == Evicted::Freed {
            return Step::Freed;
        }
        entry.resident.set_hits(hits.saturating_sub(1));
        self.main.push_back(entry);
        if hits == 0 { Step::Pinned } else { Step::Passed }
    }

    fn push_small(&mut self, entry: Entry) {
        self.small_bytes += entry.resident.bytes();
        self.small.push_back(entry);
    }

    /// The ghost queue holds as many keys as there are blocks.
    fn remember(&mut self, key: BlockKey) {
        if self.ghosts.insert(key) {
            self.ghost.push_back(key);
        }
        while self.ghost.len() > self.len().max(FEWEST) {
            if let Some(forgotten) = self.ghost.pop_front() {
                self.ghosts.remove(&forgotten);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.small.len() + self.main.len()
    }

    /// Blocks whose object has gone are passed over when their turn comes. While there is
    /// room nobody's turn comes: then this keeps the books within twice what is there.
    fn sweep(&mut self) {
        self.small.retain(|entry| entry.resident.is_there());
        self.main.retain(|entry| entry.resident.is_there());
        self.small_bytes = self.small.iter().map(|entry| entry.resident.bytes()).sum();
        self.sweep_at = 2 * self.len() + FEWEST;
    }
}

#[cfg(test)]
impl Queues {
    /// The books agree with each other; gives the bytes of all blocks that are there.
    pub(super) fn audit(&self) -> usize {
        let sum = |queue: &VecDeque<Entry>| -> usize {
            queue.iter().map(|entry| entry.resident.bytes()).sum()
        };
        assert_eq!(self.small_bytes, sum(&self.small));
        assert!(self.ghosts.len() <= self.ghost.len());
        assert!(self.ghost.len() <= self.len().max(FEWEST) + 1);
        let there = self.small.iter().chain(&self.main).filter(|entry| entry.resident.is_there());
        there.map(|entry| entry.resident.bytes()).sum()
    }
}
