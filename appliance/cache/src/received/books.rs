//! Who stays: for each group a [policy](crate::demand) over its share of the disks.
//!
//! What the policy would not keep is brought all the same, for those who ask now: it has a
//! sixteenth of the share to pass through, and goes when nobody reads it any more.

use super::Share;
use super::shelf::Shelf;
use crate::demand::{Answer, Demand};
use crate::object::Object;
use contract::names::GroupName;
use std::collections::HashMap;
use std::sync::{Arc, mpsc};

/// What part of a share is for what only passes through.
const PASSING_PART: u64 = 16;

/// Of a passing object there are those in the shelf and here; whoever reads it has another.
const OWN_REFERENCES: usize = 2;

/// The books of all groups.
#[derive(Debug, Default)]
pub(crate) struct Books {
    policies: HashMap<GroupName, Policy>,
    kept: HashMap<u64, Arc<Object>>,
    /// None, as long as no group has a share.
    touched: Option<mpsc::Receiver<u64>>,
}

#[derive(Debug)]
struct Policy {
    demand: Demand,
    passing_bytes: u64,
    /// What is brought for those who ask now.
    passing: Vec<(u64, Arc<Object>)>,
}

/// How an object may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is worth a place.
    Kept,
    /// For those who ask now.
    Passing,
    /// There is no room for it.
    Refused,
}

/// Who has to leave.
type Leaving = Vec<Arc<Object>>;

impl Policy {
    fn new(share_bytes: u64) -> Self {
        let passing_bytes = share_bytes / PASSING_PART;
        let demand = Demand::new(share_bytes - passing_bytes);
        Self { demand, passing_bytes, passing: Vec::new() }
    }

    fn resize(&mut self, share_bytes: u64, leaving: &mut Vec<u64>) {
        self.passing_bytes = share_bytes / PASSING_PART;
        self.demand.resize(share_bytes - self.passing_bytes, leaving);
    }

    fn has_room_to_pass(&self, bytes: u64) -> bool {
        let passing = self.passing.iter().map(|(_, object)| object.disk_bytes());
        passing.sum::<u64>().saturating_add(bytes) <= self.passing_bytes
    }

    /// Those whom nobody reads.
    fn passed(&mut self) -> impl Iterator<Item = Arc<Object>> {
        let is_read = |object: &Arc<Object>| Arc::strong_count(object) > OWN_REFERENCES;
        self.passing.extract_if(.., move |(_, object)| !is_read(object)).map(|(_, object)| object)
    }
}

impl Books {
    /// From where it is heard who was asked for.
    pub(crate) fn hear(&mut self, touched: mpsc::Receiver<u64>) {
        self.touched = Some(touched);
    }

    /// Groups have these shares from here on, and all others none; gives who has to leave.
    pub(crate) fn set_shares(&mut self, shares: &[Share]) -> Leaving {
        let mut leaving = Vec::new();
        let mut before = std::mem::take(&mut self.policies);
        for share in shares {
            let policy = match before.remove(&share.group) {
                Some(mut policy) => {
                    policy.resize(share.bytes, &mut leaving);
                    policy
                }
                None => Policy::new(share.bytes),
            };
            self.policies.insert(share.group.clone(), policy);
        }
        let mut gone = self.close(leaving);
        for mut policy in before.into_values() {
            gone.extend(policy.passing.drain(..).map(|(_, object)| object));
        }
        let has_share =
            |object: &Arc<Object>| self.policies.contains_key(&object.entry.common.group);
        gone.extend(self.kept.extract_if(|_, object| !has_share(object)).map(|(_, it)| it));
        gone
    }

    /// An object is to come in: how it may, and who has to leave for it. An older version has
    /// left with that.
    pub(crate) fn request(
        &mut self,
        shelf: &Shelf,
        group: &GroupName,
        path: &str,
        disk_bytes: u64,
    ) -> (Verdict, Leaving) {
        let (key, segment) = (shelf.number(group, path), shelf.segment(group, path));
        let mut gone = self.catch_up(shelf);
        gone.extend(self.kept.remove(&key));
        let Some(policy) = self.policies.get_mut(group) else { return (Verdict::Refused, gone) };
        let mut leaving = Vec::new();
        let verdict = match policy.demand.request(key, disk_bytes, segment, &mut leaving) {
            Answer::Hit | Answer::Admitted => Verdict::Kept,
            Answer::Bypassed if policy.has_room_to_pass(disk_bytes) => Verdict::Passing,
            Answer::Bypassed => Verdict::Refused,
        };
        gone.extend(self.close(leaving));
        (verdict, gone)
    }

    /// It has come in.
    pub(crate) fn enter(&mut self, key: u64, object: &Arc<Object>, verdict: Verdict) {
        let passing = match verdict {
            Verdict::Kept => return drop(self.kept.insert(key, Arc::clone(object))),
            Verdict::Passing => self.policies.get_mut(&object.entry.common.group),
            Verdict::Refused => None,
        };
        passing.into_iter().for_each(|policy| policy.passing.push((key, Arc::clone(object))));
    }

    /// It has not come in after all.
    pub(crate) fn forget(&mut self, group: &GroupName, key: u64) {
        self.policies.get_mut(group).map(|policy| policy.demand.remove(key));
    }

    /// Whether an object stands in the books.
    pub(crate) fn have(&self, key: u64, object: &Object) -> bool {
        let is_kept = self.kept.get(&key).is_some_and(|other| other.is_same(object));
        let is_passing = |policy: &Policy| policy.passing.iter().any(|(_, it)| it.is_same(object));
        is_kept || self.policies.get(&object.entry.common.group).is_some_and(is_passing)
    }

    /// Books who was asked for meanwhile; gives who has to leave.
    pub(crate) fn catch_up(&mut self, shelf: &Shelf) -> Leaving {
        let mut leaving = Vec::new();
        for key in self.touched.iter().flat_map(mpsc::Receiver::try_iter) {
            let Some(object) = self.kept.get(&key) else { continue };
            let (group, path) = (&object.entry.common.group, &object.entry.path);
            let Some(policy) = self.policies.get_mut(group) else { continue };
            let segment = shelf.segment(group, path);
            policy.demand.request(key, object.disk_bytes(), segment, &mut leaving);
        }
        let mut gone = self.close(leaving);
        gone.extend(self.policies.values_mut().flat_map(Policy::passed));
        gone
    }

    /// An object has gone for another reason.
    pub(crate) fn remove(&mut self, key: u64, object: &Object) {
        let is_it = |other: &mut Arc<Object>| other.is_same(object);
        let Some(policy) = self.policies.get_mut(&object.entry.common.group) else { return };
        policy.passing.retain_mut(|(_, other)| !is_it(other));
        if self.kept.get_mut(&key).is_some_and(is_it) {
            self.kept.remove(&key);
            policy.demand.remove(key);
        }
    }

    /// What a group takes, what passes through included.
    pub(crate) fn used_bytes(&self, group: &GroupName) -> u64 {
        let Some(policy) = self.policies.get(group) else { return 0 };
        let passing = policy.passing.iter().map(|(_, object)| object.disk_bytes());
        policy.demand.used_bytes() + passing.sum::<u64>()
    }

    fn close(&mut self, leaving: Vec<u64>) -> Leaving {
        leaving.into_iter().filter_map(|key| self.kept.remove(&key)).collect()
    }
}
