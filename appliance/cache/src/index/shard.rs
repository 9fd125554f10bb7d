//! A share of the index, which never changes: who changes it makes another.

use super::slot::{Seen, Slot};
use crate::object::Object;
use contract::catalogue::CatalogueEntry;
use contract::names::GroupName;
use hashbrown::HashTable;
use std::sync::Arc;

/// What is known of each key, by its hash. Nearly all keys are held as they are wanted, or
/// missing, and one reference says so; the others have a slot. A copy shares what they refer to.
#[derive(Debug, Default, Clone)]
pub(super) struct Shard {
    /// Held, and not wanted in another version.
    held: Table<Arc<Object>>,
    /// On its way, about to be replaced, or without room.
    others: Table<Arc<Slot>>,
    /// Wanted, and not here.
    missing: Table<Arc<CatalogueEntry>>,
}

type Table<T> = HashTable<Filed<T>>;

/// What is known of a key, with the key's hash and its place in the manifest's order.
#[derive(Debug, Clone)]
struct Filed<T> {
    hash: u32,
    rank: u32,
    what: T,
}

trait Known {
    fn seen(&self, rank: u32) -> Seen<'_>;
}

impl Known for Arc<Object> {
    fn seen(&self, rank: u32) -> Seen<'_> {
        Seen::held(self, rank)
    }
}

impl Known for Arc<Slot> {
    fn seen(&self, _rank: u32) -> Seen<'_> {
        Slot::seen(self)
    }
}

impl Known for Arc<CatalogueEntry> {
    fn seen(&self, rank: u32) -> Seen<'_> {
        Seen::missing(self, rank)
    }
}

impl<T: Known> Filed<T> {
    fn seen(&self) -> Seen<'_> {
        self.what.seen(self.rank)
    }

    fn is_of(&self, hash: u32, group: &GroupName, path: &str) -> bool {
        self.hash == hash && self.seen().is_of(group, path)
    }
}

impl Shard {
    pub(super) fn get(&self, hash: u32, group: &GroupName, path: &str) -> Option<Seen<'_>> {
        find(&self.held, hash, group, path)
            .or_else(|| find(&self.others, hash, group, path))
            .or_else(|| find(&self.missing, hash, group, path))
    }

    /// Changes what is known of an entry's key; where that is nothing, it leaves no trace.
    pub(super) fn edit<T>(
        &mut self,
        hash: u32,
        entry: &CatalogueEntry,
        edit: impl FnOnce(&mut Slot) -> T,
    ) -> T {
        let mut slot = self.take(hash, entry);
        let done = edit(&mut slot);
        self.put(hash, slot);
        done
    }

    fn take(&mut self, hash: u32, entry: &CatalogueEntry) -> Slot {
        if let Some(Filed { what, rank, .. }) = take(&mut self.held, hash, entry) {
            let wanted = Seen::held(&what, rank).wanted.cloned();
            return Slot { held: Some(what), wanted, rank, ..Slot::EMPTY };
        }
        if let Some(Filed { what, rank, .. }) = take(&mut self.missing, hash, entry) {
            return Slot { wanted: Some(what), rank, ..Slot::EMPTY };
        }
        let other = take(&mut self.others, hash, entry);
        other.map_or(Slot::EMPTY, |filed| Arc::unwrap_or_clone(filed.what))
    }

    fn put(&mut self, hash: u32, slot: Slot) {
        let rank = slot.rank;
        match slot {
            Slot { held: None, arriving: None, wanted: None, .. } => {}
            Slot { held: None, arriving: None, wanted: Some(what), has_no_room: false, .. } => {
                put(&mut self.missing, Filed { hash, rank, what });
            }
            Slot { held: Some(what), arriving: None, wanted, has_no_room: false, .. }
                if wanted.as_ref().is_none_or(|wanted| Arc::ptr_eq(wanted, &what.entry)) =>
            {
                put(&mut self.held, Filed { hash, rank, what });
            }
            other => put(&mut self.others, Filed { hash, rank, what: Arc::new(other) }),
        }
    }

    /// What is known of every key, with its hash.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Seen<'_>)> {
        let held = self.held.iter().map(|filed| (filed.hash, filed.seen()));
        let others = self.others.iter().map(|filed| (filed.hash, filed.seen()));
        held.chain(others).chain(self.missing.iter().map(|filed| (filed.hash, filed.seen())))
    }
}

fn find<'a, T: Known>(
    table: &'a Table<T>,
    hash: u32,
    group: &GroupName,
    path: &str,
) -> Option<Seen<'a>> {
    table.find(spread(hash), |filed| filed.is_of(hash, group, path)).map(Filed::seen)
}

/// Takes something out; a table that has emptied gives its room back.
fn take<T: Known>(table: &mut Table<T>, hash: u32, entry: &CatalogueEntry) -> Option<Filed<T>> {
    let is_it = |filed: &Filed<T>| filed.is_of(hash, &entry.common.group, &entry.path);
    let (taken, _) = table.find_entry(spread(hash), is_it).ok()?.remove();
    if table.len() <= table.capacity() / 4 {
        table.shrink_to_fit(|filed| spread(filed.hash));
    }
    Some(taken)
}

fn put<T>(table: &mut Table<T>, filed: Filed<T>) {
    table.insert_unique(spread(filed.hash), filed, |filed| spread(filed.hash));
}

/// Tables look at both ends of a hash.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}
