//! W-TinyLFU in bytes: a small LRU for the new, and a segmented LRU that takes of them only
//! who is asked for more often than who would have to leave.

use super::Policy;
use super::fifo::Queue;
use super::sketch::Sketch;
use crate::byte_miss::sequence::{Request, Sizes};

/// The window's share of the capacity: a hundredth, as in Caffeine at its start.
const WINDOW_SHARE: u64 = 100;

/// The protected part's share of the rest, in fifths.
const PROTECTED_FIFTHS: u64 = 4;

/// Einziger, Eytan, Friedman, Manes (Middleware 2018), with a fixed window.
#[derive(Debug)]
pub struct TinyLfu<'a> {
    sizes: &'a Sizes,
    capacity_bytes: u64,
    window_bytes: u64,
    window: Queue,
    probation: Queue,
    protected: Queue,
    sketch: Sketch,
}

impl<'a> TinyLfu<'a> {
    /// An empty one; its sketch is made for as many objects of middling size as fit.
    #[must_use]
    pub fn new(sizes: &'a Sizes, capacity_bytes: u64) -> Self {
        let fitting = capacity_bytes / sizes.mean_bytes().max(1);
        Self {
            sizes,
            capacity_bytes,
            window_bytes: capacity_bytes / WINDOW_SHARE,
            window: Queue::default(),
            probation: Queue::default(),
            protected: Queue::default(),
            sketch: Sketch::new(usize::try_from(fitting).unwrap_or(usize::MAX)),
        }
    }

    fn main_bytes(&self) -> u64 {
        self.capacity_bytes - self.window_bytes
    }

    fn hit(&mut self, object: u32, size_bytes: u64) -> bool {
        if self.window.remove(object, size_bytes) {
            self.window.push(object, size_bytes);
            return true;
        }
        if !self.protected.remove(object, size_bytes) && !self.probation.remove(object, size_bytes)
        {
            return false;
        }
        self.protected.push(object, size_bytes);
        while self.protected.bytes() > self.main_bytes() / 5 * PROTECTED_FIFTHS {
            let Some(demoted) = self.protected.oldest() else { break };
            let size_bytes = self.sizes.of(demoted);
            self.protected.remove(demoted, size_bytes);
            self.probation.push(demoted, size_bytes);
        }
        true
    }

    /// Who falls out of the window comes in where all who must leave for it are asked for
    /// less.
    fn admit(&mut self, candidate: u32) {
        let (size_bytes, count) = (self.sizes.of(candidate), self.sketch.count(candidate));
        if size_bytes > self.main_bytes() {
            return;
        }
        while self.probation.bytes() + self.protected.bytes() + size_bytes > self.main_bytes() {
            let Some(victim) = self.probation.oldest().or(self.protected.oldest()) else { return };
            if self.sketch.count(victim) >= count {
                return;
            }
            let victim_bytes = self.sizes.of(victim);
            self.probation.remove(victim, victim_bytes);
            self.protected.remove(victim, victim_bytes);
        }
        self.probation.push(candidate, size_bytes);
    }
}

impl Policy for TinyLfu<'_> {
    fn request(&mut self, request: &Request) -> bool {
        let (object, size_bytes) = (request.object, self.sizes.of(request.object));
        self.sketch.add(object);
        if self.hit(object, size_bytes) {
            return true;
        }
        if size_bytes > self.window_bytes {
            self.admit(object);
            return false;
        }
        self.window.push(object, size_bytes);
        while self.window.bytes() > self.window_bytes {
            let Some(candidate) = self.window.oldest() else { break };
            self.window.remove(candidate, self.sizes.of(candidate));
            self.admit(candidate);
        }
        false
    }

    fn used_bytes(&self) -> u64 {
        self.window.bytes() + self.probation.bytes() + self.protected.bytes()
    }
}
