//! Keys of blocks that left after having been asked for once: if they come back, they stay.

use super::residents::BlockKey;
use std::collections::{HashSet, VecDeque};

/// The fewest keys that are remembered.
const FEWEST: usize = 64;

/// The ghost queue of S3-FIFO.
#[derive(Debug, Default)]
pub(super) struct Ghosts {
    oldest_first: VecDeque<BlockKey>,
    known: HashSet<BlockKey>,
}

impl Ghosts {
    /// Whether the key is remembered; it is forgotten with that.
    pub(super) fn take(&mut self, key: BlockKey) -> bool {
        self.known.remove(&key)
    }

    /// Remembers a key, and as many others as there are blocks.
    pub(super) fn remember(&mut self, key: BlockKey, blocks: usize) {
        if self.known.insert(key) {
            self.oldest_first.push_back(key);
        }
        while self.oldest_first.len() > blocks.max(FEWEST) {
            if let Some(forgotten) = self.oldest_first.pop_front() {
                self.known.remove(&forgotten);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn audit(&self) {
        assert!(self.known.len() <= self.oldest_first.len());
    }
}
