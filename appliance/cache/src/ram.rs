//! The RAM tier: verified blocks under a byte budget, evicted by S3-FIFO.
//!
//! Yang et al., «FIFO queues are all you need for cache eviction» (SOSP 2023): a small
//! queue catches what is asked for once, a main queue keeps what comes back, a ghost queue
//! remembers keys that left the small one. A hit costs a look-up and an increment.

use bytes::Bytes;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A block: the serial of its object, and its number.
pub(crate) type BlockKey = (u64, u32);

/// Hits beyond this add nothing: three rounds through the main queue are enough.
const MAX_HITS: u8 = 3;

/// The small queue's share of the budget: the paper's tenth.
const SMALL_SHARE: usize = 10;

#[derive(Debug)]
struct Resident {
    bytes: Bytes,
    hits: u8,
}

#[derive(Debug, Default)]
struct Queues {
    resident: HashMap<BlockKey, Resident>,
    small: VecDeque<BlockKey>,
    main: VecDeque<BlockKey>,
    ghost: VecDeque<BlockKey>,
    ghosts: HashSet<BlockKey>,
    small_bytes: usize,
    used_bytes: usize,
}

/// The tier.
#[derive(Debug)]
pub(crate) struct RamTier {
    budget_bytes: usize,
    queues: Mutex<Queues>,
}

impl RamTier {
    pub(crate) fn new(budget_bytes: usize) -> Self {
        Self { budget_bytes, queues: Mutex::default() }
    }

    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn used_bytes(&self) -> usize {
        self.queues().used_bytes
    }

    pub(crate) fn get(&self, key: BlockKey) -> Option<Bytes> {
        let mut queues = self.queues();
        let resident = queues.resident.get_mut(&key)?;
        resident.hits = (resident.hits + 1).min(MAX_HITS);
        Some(resident.bytes.clone())
    }

    /// Takes a block in, and others out until the budget holds again.
    pub(crate) fn insert(&self, key: BlockKey, bytes: Bytes) {
        let len = bytes.len();
        let mut queues = self.queues();
        if len > self.budget_bytes || queues.resident.contains_key(&key) {
            return;
        }
        while queues.used_bytes + len > self.budget_bytes {
            queues.evict(self.budget_bytes / SMALL_SHARE);
        }
        queues.used_bytes += len;
        queues.resident.insert(key, Resident { bytes, hits: 0 });
        if queues.ghosts.remove(&key) {
            queues.main.push_back(key);
        } else {
            queues.small_bytes += len;
            queues.small.push_back(key);
        }
    }
}

impl Queues {
    fn evict(&mut self, small_target_bytes: usize) {
        if self.small_bytes > small_target_bytes || self.main.is_empty() {
            self.evict_from_small();
        } else {
            self.evict_from_main();
        }
    }

    /// The oldest of the small queue leaves; it goes to the main queue if it was asked for again.
    fn evict_from_small(&mut self) {
        let Some(key) = self.small.pop_front() else { return };
        let Some(resident) = self.resident.get_mut(&key) else { return };
        self.small_bytes -= resident.bytes.len();
        if resident.hits > 0 {
            resident.hits = 0;
            self.main.push_back(key);
        } else {
            self.drop_block(key);
            self.remember(key);
        }
    }

    fn evict_from_main(&mut self) {
        while let Some(key) = self.main.pop_front() {
            let Some(resident) = self.resident.get_mut(&key) else { continue };
            if resident.hits == 0 {
                return self.drop_block(key);
            }
            resident.hits -= 1;
            self.main.push_back(key);
        }
    }

    fn drop_block(&mut self, key: BlockKey) {
        if let Some(gone) = self.resident.remove(&key) {
            self.used_bytes -= gone.bytes.len();
        }
    }

    /// The ghost queue holds as many keys as there are blocks.
    fn remember(&mut self, key: BlockKey) {
        if self.ghosts.insert(key) {
            self.ghost.push_back(key);
        }
        while self.ghost.len() > self.resident.len().max(16) {
            if let Some(forgotten) = self.ghost.pop_front() {
                self.ghosts.remove(&forgotten);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_comes_back_survives_a_scan() {
        let tier = RamTier::new(100);
        let block = Bytes::from_static(&[0; 10]);
        for _ in 0..3 {
            for hot in 0..5 {
                if tier.get((1, hot)).is_none() {
                    tier.insert((1, hot), block.clone());
                }
            }
        }
        for cold in 0..1000 {
            tier.insert((2, cold), block.clone());
        }
        let kept = (0..5).filter(|hot| tier.get((1, *hot)).is_some()).count();
        assert_eq!(kept, 5, "a scan of cold blocks must not push hot ones out");
    }

    proptest! {
        #[test]
        fn the_budget_holds_and_the_books_balance(
            steps in proptest::collection::vec((0u32..30, 1usize..60, any::<bool>()), 1..300),
        ) {
            let tier = RamTier::new(200);
            for (block, len, ask) in steps {
                if ask {
                    tier.get((1, block));
                } else {
                    tier.insert((1, block), Bytes::from(vec![0; len]));
                }
                let queues = tier.queues();
                let resident: usize = queues.resident.values().map(|r| r.bytes.len()).sum();
                prop_assert_eq!(queues.used_bytes, resident);
                prop_assert!(resident <= 200);
                prop_assert_eq!(queues.small.len() + queues.main.len(), queues.resident.len());
            }
        }
    }
}
