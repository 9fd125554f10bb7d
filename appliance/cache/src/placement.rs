//! Which disk takes an object: one of the class where its rank belongs, the one with the most
//! room; where that class has none, one of the nearest class that has.
//!
//! A disk that has failed lately is asked last, however much room it has: what went with it
//! would only come back to it.

use crate::cache::Cache;
use crate::disk::{Disk, Reservation};
use crate::layout;
use crate::tiers::{Tiers, class_at};
use contract::catalogue::CatalogueEntry;
use contract::config::DiskClass;
use contract::slices::MAX_OBJECT_BYTES;
use std::cmp::Reverse;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where ranks belong.
#[derive(Debug, Default)]
pub(crate) struct Placement {
    /// The rank at which each class of disks ends.
    cuts: Mutex<Vec<(DiskClass, u32)>>,
    changes: AtomicU64,
}

impl Placement {
    fn cuts(&self) -> MutexGuard<'_, Vec<(DiskClass, u32)>> {
        self.cuts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cache {
    /// The disks, or the manifest's order, have changed.
    pub(crate) fn place_anew(&self) {
        let disks = self.disks();
        let tiers = Tiers::of(disks.iter().map(|disk| (disk.class(), disk.usable_bytes())));
        let ranked = self.index.ranked();
        let sizes = ranked.iter().map(|entry| layout::disk_bytes(entry.size_bytes));
        *self.placement.cuts() = tiers.cuts(sizes);
        self.placement.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// How often the disks, or the manifest's order, have changed: what was planned before may
    /// be moot.
    #[must_use]
    pub fn placement_changes(&self) -> u64 {
        self.placement.changes.load(Ordering::Relaxed)
    }

    /// Room for an object on the disk that suits it best.
    pub(crate) fn choose(&self, entry: &CatalogueEntry) -> Option<Reservation> {
        if entry.size_bytes > MAX_OBJECT_BYTES {
            return None;
        }
        let home = class_at(&self.placement.cuts(), self.index.rank(entry));
        let mut disks = self.disks();
        // Between a faster and a slower class the slower one: the faster has hotter guests.
        let distance = |disk: &Disk| {
            let class = disk.class();
            let away = home.map_or(0, |home| (class as i8 - home as i8).abs());
            (disk.is_wary(), away, Reverse(class))
        };
        disks.sort_by_key(|disk| (distance(disk), Reverse(disk.free_bytes())));
        disks.into_iter().find_map(|disk| disk.reserve(entry.size_bytes))
    }
}
