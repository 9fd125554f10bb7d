//! A share of the index, which never changes: who changes it makes another.

use super::Slot;
use contract::catalogue::CatalogueEntry;
use contract::names::GroupName;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::sync::Arc;

/// Slots by the hash of their keys. A copy shares the slots.
#[derive(Debug, Default, Clone)]
pub(super) struct Shard(HashTable<Filed>);

/// A slot, and the hash of its key.
#[derive(Debug, Clone)]
struct Filed {
    hash: u64,
    slot: Arc<Slot>,
}

impl Shard {
    pub(super) fn get(&self, hash: u64, group: &GroupName, path: &str) -> Option<&Slot> {
        let is_it = |filed: &Filed| filed.hash == hash && filed.slot.is_of(group, path);
        self.0.find(hash, is_it).map(|filed| &*filed.slot)
    }

    /// Changes the slot of an entry's key; one that has nothing to say leaves no trace.
    pub(super) fn edit<T>(
        &mut self,
        hash: u64,
        entry: &CatalogueEntry,
        edit: impl FnOnce(&mut Slot) -> T,
    ) -> T {
        let is_it =
            |filed: &Filed| filed.hash == hash && filed.slot.is_of(&entry.group, &entry.path);
        match self.0.entry(hash, is_it, |filed| filed.hash) {
            Entry::Occupied(mut filed) => {
                let slot = Arc::make_mut(&mut filed.get_mut().slot);
                let done = edit(slot);
                if slot.is_empty() {
                    filed.remove();
                }
                done
            }
            Entry::Vacant(place) => {
                let mut slot = Slot::EMPTY;
                let done = edit(&mut slot);
                if !slot.is_empty() {
                    place.insert(Filed { hash, slot: Arc::new(slot) });
                }
                done
            }
        }
    }

    /// Every slot with the hash of its key.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &Slot)> {
        self.0.iter().map(|filed| (filed.hash, &*filed.slot))
    }
}
