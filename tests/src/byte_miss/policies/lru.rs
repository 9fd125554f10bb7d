//! Who has not been asked for the longest leaves.

use super::Policy;
use super::fifo::Queue;
use crate::byte_miss::sequence::{Request, Sizes};

/// Least recently used, in bytes.
#[derive(Debug)]
pub struct Lru<'a> {
    sizes: &'a Sizes,
    capacity_bytes: u64,
    queue: Queue,
}

impl<'a> Lru<'a> {
    /// An empty one.
    #[must_use]
    pub fn new(sizes: &'a Sizes, capacity_bytes: u64) -> Self {
        Self { sizes, capacity_bytes, queue: Queue::default() }
    }
}

impl Policy for Lru<'_> {
    fn request(&mut self, request: &Request) -> bool {
        let size_bytes = self.sizes.of(request.object);
        let is_hit = self.queue.remove(request.object, size_bytes);
        if size_bytes > self.capacity_bytes {
            return false;
        }
        while self.queue.bytes() + size_bytes > self.capacity_bytes {
            let Some(victim) = self.queue.oldest() else { break };
            self.queue.remove(victim, self.sizes.of(victim));
        }
        self.queue.push(request.object, size_bytes);
        is_hit
    }

    fn used_bytes(&self) -> u64 {
        self.queue.bytes()
    }
}
