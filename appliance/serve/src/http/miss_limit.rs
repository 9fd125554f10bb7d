//! How many misses a client network may cause: a token bucket for each /24 and /48, in
//! bounded memory.
//!
//! A miss costs little, but a scan of guesses is all misses. The table is set-associative:
//! a network has four places it may take; when they are all taken, the bucket that has
//! been left alone for longest makes room, since it has refilled most.

use super::client::ClientPrefix;
use contract::time::TimeUs;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

/// Places that one network may take.
const WAYS: usize = 4;
/// 4,096 sets of 4 buckets of 40 bytes: 640 KiB, for ever.
const SETS: usize = 4096;
const _: () = assert!(SETS.is_power_of_two());

/// Limits misses per client network. Shared between threads; a set is locked only by
/// requests that missed.
#[derive(Debug)]
pub struct MissLimit {
    per_s: u32,
    /// Keyed by chance, so that nobody can choose whose set to fill.
    hasher: RandomState,
    sets: Vec<Mutex<[Option<Bucket>; WAYS]>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    prefix: ClientPrefix,
    /// Thousandths of a miss still allowed.
    milli_left: u64,
    at: TimeUs,
}

impl MissLimit {
    /// Allows `per_s` misses a second, and as many at once.
    #[must_use]
    pub fn new(per_s: u32) -> Self {
        let sets = (0..SETS).map(|_| Mutex::new([None; WAYS])).collect();
        Self { per_s, hasher: RandomState::new(), sets }
    }

    /// Counts one miss of `prefix` at `now`: whether it is within the limit.
    pub fn allows(&self, prefix: ClientPrefix, now: TimeUs) -> bool {
        let hash = self.hasher.hash_one(prefix);
        let Some(set) = usize::try_from(hash % SETS as u64).ok().and_then(|at| self.sets.get(at))
        else {
            return false;
        };
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        let full = u64::from(self.per_s) * 1000;
        let bucket =
            place(&mut set, prefix).get_or_insert(Bucket { prefix, milli_left: full, at: now });
        // A clock that went back refills nothing.
        let elapsed_us = u64::try_from(now.0.saturating_sub(bucket.at.0)).unwrap_or(0);
        let refill = elapsed_us.saturating_mul(u64::from(self.per_s)) / 1000;
        if refill > 0 || now < bucket.at {
            bucket.milli_left = bucket.milli_left.saturating_add(refill).min(full);
            bucket.at = now;
        }
        match bucket.milli_left.checked_sub(1000) {
            Some(left) => {
                bucket.milli_left = left;
                true
            }
            None => false,
        }
    }
}

/// Where `prefix` stands or may stand. A bucket that makes room is emptied first.
fn place(set: &mut [Option<Bucket>; WAYS], prefix: ClientPrefix) -> &mut Option<Bucket> {
    let is_its = |way: &Option<Bucket>| way.is_some_and(|bucket| bucket.prefix == prefix);
    let at = set.iter().position(is_its).unwrap_or_else(|| {
        let oldest = set.iter().enumerate().min_by_key(|(_, way)| way.map(|bucket| bucket.at));
        oldest.map_or(0, |(at, _)| at)
    });
    let way = &mut set[at];
    if !is_its(way) {
        *way = None;
    }
    way
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(number: u16) -> ClientPrefix {
        ClientPrefix::V6([0x2001, 0xdb8, number])
    }

    #[test]
    fn a_burst_then_the_rate() {
        let limit = MissLimit::new(10);
        let allowed = |at_ms: i64, tries: usize| {
            (0..tries).filter(|_| limit.allows(network(1), TimeUs(at_ms * 1000))).count()
        };
        assert_eq!(allowed(0, 50), 10);
        assert_eq!(allowed(100, 50), 1);
        assert_eq!(allowed(1_100, 50), 10);
        assert_eq!(allowed(100_000, 50), 10, "no more than a second's worth is saved up");
        assert_eq!(allowed(50_000, 50), 0, "a clock that went back gives nothing");
        assert_eq!(allowed(51_000, 50), 10);
    }

    #[test]
    fn networks_do_not_pay_for_each_other() {
        let limit = MissLimit::new(1);
        let now = TimeUs(0);
        assert!(limit.allows(network(1), now) && limit.allows(network(2), now));
        assert!(!limit.allows(network(1), now));
    }

    #[test]
    fn memory_is_bounded_and_the_flooder_stays_limited() {
        let limit = MissLimit::new(1);
        for number in 0..u16::MAX {
            limit.allows(network(number), TimeUs(i64::from(number)));
        }
        assert_eq!(limit.sets.len(), SETS);
        let last = network(u16::MAX - 1);
        assert!(!limit.allows(last, TimeUs(i64::from(u16::MAX))));
    }

    #[test]
    fn none_allowed_is_none() {
        assert!(!MissLimit::new(0).allows(network(1), TimeUs(0)));
    }
}
