//! The index in RAM: what is held, what is wanted, by key.
//!
//! Whoever asks takes no lock and waits for nobody: the index is cut into shards, each a table
//! that never changes. Writers, one at a time, put a changed copy in a shard's place. They
//! are rare (a publication, a manifest), and a copy shares what stands in it.

mod shard;
mod slot;
#[cfg(test)]
mod tests;

use crate::disk::Disk;
use crate::object::{self, Object};
use crate::shards::{self, Changed, Shards};
use contract::catalogue::CatalogueEntry;
use contract::names::GroupName;
use shard::Shard;
pub(crate) use slot::Seen;
use slot::{Slot, UNRANKED};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Keys to what is known of them. What is given back, because it must go, is doomed: a purge finds
/// an object here, or among those that are leaving their disk. Its file goes with its last reader.
#[derive(Debug, Default)]
pub(crate) struct Index {
    hasher: RandomState,
    shards: Shards<Shard>,
    /// The manifest's order. Held by whoever changes anything.
    ranked: Mutex<Ranked>,
    /// How often something may have gone missing.
    losses: AtomicU64,
}

/// What came of an object that has arrived.
#[derive(Debug)]
pub(crate) enum Published {
    /// It is held, and this must go.
    InPlaceOf(Option<Arc<Object>>),
    /// A slice of it was lost before anybody saw it: it goes on arriving.
    Lacking,
    /// It is not in sight any more.
    OutOfSight,
}

pub(crate) type Ranked = Arc<[Arc<CatalogueEntry>]>;

