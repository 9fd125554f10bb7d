//! The index in RAM: what is held, what is wanted, by key.
//!
//! Whoever asks takes no lock and waits for nobody: the index is cut into shards, each a table
//! that never changes. Writers, one at a time, put a changed copy in a shard's place. They
//! are rare (a publication, a manifest), and a copy shares what stands in it.

mod shard;
#[cfg(test)]
mod tests;

use crate::disk::Disk;
use crate::object::Object;
use arc_swap::ArcSwap;
use contract::catalogue::CatalogueEntry;
use contract::names::GroupName;
use shard::Shard;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Of a million objects, one publication copies a thousand references.
const SHARDS: usize = 1024;

/// What the index knows of one key. A new version may be wanted while the old one is held. The
/// key itself stands in the entry of each of them.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) held: Option<Arc<Object>>,
    /// What of the wanted version has come so far.
    pub(crate) arriving: Option<Arc<Object>>,
    pub(crate) wanted: Option<Arc<CatalogueEntry>>,
    /// No disk had room for it when it was to come.
    pub(crate) has_no_room: bool,
    /// Where it stands in the manifest's order; beyond all of it where nobody ordered it.
    pub(crate) rank: u32,
}

impl Slot {
    /// With nothing in it.
    const EMPTY: Self =
        Self { held: None, arriving: None, wanted: None, has_no_room: false, rank: u32::MAX };

    /// One of those that have its key; `None` where nothing is in it.
    fn entry(&self) -> Option<&Arc<CatalogueEntry>> {
        self.wanted.as_ref().or_else(|| self.objects().next().map(|object| &object.entry))
    }

    fn is_of(&self, group: &GroupName, path: &str) -> bool {
        self.entry().is_some_and(|entry| *entry.path == *path && entry.group == *group)
    }

    fn is_empty(&self) -> bool {
        self.entry().is_none()
    }

    /// Wants this version; gives back what has come of another. What is here of it has the
    /// wanted entry from now on, so that none is in memory twice.
    fn want(&mut self, entry: &Arc<CatalogueEntry>) -> Option<Arc<Object>> {
        self.wanted = Some(Arc::clone(entry));
        self.has_no_room = false;
        let stale = self.arriving.take_if(|coming| coming.entry.id != entry.id);
        for object in [&mut self.held, &mut self.arriving].into_iter().flatten() {
            if object.entry.id == entry.id && !Arc::ptr_eq(&object.entry, entry) {
                *object = Arc::new(object.under(entry));
            }
        }
        stale
    }

    /// Takes an object that is here again; gives back what must go.
    fn rejoin(&mut self, object: Arc<Object>) -> Option<Arc<Object>> {
        let Some(wanted) = self.wanted.clone().filter(|wanted| wanted.id == object.entry.id) else {
            return Some(object);
        };
        let object = Arc::new(object.under(&wanted));
        match object.is_whole() {
            _ if !self.lacks(&wanted) => Some(object),
            true => self.held.replace(object),
            false if self.arriving.is_none() => self.arriving.replace(object),
            false => Some(object),
        }
    }

    /// What has come of a version that is held: a copy that a move has not finished.
    fn take_leftover(&mut self) -> Option<Arc<Object>> {
        let held = self.held.as_ref()?.entry.id;
        self.arriving.take_if(|coming| coming.entry.id == held)
    }

    /// What is here of it, whole or not.
    fn objects(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.held.iter().chain(&self.arriving)
    }

    fn wants(&self, entry: &CatalogueEntry) -> bool {
        self.wanted.as_ref().is_some_and(|wanted| wanted.id == entry.id)
    }

    /// Whether this version is wanted and not held.
    fn lacks(&self, entry: &CatalogueEntry) -> bool {
        let is_held = self.held.as_ref().is_some_and(|held| held.entry.id == entry.id);
        self.wants(entry) && !is_held
    }
}

/// Keys to slots.
#[derive(Debug)]
pub(crate) struct Index {
    hasher: RandomState,
    shards: Box<[ArcSwap<Shard>]>,
    /// The manifest's order. Held by whoever changes anything.
    ranked: Mutex<Ranked>,
    /// How often something may have gone missing.
    losses: AtomicU64,
}

pub(crate) type Ranked = Arc<[Arc<CatalogueEntry>]>;

impl Default for Index {
    fn default() -> Self {
        let shards = std::iter::repeat_with(ArcSwap::default).take(SHARDS).collect();
        let (hasher, ranked) = (RandomState::new(), Mutex::default());
        Self { hasher, shards, ranked, losses: AtomicU64::new(0) }
    }
}

