//! How often somebody may fail to log in: in memory, by name and by where it comes from.
//!
//! An attempt is counted before its password is looked at, so that many at once are many, and
//! given back when it did not fail. What was counted is forgotten bit by bit.

use crate::PersonName;
use contract::time::TimeUs;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// For one name: whoever has forgotten which password it was has found it by then, and 1,440 guesses a
/// day find no password of twelve letters.
const OF_A_NAME: Pace = Pace { at_once: 10, then_every_us: 60_000_000 };

/// From one address: an office behind one has many people, who all come back on Monday.
const FROM_AN_ADDRESS: Pace = Pace { at_once: 30, then_every_us: 10_000_000 };

/// So many of each are remembered: half a megabyte. Every one beyond costs whoever brings it a
/// password to be hashed.
const REMEMBERED: usize = 8192;

/// What one IPv6 customer has at least.
const NETWORK_BITS: u32 = 64;

/// So many failures at once, and then one each time.
#[derive(Debug, Clone, Copy)]
struct Pace {
    at_once: i64,
    then_every_us: i64,
}

/// What has failed lately.
#[derive(Debug)]
pub(crate) struct Limits {
    names: Failures<PersonName>,
    addresses: Failures<IpAddr>,
}

impl Limits {
    pub(crate) fn new() -> Self {
        Self { names: Failures::new(OF_A_NAME), addresses: Failures::new(FROM_AN_ADDRESS) }
    }

    /// Counts an attempt, or says when to come back. A name that cannot be one is nobody's.
    pub(crate) fn count(
        &mut self,
        name: Option<&PersonName>,
        from: IpAddr,
        now: TimeUs,
    ) -> Result<(), Duration> {
        let from = network(from);
        let waits_us = name.map_or(0, |name| self.names.waits_us(name, now));
        let waits_us = waits_us.max(self.addresses.waits_us(&from, now));
        if waits_us > 0 {
            return Err(Duration::from_micros(waits_us.unsigned_abs()));
        }
        if let Some(name) = name {
            self.names.add(name.clone(), now);
        }
        self.addresses.add(from, now);
        Ok(())
    }

    /// It did not fail by what was shown: as if there had been no attempt.
    pub(crate) fn give_back(&mut self, name: Option<&PersonName>, from: IpAddr) {
        if let Some(name) = name {
            self.names.take_back(name);
        }
        self.addresses.take_back(&network(from));
    }

    /// Somebody has shown who he is: what was said in his name before counts no more.
    pub(crate) fn clear(&mut self, name: &PersonName, from: IpAddr) {
        self.names.forget(name);
        self.addresses.take_back(&network(from));
    }
}

/// Whoever has one address of an IPv6 network has all of them.
fn network(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(address) => {
            let host_bits = 128 - NETWORK_BITS;
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> host_bits << host_bits))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// For each, when all that it has failed will be forgotten: every failure puts that off.
#[derive(Debug)]
struct Failures<K> {
    pace: Pace,
    forgotten_at: HashMap<K, TimeUs>,
}

impl<K: Hash + Eq + Clone> Failures<K> {
    fn new(pace: Pace) -> Self {
        Self { pace, forgotten_at: HashMap::new() }
    }

    /// How much is on the account now, in time. A clock that was put back must lock nobody out for
    /// years.
    fn owed_us(&self, key: &K, now: TimeUs) -> i64 {
        let at = self.forgotten_at.get(key).map_or(i64::MIN, |at| at.0);
        at.saturating_sub(now.0).clamp(0, self.pace.at_once * self.pace.then_every_us)
    }

    fn waits_us(&self, key: &K, now: TimeUs) -> i64 {
        let may_be_owed_us = (self.pace.at_once - 1) * self.pace.then_every_us;
        self.owed_us(key, now) - may_be_owed_us
    }

    fn add(&mut self, key: K, now: TimeUs) {
        if self.forgotten_at.len() >= REMEMBERED && !self.forgotten_at.contains_key(&key) {
            self.make_room(now);
        }
        let owed_us = self.owed_us(&key, now) + self.pace.then_every_us;
        self.forgotten_at.insert(key, TimeUs(now.0.saturating_add(owed_us)));
    }

    fn take_back(&mut self, key: &K) {
        if let Some(at) = self.forgotten_at.get_mut(key) {
            at.0 = at.0.saturating_sub(self.pace.then_every_us);
        }
    }

    fn forget(&mut self, key: &K) {
        self.forgotten_at.remove(key);
    }

    /// Whoever has failed least gives way: a crowd of made-up names makes nobody else forgotten who is
    /// being guessed.
    fn make_room(&mut self, now: TimeUs) {
        self.forgotten_at.retain(|_, at| *at > now);
        if self.forgotten_at.len() < REMEMBERED {
            return;
        }
        let least = self.forgotten_at.iter().min_by_key(|(_, at)| **at);
        if let Some(key) = least.map(|(key, _)| key.clone()) {
            self.forgotten_at.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests;
