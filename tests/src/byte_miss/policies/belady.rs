//! What could be reached by somebody who knows the future.
//!
//! Belady's rule in bytes: on a miss those leave whose next request is furthest away, as
//! long as it is further away than that of the object asked for; if that makes no room,
//! nobody leaves and the object is not kept. Where all sizes are equal there is nothing
//! better. Where they differ the best is NP-hard to find (Berger, Beckmann, Harchol-Balter,
//! «Practical Bounds on Optimal Caching with Variable Object Sizes», 2018), and this is the
//! customary mark: a plan that can be carried out, hence no bound in the strict sense.

use super::Policy;
use crate::byte_miss::sequence::{NEVER, Request, Sizes};
use std::collections::BinaryHeap;

/// Furthest next request first, in bytes, with the right to keep nothing.
#[derive(Debug)]
pub struct Belady<'a> {
    sizes: &'a Sizes,
    capacity_bytes: u64,
    used_bytes: u64,
    /// By object: when it is next asked for; none where it is not kept.
    next: Vec<Option<u32>>,
    /// Furthest first. Who was asked for since stands in it with his old time as well.
    furthest: BinaryHeap<(u32, u32)>,
    leaving: Vec<(u32, u32)>,
}

impl<'a> Belady<'a> {
    /// An empty one.
    #[must_use]
    pub fn new(sizes: &'a Sizes, capacity_bytes: u64) -> Self {
        Self {
            sizes,
            capacity_bytes,
            used_bytes: 0,
            next: vec![None; sizes.len()],
            furthest: BinaryHeap::new(),
            leaving: Vec::new(),
        }
    }

    fn keep(&mut self, object: u32, next: u32) {
        self.next[object as usize] = Some(next);
        self.furthest.push((next, object));
    }

    fn leave(&mut self, object: u32) {
        if self.next[object as usize].take().is_some() {
            self.used_bytes -= self.sizes.of(object);
        }
    }

    /// Has those leave who must, if they suffice.
    fn make_room(&mut self, size_bytes: u64, next: u32) -> bool {
        let free_bytes = self.capacity_bytes - self.used_bytes;
        let (mut room_bytes, mut leaving) = (free_bytes, std::mem::take(&mut self.leaving));
        while room_bytes < size_bytes {
            match self.furthest.peek().copied() {
                Some((at, object)) if at > next => {
                    self.furthest.pop();
                    if self.next[object as usize] == Some(at) {
                        room_bytes += self.sizes.of(object);
                        leaving.push((at, object));
                    }
                }
                _ => break,
            }
        }
        let is_enough = room_bytes >= size_bytes;
        for (at, object) in leaving.drain(..) {
            if is_enough {
                self.leave(object);
            } else {
                self.furthest.push((at, object));
            }
        }
        self.leaving = leaving;
        is_enough
    }
}

impl Policy for Belady<'_> {
    fn request(&mut self, request: &Request) -> bool {
        let (object, size_bytes) = (request.object, self.sizes.of(request.object));
        let is_hit = self.next[object as usize].is_some();
        if request.next == NEVER {
            self.leave(object);
        } else if is_hit {
            self.keep(object, request.next);
        } else if size_bytes <= self.capacity_bytes && self.make_room(size_bytes, request.next) {
            self.used_bytes += size_bytes;
            self.keep(object, request.next);
        }
        is_hit
    }

    fn used_bytes(&self) -> u64 {
        self.used_bytes
    }
}
