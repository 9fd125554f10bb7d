//! S3-FIFO in bytes: Yang et al., «FIFO queues are all you need for cache eviction» (SOSP 2023).

use super::Policy;
use super::fifo::Queue;
use crate::byte_miss::sequence::{Request, Sizes};

/// The small queue's share of the capacity: the paper's tenth.
const SMALL_SHARE: u64 = 10;

/// More hits than this are not counted.
const MOST_HITS: u8 = 3;

/// So many hits in the small queue lead to the main one.
const PROMOTING_HITS: u8 = 2;

/// A small queue for the new, a main queue for what came back, and a queue of names, of as
/// many bytes as the main queue may have, of what left the small one.
#[derive(Debug)]
pub struct S3Fifo<'a> {
    sizes: &'a Sizes,
    capacity_bytes: u64,
    small_target_bytes: u64,
    small: Queue,
    main: Queue,
    ghosts: Queue,
    hits: Vec<u8>,
}

impl<'a> S3Fifo<'a> {
    /// An empty one.
    #[must_use]
    pub fn new(sizes: &'a Sizes, capacity_bytes: u64) -> Self {
        Self {
            sizes,
            capacity_bytes,
            small_target_bytes: capacity_bytes / SMALL_SHARE,
            small: Queue::default(),
            main: Queue::default(),
            ghosts: Queue::default(),
            hits: vec![0; sizes.len()],
        }
    }

    fn evict(&mut self) {
        if self.small.bytes() > self.small_target_bytes || self.main.oldest().is_none() {
            self.evict_from_small();
        } else {
            self.evict_from_main();
        }
    }

    fn evict_from_small(&mut self) {
        while let Some(object) = self.small.oldest() {
            let size_bytes = self.sizes.of(object);
            self.small.remove(object, size_bytes);
            if self.hits[object as usize] >= PROMOTING_HITS {
                self.hits[object as usize] = 0;
                self.main.push(object, size_bytes);
            } else {
                self.remember(object, size_bytes);
                return;
            }
        }
        self.evict_from_main();
    }

    fn evict_from_main(&mut self) {
        while let Some(object) = self.main.oldest() {
            let size_bytes = self.sizes.of(object);
            self.main.remove(object, size_bytes);
            match &mut self.hits[object as usize] {
                0 => return,
                hits => *hits -= 1,
            }
            self.main.push(object, size_bytes);
        }
    }

    fn remember(&mut self, object: u32, size_bytes: u64) {
        self.ghosts.push(object, size_bytes);
        while self.ghosts.bytes() > self.capacity_bytes - self.small_target_bytes {
            let Some(forgotten) = self.ghosts.oldest() else { break };
            self.ghosts.remove(forgotten, self.sizes.of(forgotten));
        }
    }
}

impl Policy for S3Fifo<'_> {
    fn request(&mut self, request: &Request) -> bool {
        let (object, size_bytes) = (request.object, self.sizes.of(request.object));
        let hits = &mut self.hits[object as usize];
        if self.small.contains(object) || self.main.contains(object) {
            *hits = (*hits + 1).min(MOST_HITS);
            return true;
        }
        if size_bytes > self.capacity_bytes {
            return false;
        }
        *hits = 0;
        let is_known = self.ghosts.remove(object, size_bytes);
        while self.used_bytes() + size_bytes > self.capacity_bytes {
            self.evict();
        }
        if is_known {
            self.main.push(object, size_bytes);
        } else {
            self.small.push(object, size_bytes);
        }
        false
    }

    fn used_bytes(&self) -> u64 {
        self.small.bytes() + self.main.bytes()
    }
}
