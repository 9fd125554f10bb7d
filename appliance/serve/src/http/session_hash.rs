//! Session ids as hashes under a key that changes every day.
//!
//! Tomorrow's key is a hash of today's, and today's is forgotten when it is made: one
//! random seed at start is enough, and what was written yesterday can no longer be tied
//! to a session by anybody, this process included. A restart begins with a new seed.

use arc_swap::ArcSwap;
use contract::time::TimeUs;
use serde::{Serialize, Serializer};
use std::sync::Arc;
use zeroize::Zeroizing;

const DAY_US: i64 = 86_400_000_000;

/// The most steps after a jump of the clock: beyond ten years one step stands for all.
const MAX_STEPS: i64 = 3_660;

/// A session, on one day.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionHash([u8; Self::LEN]);

impl SessionHash {
    const LEN: usize = 8;

    /// As a number, to be compared.
    #[must_use]
    pub fn number(self) -> u64 {
        u64::from_be_bytes(self.0)
    }
}

/// 16 hex digits.
impl std::fmt::Display for SessionHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl std::fmt::Debug for SessionHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for SessionHash {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// The key of the day, read without a lock: every logged request asks.
pub struct SessionKey(ArcSwap<State>);

struct State {
    day: i64,
    /// Wiped when the next one has taken its place and nobody reads it any more.
    key: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionKey(..)")
    }
}

impl SessionKey {
    /// Begins on the day of `now` with a random seed.
    #[must_use]
    pub fn new(seed: [u8; 32], now: TimeUs) -> Self {
        Self(ArcSwap::from_pointee(State {
            day: now.0.div_euclid(DAY_US),
            key: Zeroizing::new(seed),
        }))
    }

    /// The hash of a session id on the day of `now`.
    #[must_use]
    pub fn hash(&self, session: &str, now: TimeUs) -> SessionHash {
        let key = self.key_of(now.0.div_euclid(DAY_US));
        let hash = blake3::keyed_hash(&key, session.as_bytes());
        let (front, _) = hash.as_bytes().split_at(SessionHash::LEN);
        SessionHash(front.try_into().unwrap_or_default())
    }

    /// A clock that goes back keeps the key: the one before is gone.
    fn key_of(&self, day: i64) -> Zeroizing<[u8; 32]> {
        let today = self.0.load();
        if today.day >= day {
            return today.key.clone();
        }
        // Whoever is first on the new day makes the key; the others find it made.
        self.0.rcu(|today| Arc::new(today.on(day)));
        self.0.load().key.clone()
    }
}

impl State {
    /// The state on a day, or this one where that is past.
    fn on(&self, day: i64) -> Self {
        let mut key = self.key.clone();
        for _ in 0..day.saturating_sub(self.day).min(MAX_STEPS) {
            *key = blake3::derive_key("headend session key of the next day v1", &*key);
        }
        Self { day: self.day.max(day), key }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_hash_a_day() {
        let start = TimeUs(20_000 * DAY_US);
        let key = SessionKey::new([7; 32], start);
        let first = key.hash("s", start);
        assert_eq!(first.to_string().len(), 16);
        assert_eq!(key.hash("s", TimeUs(start.0 + DAY_US - 1)), first);
        assert_ne!(key.hash("t", start), first);
        let next = key.hash("s", TimeUs(start.0 + DAY_US));
        assert_ne!(next, first);
        assert_eq!(key.hash("s", start), next, "yesterday's key is forgotten");
        assert_ne!(key.hash("s", TimeUs(i64::MAX)), next);
    }

    #[test]
    fn skipped_days_lead_to_the_same_key() {
        let (stepped, jumped) =
            (SessionKey::new([1; 32], TimeUs(0)), SessionKey::new([1; 32], TimeUs(0)));
        for day in 0..5 {
            stepped.key_of(day);
        }
        assert_eq!(stepped.key_of(5), jumped.key_of(5));
    }
}
