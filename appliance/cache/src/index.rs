//! The index in RAM: what is held, what is wanted, by key.

use crate::object::Object;
use contract::catalogue::CatalogueEntry;
use contract::names::GroupName;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What the index knows of one key. A new version may be wanted while the old one is held.
#[derive(Debug, Default, Clone)]
pub(crate) struct Slot {
    pub(crate) held: Option<Arc<Object>>,
    pub(crate) wanted: Option<Arc<CatalogueEntry>>,
}

impl Slot {
    fn want(&mut self, entry: &Arc<CatalogueEntry>) {
        self.wanted = Some(Arc::clone(entry));
        let renewed = self
            .held
            .as_ref()
            .filter(|held| held.entry.id == entry.id && held.entry != *entry)
            .map(|held| Arc::new(held.under(entry)));
        if renewed.is_some() {
            self.held = renewed;
        }
    }

    /// The wanted version, if it is not the one held.
    fn missing(&self) -> Option<&Arc<CatalogueEntry>> {
        let held = self.held.as_ref().map(|object| object.entry.id);
        self.wanted.as_ref().filter(|entry| held != Some(entry.id))
    }
}

type Paths = HashMap<Arc<str>, Slot>;

#[derive(Debug, Default)]
struct Tables {
    groups: HashMap<GroupName, Paths>,
    /// The manifest's order.
    ranked: Arc<[Arc<CatalogueEntry>]>,
}

/// Keys to slots. Readers share a lock; writers are rare (a publication, a manifest).
#[derive(Debug, Default)]
pub(crate) struct Index(RwLock<Tables>);

impl Index {
    fn read(&self) -> RwLockReadGuard<'_, Tables> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Tables> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, group: &GroupName, path: &str) -> Option<Slot> {
        self.read().groups.get(group)?.get(path).cloned()
    }

    /// Makes an object that was found on a disk visible; gives back what it replaces.
    pub(crate) fn restore(&self, object: Arc<Object>) -> Option<Arc<Object>> {
        let mut tables = self.write();
        let paths = tables.groups.entry(object.entry.group.clone()).or_default();
        paths.entry(Arc::clone(&object.entry.path)).or_default().held.replace(object)
    }

    /// Makes an object that arrived visible, if it is still wanted; gives back what must
    /// go: the version it replaces, or the object itself.
    pub(crate) fn publish(&self, object: Arc<Object>) -> Option<Arc<Object>> {
        let mut tables = self.write();
        let paths = tables.groups.get_mut(&object.entry.group);
        let slot = paths.and_then(|paths| paths.get_mut(&object.entry.path));
        match slot {
            Some(slot) if slot.wanted.as_ref().is_some_and(|e| e.id == object.entry.id) => {
                slot.held.replace(object)
            }
            _ => Some(object),
        }
    }

    /// Takes this very object out of sight; `false` when it was not in sight any more.
    pub(crate) fn withdraw(&self, object: &Object) -> bool {
        let mut tables = self.write();
        let Some(paths) = tables.groups.get_mut(&object.entry.group) else { return false };
        let Some(slot) = paths.get_mut(&object.entry.path) else { return false };
        let is_it = slot.held.as_ref().is_some_and(|held| held.serial == object.serial);
        if is_it {
            slot.held = None;
            if slot.wanted.is_none() {
                paths.remove(&object.entry.path);
            }
        }
        is_it
    }

    /// Takes over a manifest; gives back what is held and wanted no longer.
    pub(crate) fn set_wanted(&self, ranked: Vec<Arc<CatalogueEntry>>) -> Vec<Arc<Object>> {
        let mut tables = self.write();
        for slot in tables.groups.values_mut().flat_map(HashMap::values_mut) {
            slot.wanted = None;
        }
        for entry in &ranked {
            let paths = tables.groups.entry(entry.group.clone()).or_default();
            paths.entry(Arc::clone(&entry.path)).or_default().want(entry);
        }
        let mut dropped = Vec::new();
        for paths in tables.groups.values_mut() {
            paths.retain(|_, slot| {
                if slot.wanted.is_none() {
                    dropped.extend(slot.held.take());
                }
                slot.wanted.is_some()
            });
        }
        tables.ranked = ranked.into();
        dropped
    }

    /// Takes everything out of sight that `is_purged` says; what is still wanted is missing
    /// then.
    pub(crate) fn purge(&self, is_purged: impl Fn(&CatalogueEntry) -> bool) -> Vec<Arc<Object>> {
        let mut tables = self.write();
        let mut gone = Vec::new();
        for paths in tables.groups.values_mut() {
            paths.retain(|_, slot| {
                if slot.held.as_ref().is_some_and(|object| is_purged(&object.entry)) {
                    gone.extend(slot.held.take());
                }
                slot.held.is_some() || slot.wanted.is_some()
            });
        }
        gone
    }

    /// What is wanted and not held, best first.
    pub(crate) fn missing(&self) -> Vec<Arc<CatalogueEntry>> {
        let tables = self.read();
        tables.ranked.iter().filter(|entry| is_missing(&tables, entry)).cloned().collect()
    }

    /// Objects and bytes: wanted, and of these held.
    pub(crate) fn totals(&self) -> [(u64, u64); 2] {
        let tables = self.read();
        let mut totals = [(0, 0); 2];
        for entry in tables.ranked.iter() {
            let held = !is_missing(&tables, entry);
            for (objects, bytes) in totals.iter_mut().take(1 + usize::from(held)) {
                *objects += 1;
                *bytes += entry.size_bytes;
            }
        }
        totals
    }
}

fn is_missing(tables: &Tables, entry: &CatalogueEntry) -> bool {
    let slot = tables.groups.get(&entry.group).and_then(|paths| paths.get(&entry.path));
    slot.is_some_and(|slot| slot.missing().is_some_and(|missing| missing.id == entry.id))
}
