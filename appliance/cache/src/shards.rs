//! Tables that are read without a lock: whoever changes one puts a changed copy in its place.
//!
//! They are many, so that a change copies little, and each is made for the first that stands in
//! it: to replace a table, or to drop it, is to look at every thread that may be reading.

use arc_swap::{ArcSwap, Guard};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// Of a million keys, one change copies a thousand references.
const SHARDS: usize = 1024;

/// Tables by number. Writers keep each other out themselves.
#[derive(Debug)]
pub(crate) struct Shards<T>(Box<[OnceLock<ArcSwap<T>>]>);

/// Changed copies of tables that are not in place yet.
pub(crate) type Changed<T> = BTreeMap<usize, T>;

impl<T> Default for Shards<T> {
    fn default() -> Self {
        Self(std::iter::repeat_with(OnceLock::new).take(SHARDS).collect())
    }
}

/// The number of the table in which a hash stands. Tables look at its other half.
pub(crate) fn number(hash: u64) -> usize {
    usize::try_from(hash >> 32).unwrap_or_default() % SHARDS
}

impl<T: Default + Clone> Shards<T> {
    /// A table as it is now; `None` where there is nothing in it.
    pub(crate) fn load(&self, number: usize) -> Option<Guard<Arc<T>>> {
        self.0[number].get().map(ArcSwap::load)
    }

    /// Every table that there is, as it is now.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, Arc<T>)> {
        let tables = self.0.iter().enumerate();
        tables.filter_map(|(number, table)| Some((number, table.get()?.load_full())))
    }

    /// A table, to be changed.
    pub(crate) fn copy(&self, number: usize) -> T {
        self.load(number).map(|table| T::clone(&table)).unwrap_or_default()
    }

    pub(crate) fn store(&self, number: usize, table: T) {
        self.0[number].get_or_init(ArcSwap::default).store(Arc::new(table));
    }

    pub(crate) fn store_all(&self, changed: Changed<T>) {
        changed.into_iter().for_each(|(number, table)| self.store(number, table));
    }
}
