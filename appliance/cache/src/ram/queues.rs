//! Which block leaves: S3-FIFO.
//!
//! Yang et al., «FIFO queues are all you need for cache eviction» (SOSP 2023): a small
//! queue catches what is asked for once, a main queue keeps what comes back, a ghost queue
//! remembers keys that left the small one. Sizes of blocks differ, so shares are counted in
//! bytes. A block that is being read by somebody cannot leave, and waits for another round.
//!
//! Queues hold places in the arena; what stands there is told by [`Residents`]. A place
//! whose block has gone is passed over when its turn comes.

use super::ghosts::Ghosts;
use super::residents::{BlockKey, Residents};
use crate::arena::{Evicted, Resident, SlotRef};
use std::collections::VecDeque;

/// Slack in the books, so that small ones are not swept all the time.
const SLACK: usize = 64;

/// What one look at a queue came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A block left.
    Freed {
        /// Where it stood.
        at: SlotRef,
        /// What it took.
        bytes: usize,
    },
    /// One was in use and stays.
    Pinned,
    /// One may stay for another round, or had left with its object.
    Passed,
    /// There is none.
    Empty,
}

/// The books.
#[derive(Debug)]
pub(super) struct Queues {
    pub(super) residents: Residents,
    small: VecDeque<SlotRef>,
    main: VecDeque<SlotRef>,
    ghosts: Ghosts,
    small_target_bytes: usize,
    /// At so many places those are swept out whose blocks have gone.
    sweep_at: usize,
}

impl Queues {
    pub(super) fn new(small_target_bytes: usize) -> Self {
        Self {
            residents: Residents::default(),
            small: VecDeque::new(),
            main: VecDeque::new(),
            ghosts: Ghosts::default(),
            small_target_bytes,
            sweep_at: SLACK,
        }
    }

    /// Takes a block in that has been read.
    pub(super) fn insert(&mut self, key: BlockKey, resident: Resident) {
        let (at, is_new) = (resident.at(), !self.ghosts.take(key));
        self.residents.insert(key, resident, is_new);
        let queue = if is_new { &mut self.small } else { &mut self.main };
        queue.push_back(at);
        if self.len() >= self.sweep_at {
            self.sweep();
        }
    }

    /// Looks at the block whose turn it is; `other_first` has it taken from the other queue.
    pub(super) fn step(&mut self, other_first: bool) -> Step {
        let is_small_full = self.residents.small_bytes() > self.small_target_bytes;
        let from_small = is_small_full != other_first || self.main.is_empty();
        if from_small && !self.small.is_empty() { self.step_small() } else { self.step_main() }
    }

    /// The oldest of the small queue leaves; it goes to the main queue if it was asked for
    /// again.
    fn step_small(&mut self) -> Step {
        let Some(at) = self.small.pop_front() else { return Step::Empty };
        let Some(resident) = self.residents.get(at) else { return Step::Passed };
        let (hits, bytes) = (resident.hits(), resident.bytes());
        if hits > 0 {
            resident.set_hits(0);
            self.residents.promote(at);
            self.main.push_back(at);
            return Step::Passed;
        }
        if self.evict(at) == Evicted::Pinned {
            self.small.push_back(at);
            return Step::Pinned;
        }
        Step::Freed { at, bytes }
    }

    fn step_main(&mut self) -> Step {
        let Some(at) = self.main.pop_front() else { return Step::Empty };
        let Some(resident) = self.residents.get(at) else { return Step::Passed };
        let (hits, bytes) = (resident.hits(), resident.bytes());
        if hits > 0 {
            resident.set_hits(hits - 1);
            self.main.push_back(at);
            return Step::Passed;
        }
        if self.evict(at) == Evicted::Pinned {
            self.main.push_back(at);
            return Step::Pinned;
        }
        Step::Freed { at, bytes }
    }

    /// Has a block leave whatever its turn; remembers it if it was new.
    pub(super) fn evict(&mut self, at: SlotRef) -> Evicted {
        match self.residents.evict(at) {
            Ok(Some(new)) => self.ghosts.remember(new, self.residents.len()),
            Ok(None) => {}
            Err(pinned) => return pinned,
        }
        Evicted::Freed
    }

    /// How many places stand in the queues.
    pub(super) fn len(&self) -> usize {
        self.small.len() + self.main.len()
    }

    /// While there is room nobody's turn comes: then this keeps the books within twice what
    /// is there.
    fn sweep(&mut self) {
        self.residents.sweep();
        self.small.retain(|at| self.residents.get(*at).is_some());
        self.main.retain(|at| self.residents.get(*at).is_some());
        self.sweep_at = 2 * self.len() + SLACK;
    }
}

#[cfg(test)]
impl Queues {
    /// The books agree with each other; gives the bytes of all blocks that are there.
    pub(super) fn audit(&self) -> usize {
        let is_there = |at: &&SlotRef| self.residents.get(**at).is_some();
        let count = self.small.iter().chain(&self.main).filter(is_there).count();
        self.ghosts.audit();
        self.residents.audit(count)
    }
}
