//! A sequence of requests, with its objects numbered from zero.

use cache::demand::{Segment, segment};
use std::collections::HashMap;

/// No further request.
pub const NEVER: u32 = u32::MAX;

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// For which object.
    pub object: u32,
    /// The place in the sequence of the next request for it, or [`NEVER`]: for who may know
    /// the future.
    pub next: u32,
}

/// What each object takes.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Sizes(Vec<u64>);

impl Sizes {
    /// In bytes.
    #[must_use]
    pub fn of(&self, object: u32) -> u64 {
        self.0[object as usize]
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All objects together.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The mean of the objects.
    #[must_use]
    pub fn mean_bytes(&self) -> u64 {
        self.total_bytes() / (self.len() as u64).max(1)
    }
}

/// Requests in the order of their time.
#[derive(Debug, Default, Clone)]
pub struct Sequence {
    /// What it is called in tables.
    pub name: String,
    /// The requests.
    pub requests: Vec<Request>,
    /// What the objects take.
    pub sizes: Sizes,
    /// By object: which segment of which series it is, as its name says.
    pub segments: Vec<Option<Segment>>,
}

/// Numbers the objects while requests come in. An object is a key with a size: a key that
/// comes with another size names other bytes.
#[derive(Debug, Default)]
pub struct Builder {
    numbers: HashMap<(Box<str>, u64), u32>,
    names: Vec<(Box<str>, u64)>,
    sequence: Sequence,
}

impl Builder {
    /// Adds a request.
    ///
    /// # Panics
    /// After 2³² requests; readers and generators stop long before.
    pub fn push(&mut self, key: &str, size_bytes: u64) {
        let name = (Box::from(key), size_bytes);
        let object = match self.numbers.get(&name) {
            Some(object) => *object,
            None => self.number(name),
        };
        self.sequence.requests.push(Request { object, next: NEVER });
    }

    fn number(&mut self, name: (Box<str>, u64)) -> u32 {
        let object = u32::try_from(self.names.len()).expect("fewer than 2^32 objects");
        self.names.push(name.clone());
        self.sequence.sizes.0.push(name.1);
        self.numbers.insert(name, object);
        object
    }

    /// Puts the requests into the order of these times, one for each; those of one time stay
    /// in the order in which they came.
    pub fn sort(&mut self, times_s: &[f64]) {
        if times_s.is_sorted() {
            return;
        }
        let mut timed: Vec<(f64, Request)> =
            times_s.iter().copied().zip(self.sequence.requests.drain(..)).collect();
        timed.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.sequence.requests.extend(timed.into_iter().map(|(_, request)| request));
    }

    /// The sequence, with every request knowing the next of its object.
    #[must_use]
    pub fn finish(self, name: impl Into<String>) -> Sequence {
        let mut sequence = self.sequence;
        sequence.name = name.into();
        let mut next = vec![NEVER; sequence.sizes.len()];
        let count = u32::try_from(sequence.requests.len()).expect("fewer than 2^32 requests");
        for (at, request) in (0..count).zip(&mut sequence.requests).rev() {
            request.next = std::mem::replace(&mut next[request.object as usize], at);
        }
        sequence.segments = segments(&self.names);
        sequence
    }
}

fn segments(names: &[(Box<str>, u64)]) -> Vec<Option<Segment>> {
    let mut numbers = HashMap::new();
    let mut segments = Vec::with_capacity(names.len());
    for (key, _) in names {
        let next = numbers.len() as u64;
        segments.push(segment(key).map(|(name, index)| {
            let series = *numbers.entry(name).or_insert(next);
            Segment { series, index }
        }));
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_knows_the_next_of_its_object() {
        let mut builder = Builder::default();
        for (key, size_bytes) in [("a", 1), ("b", 1), ("a", 1), ("a", 2), ("b", 1)] {
            builder.push(key, size_bytes);
        }
        let sequence = builder.finish("");
        let next: Vec<u32> = sequence.requests.iter().map(|request| request.next).collect();
        assert_eq!(next, [2, 4, NEVER, NEVER, NEVER]);
        assert_eq!(sequence.sizes.total_bytes(), 4);
    }

    #[test]
    fn segments_have_series() {
        let mut builder = Builder::default();
        ["t/1", "a", "t/2", "u/2"].iter().for_each(|key| builder.push(key, 5));
        let segments = builder.finish("").segments;
        let of = |series, index| Some(Segment { series, index });
        assert_eq!(segments, [of(0, 1), None, of(0, 2), of(1, 2)]);
    }
}
