//! The appliance's own: [`cache::demand`].

use super::Policy;
use crate::byte_miss::sequence::{Request, Sequence};
use cache::demand::{Answer, Demand};
use std::collections::HashSet;

/// The policy, driven as a cache would drive it.
#[derive(Debug)]
pub struct Ours<'a> {
    sequence: &'a Sequence,
    demand: Demand,
    leaving: Vec<u64>,
    looks_ahead: bool,
    /// What a cache would have on its disks: a second account of who is there.
    kept: HashSet<u64>,
    kept_bytes: u64,
}

impl<'a> Ours<'a> {
    /// An empty one. With `looks_ahead` it is told which segment of which series is asked for,
    /// where the keys say so.
    #[must_use]
    pub fn new(sequence: &'a Sequence, capacity_bytes: u64, looks_ahead: bool) -> Self {
        Self {
            sequence,
            demand: Demand::new(capacity_bytes),
            leaving: Vec::new(),
            looks_ahead,
            kept: HashSet::new(),
            kept_bytes: 0,
        }
    }
}

impl Policy for Ours<'_> {
    /// # Panics
    /// When the policy's word does not agree with what it has had deleted.
    fn request(&mut self, request: &Request) -> bool {
        let (key, sizes) = (u64::from(request.object), &self.sequence.sizes);
        let size_bytes = sizes.of(request.object);
        let segment = self.sequence.segments[request.object as usize];
        let segment = segment.filter(|_| self.looks_ahead);
        let answer = self.demand.request(key, size_bytes, segment, &mut self.leaving);
        for left in self.leaving.drain(..) {
            assert!(self.kept.remove(&left), "{left} leaves, and was not there");
            self.kept_bytes -= sizes.of(u32::try_from(left).unwrap_or(0));
        }
        let is_hit = answer == Answer::Hit;
        assert_eq!(self.kept.contains(&key), is_hit, "a hit on what is not there");
        if answer == Answer::Admitted {
            self.kept.insert(key);
            self.kept_bytes += size_bytes;
        }
        is_hit
    }

    fn used_bytes(&self) -> u64 {
        self.kept_bytes
    }
}
