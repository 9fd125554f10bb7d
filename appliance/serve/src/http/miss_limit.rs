//! How many misses a client network may cause: a token bucket for each /24 and /48, in
//! bounded memory.
//!
//! A miss costs little, but a scan of guesses is all misses. Where origins are asked for what is not
//! here, a guess costs a question: those that were in vain are counted for themselves, for each content
//! group. The table is set-associative:
//! a network has four places it may take; when they are all taken, the bucket that has
//! been left alone for longest makes room, since it has refilled most.

use super::client::ClientPrefix;
use contract::names::GroupName;
use contract::time::TimeUs;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

/// Places that one network may take.
const WAYS: usize = 4;
/// Of 4 buckets of 40 bytes each.
const SETS: usize = 4096;
const _: () = assert!(SETS.is_power_of_two());
const _: () = assert!(SETS * size_of::<Mutex<[Option<Bucket>; WAYS]>>() <= 768 << 10);

/// Limits misses per client network. Shared between threads; a set is locked only by
/// requests that missed.
#[derive(Debug)]
pub struct MissLimit {
    per_s: u32,
    /// Keyed by chance, so that nobody can choose whose set to fill.
    hasher: RandomState,
    sets: Vec<Mutex<[Option<Bucket>; WAYS]>>,
}

/// Whose bucket it is, and what for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Payer {
    prefix: ClientPrefix,
    /// The content group of guesses, as a hash; `None` for misses of any.
    guesses_of: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    payer: Payer,
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
        self.pay(Payer { prefix, guesses_of: None }, now)
    }

    /// An origin was asked for what it has not.
    pub fn guessed(&self, prefix: ClientPrefix, group: &GroupName, now: TimeUs) {
        self.pay(self.guesser(prefix, group), now);
    }

    /// Whether one guess more would be beyond the limit. Where no miss at all is allowed, guesses are
    /// not limited: who asks first for anything would be refused it.
    pub fn is_guessing(&self, prefix: ClientPrefix, group: &GroupName, now: TimeUs) -> bool {
        self.per_s > 0 && !self.of(self.guesser(prefix, group), now, |left| *left >= 1000)
    }

    fn guesser(&self, prefix: ClientPrefix, group: &GroupName) -> Payer {
        let [a, b, c, d, ..] = self.hasher.hash_one(group).to_ne_bytes();
        Payer { prefix, guesses_of: Some(u32::from_ne_bytes([a, b, c, d])) }
    }

    fn pay(&self, payer: Payer, now: TimeUs) -> bool {
        self.of(payer, now, |left| match left.checked_sub(1000) {
            Some(less) => {
                *left = less;
                true
            }
            None => false,
        })
    }

    /// Looks at what is left, filled up to now; `false` where nothing is kept.
    fn of(&self, payer: Payer, now: TimeUs, look: impl FnOnce(&mut u64) -> bool) -> bool {
        let hash = self.hasher.hash_one(payer);
        let Some(set) = usize::try_from(hash % SETS as u64).ok().and_then(|at| self.sets.get(at))
        else {
            return false;
        };
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        let full = u64::from(self.per_s) * 1000;
        let bucket =
            place(&mut set, payer).get_or_insert(Bucket { payer, milli_left: full, at: now });
        // A clock that went back refills nothing.
        let elapsed_us = u64::try_from(now.0.saturating_sub(bucket.at.0)).unwrap_or(0);
        let refill = elapsed_us.saturating_mul(u64::from(self.per_s)) / 1000;
        if refill > 0 || now < bucket.at {
            bucket.milli_left = bucket.milli_left.saturating_add(refill).min(full);
            bucket.at = now;
        }
        look(&mut bucket.milli_left)
    }
}

/// Where a bucket stands or may stand. One that makes room is emptied first.
fn place(set: &mut [Option<Bucket>; WAYS], payer: Payer) -> &mut Option<Bucket> {
    let is_its = |way: &Option<Bucket>| way.is_some_and(|bucket| bucket.payer == payer);
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

    #[test]
    fn guesses_are_counted_by_group_and_beside_misses() {
        let (limit, now) = (MissLimit::new(1), TimeUs(0));
        let [one, other] = ["one", "other"].map(|name| GroupName::new(name).unwrap());
        assert!((0..9).all(|_| !limit.is_guessing(network(1), &one, now)), "to look costs nothing");
        limit.guessed(network(1), &one, now);
        assert!(limit.is_guessing(network(1), &one, now));
        assert!(!limit.is_guessing(network(1), &other, now));
        assert!(!limit.is_guessing(network(2), &one, now));
        assert!(limit.allows(network(1), now), "misses have their own");
        assert!(!limit.is_guessing(network(1), &one, TimeUs(1_000_000)));
        assert!(!MissLimit::new(0).is_guessing(network(1), &one, now));
    }
}