impl Index {
    /// What `look` finds in the slot of a key. It must be quick: it holds an old table in
    /// memory.
    pub(crate) fn look<T>(
        &self,
        group: &GroupName,
        path: &str,
        look: impl FnOnce(&Slot) -> T,
    ) -> Option<T> {
        let hash = self.hash(group, path);
        self.shard(hash).load().get(hash, group, path).map(look)
    }

    /// Makes objects that were found on disks visible; gives back those that others replace:
    /// of two of a kind the later one stays. The earlier one was on its way out, or a power cut
    /// has brought it back.
    pub(crate) fn restore(&self, objects: impl Iterator<Item = Arc<Object>>) -> Vec<Arc<Object>> {
        let _alone = self.alone();
        let mut tables: Vec<_> = self.shards.iter().map(ArcSwap::load_full).collect();
        let mut twins = Vec::new();
        for object in objects {
            let hash = self.hash(&object.entry.group, &object.entry.path);
            let table = Arc::make_mut(&mut tables[number(hash)]);
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
        self.put(tables);
        self.lose();
        twins
    }

    /// What has come of a version so far.
    pub(crate) fn arriving(&self, entry: &CatalogueEntry) -> Option<Arc<Object>> {
        let of_it = |slot: &Slot| slot.arriving.clone().filter(|it| it.entry.id == entry.id);
        self.look(&entry.group, &entry.path, of_it).flatten()
    }

    /// An object begins to arrive; gives back what must go: what has come of another version,
    /// or the object itself where it is not wanted.
    pub(crate) fn begin(&self, object: Arc<Object>) -> Option<Arc<Object>> {
        self.edit(&Arc::clone(&object).entry, |slot| {
            if slot.wants(&object.entry) { slot.arriving.replace(object) } else { Some(object) }
        })
    }

    /// Says whether there was room for a version that is wanted.
    pub(crate) fn set_room(&self, entry: &CatalogueEntry, has_no_room: bool) {
        let is_known = |slot: &Slot| slot.has_no_room == has_no_room || !slot.wants(entry);
        if !self.look(&entry.group, &entry.path, is_known).unwrap_or(true) {
            self.edit(entry, |slot| slot.has_no_room = has_no_room);
        }
    }

    /// Makes an object that has arrived visible as whole, if it is still in sight; gives back
    /// what must go: the version it replaces, or the object itself.
    pub(crate) fn publish(&self, object: Arc<Object>) -> Option<Arc<Object>> {
        self.edit(&Arc::clone(&object).entry, |slot| {
            match slot.arriving.take_if(|coming| coming.is_same(&object)) {
                Some(arrived) => slot.held.replace(arrived),
                None => Some(object),
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

    /// Takes this very object out of sight; `false` when it was not in sight any more.
    pub(crate) fn withdraw(&self, object: &Object) -> bool {
        let is_it = |other: &mut Arc<Object>| other.is_same(object);
        let is_gone = self.edit(&object.entry, |slot| {
            slot.held.take_if(is_it).or_else(|| slot.arriving.take_if(is_it)).is_some()
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
        self.take_out(|slot| slot.objects().any(is_on_it), |object| is_on_it(object)).len()
    }

    /// Objects of a disk that is used again come into sight where they are wanted and lacking;
    /// gives how many, and what must go.
    pub(crate) fn rejoin(&self, objects: Vec<Arc<Object>>) -> (usize, Vec<Arc<Object>>) {
        let _alone = self.alone();
        let (all, mut leaving) = (objects.len(), Vec::new());
        let mut changed: BTreeMap<usize, Shard> = BTreeMap::new();
        for object in objects {
            let hash = self.hash(&object.entry.group, &object.entry.path);
            let copy = || Shard::clone(&self.shard(hash).load());
            let table = changed.entry(number(hash)).or_insert_with(copy);
            let entry = Arc::clone(&object.entry);
            leaving.extend(table.edit(hash, &entry, |slot| slot.rejoin(object)));
        }
        for (number, table) in changed {
            self.shards[number].store(Arc::new(table));
        }
        (all - leaving.len(), leaving)
    }

    /// Takes over a manifest; gives back what is held and wanted no longer.
    pub(crate) fn set_wanted(&self, ranked: Vec<Arc<CatalogueEntry>>) -> Vec<Arc<Object>> {
        let mut in_force = self.alone();
        let before: Vec<_> = self.shards.iter().map(ArcSwap::load_full).collect();
        let mut tables = vec![Shard::default(); SHARDS];
        let mut leaving = Vec::new();
        for (rank, entry) in (0_u32..).zip(&ranked) {
            let hash = self.hash(&entry.group, &entry.path);
            let (before, table) = (&before[number(hash)], &mut tables[number(hash)]);
            let old = before.get(hash, &entry.group, &entry.path);
            let (held, arriving) =
                old.map_or((None, None), |old| (old.held.clone(), old.arriving.clone()));
            leaving.extend(table.edit(hash, entry, |slot| {
                (slot.held, slot.arriving, slot.rank) = (held, arriving, rank);
                slot.want(entry)
            }));
        }
        let tables = tables.into_iter().map(Arc::new).collect();
        self.put(tables);
        *in_force = ranked.into();
        self.lose();
        leaving.extend(before.iter().flat_map(|table| self.left_out(table)));
        leaving.sort_by_key(|object| (object.body.serial, object.entry.id));
        leaving
    }

    /// What a table of before holds and that of now has no place for.
    fn left_out(&self, before: &Shard) -> Vec<Arc<Object>> {
        let is_out = |hash, slot: &Slot| {
            let is_in = |entry: &Arc<CatalogueEntry>| {
                self.shard(hash).load().get(hash, &entry.group, &entry.path).is_some()
            };
            !slot.entry().is_some_and(is_in)
        };
        let out = before.iter().filter(|(hash, slot)| is_out(*hash, slot));
        out.flat_map(|(_, slot)| slot.objects().cloned()).collect()
    }

    /// Takes everything out of sight that `is_purged` says; what is still wanted is missing
    /// then.
    pub(crate) fn purge(&self, is_purged: impl Fn(&CatalogueEntry) -> bool) -> Vec<Arc<Object>> {
        let of_it = |object: &Arc<Object>| is_purged(&object.entry);
        self.take_out(|slot| slot.objects().any(of_it), |object| of_it(object))
    }

    /// Takes objects out of sight; gives them in an order that no hash decides.
    fn take_out(
        &self,
        has_some: impl Fn(&Slot) -> bool,
        is_one: impl Fn(&mut Arc<Object>) -> bool,
    ) -> Vec<Arc<Object>> {
        let _alone = self.alone();
        let mut gone = Vec::new();
        for shard in &self.shards {
            let before = shard.load_full();
            let mut after = None;
            for (hash, slot) in before.iter().filter(|(_, slot)| has_some(slot)) {
                let Some(entry) = slot.objects().next().map(|object| &object.entry) else {
                    continue;
                };
                let table = after.get_or_insert_with(|| Shard::clone(&before));
                table.edit(hash, entry, |slot| {
                    gone.extend(slot.held.take_if(&is_one));
                    gone.extend(slot.arriving.take_if(&is_one));
                });
            }
            if let Some(after) = after {
                shard.store(Arc::new(after));
            }
        }
        self.lose();
        gone.sort_by_key(|object| (object.body.serial, object.entry.id));
        gone
    }

    /// Shows every object that is held, in no order.
    pub(crate) fn each_held(&self, mut show: impl FnMut(&Arc<Object>)) {
        for shard in &self.shards {
            let table = shard.load_full();
            table.iter().filter_map(|(_, slot)| slot.held.as_ref()).for_each(&mut show);
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
        self.look(&entry.group, &entry.path, |slot| slot.lacks(entry)).unwrap_or(false)
    }

    fn hash(&self, group: &GroupName, path: &str) -> u64 {
        self.hasher.hash_one((group, path))
    }

    fn shard(&self, hash: u64) -> &ArcSwap<Shard> {
        &self.shards[number(hash)]
    }

    /// Where an entry stands in the manifest's order.
    pub(crate) fn rank(&self, entry: &CatalogueEntry) -> u32 {
        self.look(&entry.group, &entry.path, |slot| slot.rank).unwrap_or(u32::MAX)
    }

    /// The manifest's order now. Whoever walks it keeps nobody from changing things.
    pub(crate) fn ranked(&self) -> Ranked {
        Arc::clone(&self.alone())
    }

    /// Nobody else changes anything as long as this is held.
    fn alone(&self) -> MutexGuard<'_, Ranked> {
        self.ranked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the slot of one key.
    fn edit<T>(&self, entry: &CatalogueEntry, edit: impl FnOnce(&mut Slot) -> T) -> T {
        let _alone = self.alone();
        let hash = self.hash(&entry.group, &entry.path);
        let mut table = Shard::clone(&self.shard(hash).load());
        let done = table.edit(hash, entry, edit);
        self.shard(hash).store(Arc::new(table));
        done
    }

    fn put(&self, tables: Vec<Arc<Shard>>) {
        for (shard, table) in self.shards.iter().zip(tables) {
            shard.store(table);
        }
    }
}

/// Which shard; tables use the hash's other bits.
fn number(hash: u64) -> usize {
    usize::try_from(hash >> 32).unwrap_or_default() % SHARDS
}