impl Index {
    /// What `look` finds under a key. It must be quick: it holds an old table in memory.
    pub(crate) fn look<T>(
        &self,
        group: &GroupName,
        path: &str,
        look: impl FnOnce(Seen<'_>) -> T,
    ) -> Option<T> {
        let (shard, hash) = self.place(group, path);
        self.shards.load(shard)?.get(hash, group, path).map(look)
    }

    /// Makes objects that were found on disks visible; gives back those that others replace:
    /// of two of a kind the later one stays. The earlier one was on its way out, or a power cut
    /// has brought it back.
    pub(crate) fn restore(&self, objects: impl Iterator<Item = Arc<Object>>) -> Vec<Arc<Object>> {
        let _alone = self.alone();
        let (mut changed, mut twins) = (Changed::new(), Vec::new());
        for object in objects {
            let (shard, hash) = self.place(&object.entry.common.group, &object.entry.path);
            let table = changed.entry(shard).or_insert_with(|| self.shards.copy(shard));
            let entry = Arc::clone(&object.entry);
            twins.extend(table.edit(hash, &entry, |slot| {
                let place = if object.is_whole() { &mut slot.held } else { &mut slot.arriving };
                let is_earlier = |there: &Arc<Object>| object.body.serial < there.body.serial;
                let twin = match place {
                    Some(there) if is_earlier(there) => Some(object),
                    _ => place.replace(object),
                };
                twin.into_iter().chain(slot.take_leftover())
            }));
        }
        doom(&twins);
        self.shards.store_all(changed);
        self.lose();
        twins
    }

    /// What has come of a version so far.
    pub(crate) fn arriving(&self, entry: &CatalogueEntry) -> Option<Arc<Object>> {
        let of_it = |it: &&Arc<Object>| it.entry.is_same(entry);
        self.look(&entry.common.group, &entry.path, |seen| seen.arriving.filter(of_it).cloned())
            .flatten()
    }

    /// An object begins to arrive; gives back what must go: what has come of another version,
    /// or the object itself where it is not wanted, or its disk not in use any more.
    pub(crate) fn begin(&self, object: Arc<Object>) -> Option<Arc<Object>> {
        self.edit(&Arc::clone(&object).entry, |slot| {
            // A disk says so before its objects are taken out of sight.
            let leaving =
                if object.body.disk.is_ejected() { Some(object) } else { slot.begin(object) };
            leaving.inspect(|leaving| leaving.doom())
        })
    }

    /// Says whether there was room for a version that is wanted.
    pub(crate) fn set_room(&self, entry: &CatalogueEntry, has_no_room: bool) {
        let is_known = |seen: Seen<'_>| seen.has_no_room == has_no_room || !seen.wants(entry);
        if !self.look(&entry.common.group, &entry.path, is_known).unwrap_or(true) {
            self.edit(entry, |slot| slot.has_no_room = has_no_room);
        }
    }

    /// Makes an object that has arrived visible as whole, if it is still in sight and nothing of
    /// it was lost meanwhile.
    pub(crate) fn publish(&self, object: &Object) -> Published {
        let is_it = |coming: &&Arc<Object>| coming.is_same(object);
        self.edit(&object.entry, |slot| match slot.arriving.as_ref().filter(is_it) {
            None => Published::OutOfSight,
            Some(coming) if !coming.is_whole() => Published::Lacking,
            Some(_) => {
                let before = std::mem::replace(&mut slot.held, slot.arriving.take());
                Published::InPlaceOf(before.inspect(|before| before.doom()))
            }
        })
    }

    /// Puts a copy in the place of an object that is held; `false` where that very object is not
    /// held any more, or the copy cannot be.
    pub(crate) fn relocate(&self, old: &Object, copy: &Object) -> bool {
        self.edit(&old.entry, |slot| {
            // A disk says that it is ejected before its objects are taken out of sight.
            let is_sound = !copy.body.is_doomed() && !copy.body.disk.is_ejected();
            let is_it = |held: &&mut Arc<Object>| held.is_same(old) && held.is_whole();
            let Some(held) = slot.held.as_mut().filter(|held| is_sound && is_it(held)) else {
                return false;
            };
            *held = Arc::new(copy.under(&held.entry));
            true
        })
    }

    /// Takes this very object out of sight, and it must go; `false` when it was not in sight any
    /// more.
    pub(crate) fn withdraw(&self, object: &Object) -> bool {
        let is_it = |other: &mut Arc<Object>| other.is_same(object);
        let is_gone = self.edit(&object.entry, |slot| {
            let taken = slot.held.take_if(is_it).or_else(|| slot.arriving.take_if(is_it));
            taken.inspect(|taken| taken.doom()).is_some()
        });
        if is_gone {
            self.lose();
        }
        is_gone
    }

    /// What is held lacks a slice from here on, and is arriving again. Gives `None` where this
    /// very object is not in sight, else what must go: the object, where another version of it
    /// is arriving.
    pub(crate) fn degrade(&self, object: &Object) -> Option<Option<Arc<Object>>> {
        let is_it = |other: &mut Arc<Object>| other.is_same(object);
        let done = self.edit(&object.entry, |slot| {
            if slot.arriving.as_mut().is_some_and(is_it) {
                return Some(None);
            }
            let degraded = slot.held.take_if(is_it)?;
            if slot.arriving.is_some() {
                degraded.doom();
                return Some(Some(degraded));
            }
            slot.arriving = Some(degraded);
            Some(None)
        });
        self.lose();
        done
    }

    /// Objects of a disk go out of sight; gives how many.
    pub(crate) fn drop_disk(&self, disk: &Arc<Disk>) -> usize {
        let is_on_it = |object: &Arc<Object>| Arc::ptr_eq(&object.body.disk, disk);
        self.take_out(|seen| seen.objects().any(is_on_it), |object| is_on_it(object)).len()
    }

    /// Objects of a disk that is used again come into sight where they are wanted and lacking;
    /// gives how many, and what must go.
    pub(crate) fn rejoin(&self, objects: Vec<Arc<Object>>) -> (usize, Vec<Arc<Object>>) {
        let _alone = self.alone();
        let (all, mut leaving, mut changed) = (objects.len(), Vec::new(), Changed::new());
        for object in objects {
            let (shard, hash) = self.place(&object.entry.common.group, &object.entry.path);
            let table = changed.entry(shard).or_insert_with(|| self.shards.copy(shard));
            let entry = Arc::clone(&object.entry);
            leaving.extend(table.edit(hash, &entry, |slot| slot.rejoin(object)));
        }
        doom(&leaving);
        self.shards.store_all(changed);
        (all - leaving.len(), leaving)
    }

    /// Takes over a manifest; gives back what is held and wanted no longer.
    pub(crate) fn set_wanted(&self, ranked: Vec<Arc<CatalogueEntry>>) -> Vec<Arc<Object>> {
        let mut in_force = self.alone();
        let before: BTreeMap<_, _> = self.shards.iter().collect();
        let empty = || before.keys().map(|shard| (*shard, Shard::default())).collect();
        let (mut tables, mut leaving): (Changed<Shard>, _) = (empty(), Vec::new());
        for (rank, entry) in (0_u32..).zip(&ranked) {
            let (shard, hash) = self.place(&entry.common.group, &entry.path);
            let there = before.get(&shard);
            let old = there.and_then(|it| it.get(hash, &entry.common.group, &entry.path));
            leaving.extend(tables.entry(shard).or_default().edit(hash, entry, |slot| {
                slot.held = old.and_then(|old| old.held.cloned());
                slot.arriving = old.and_then(|old| old.arriving.cloned());
                slot.want(entry, rank)
            }));
        }
        leaving.extend(before.iter().flat_map(|(shard, before)| left_out(before, &tables[shard])));
        doom(&leaving);
        self.shards.store_all(tables);
        *in_force = ranked.into();
        self.lose();
        object::sort(&mut leaving);
        leaving
    }

    /// Takes everything out of sight that `is_purged` says; what is still wanted is missing
    /// then.
    pub(crate) fn purge(&self, is_purged: impl Fn(&CatalogueEntry) -> bool) -> Vec<Arc<Object>> {
        let of_it = |object: &Arc<Object>| is_purged(&object.entry);
        self.take_out(|seen| seen.objects().any(of_it), |object| of_it(object))
    }

    /// Takes objects out of sight; gives them in an order that no hash decides.
    fn take_out(
        &self,
        has_some: impl Fn(Seen<'_>) -> bool,
        is_one: impl Fn(&mut Arc<Object>) -> bool,
    ) -> Vec<Arc<Object>> {
        let _alone = self.alone();
        let mut gone = Vec::new();
        for (shard, before) in self.shards.iter() {
            let mut after = None;
            for (hash, seen) in before.iter().filter(|(_, seen)| has_some(*seen)) {
                let Some(entry) = seen.entry() else { continue };
                let table = after.get_or_insert_with(|| Shard::clone(&before));
                table.edit(hash, entry, |slot| {
                    gone.extend(slot.held.take_if(&is_one));
                    gone.extend(slot.arriving.take_if(&is_one));
                });
            }
            if let Some(after) = after {
                self.shards.store(shard, after);
            }
        }
        self.lose();
        object::sort(&mut gone);
        gone
    }

    /// Shows every object that is held, in no order.
    pub(crate) fn each_held(&self, mut show: impl FnMut(&Arc<Object>)) {
        for (_, table) in self.shards.iter() {
            table.iter().filter_map(|(_, seen)| seen.held).for_each(&mut show);
        }
    }

    /// What is wanted and not held, best first.
    pub(crate) fn missing(&self) -> Vec<Arc<CatalogueEntry>> {
        let ranked = self.ranked();
        ranked.iter().filter(|entry| self.lacks(entry)).cloned().collect()
    }

    /// How often something may have gone missing: as long as it stays, what is missing only
    /// becomes less.
    pub(crate) fn losses(&self) -> u64 {
        self.losses.load(Ordering::Acquire)
    }

    /// Told after the change: whoever has seen this number sees it, too.
    fn lose(&self) {
        self.losses.fetch_add(1, Ordering::Release);
    }

    /// Objects and bytes: wanted, and of these held.
    pub(crate) fn totals(&self) -> [(u64, u64); 2] {
        let ranked = self.ranked();
        let mut totals = [(0, 0); 2];
        for entry in ranked.iter() {
            let held = !self.lacks(entry);
            for (objects, bytes) in totals.iter_mut().take(1 + usize::from(held)) {
                *objects += 1;
                *bytes += entry.size_bytes;
            }
        }
        totals
    }

    /// Whether this version is wanted and not held.
    pub(crate) fn lacks(&self, entry: &CatalogueEntry) -> bool {
        self.look(&entry.common.group, &entry.path, |seen| seen.lacks(entry)).unwrap_or(false)
    }

    /// In which shard a key stands, and its hash there.
    fn place(&self, group: &GroupName, path: &str) -> (usize, u32) {
        let hash = self.hasher.hash_one((group, path));
        let low = u32::try_from(hash & u64::from(u32::MAX));
        (shards::number(hash), low.unwrap_or_default())
    }

    /// Where an entry stands in the manifest's order.
    pub(crate) fn rank(&self, entry: &CatalogueEntry) -> u32 {
        self.look(&entry.common.group, &entry.path, |seen| seen.rank).unwrap_or(UNRANKED)
    }

    /// The manifest's order now. Whoever walks it keeps nobody from changing things.
    pub(crate) fn ranked(&self) -> Ranked {
        Arc::clone(&self.alone())
    }

    /// Nobody else changes anything as long as this is held.
    fn alone(&self) -> MutexGuard<'_, Ranked> {
        self.ranked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is known of one key.
    fn edit<T>(&self, entry: &CatalogueEntry, edit: impl FnOnce(&mut Slot) -> T) -> T {
        let _alone = self.alone();
        let (shard, hash) = self.place(&entry.common.group, &entry.path);
        let mut table = self.shards.copy(shard);
        let done = table.edit(hash, entry, edit);
        self.shards.store(shard, table);
        done
    }
}

fn doom(leaving: &[Arc<Object>]) {
    leaving.iter().for_each(|object| object.doom());
}

/// What a table of before holds and that of now has no place for.
fn left_out(before: &Shard, now: &Shard) -> Vec<Arc<Object>> {
    let is_in =
        |hash, entry: &CatalogueEntry| now.get(hash, &entry.common.group, &entry.path).is_some();
    let is_out =
        |(hash, seen): &(u32, Seen<'_>)| !seen.entry().is_some_and(|entry| is_in(*hash, entry));
    before.iter().filter(is_out).flat_map(|(_, seen)| seen.objects()).cloned().collect()
}
