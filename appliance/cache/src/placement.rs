//! Which disk takes an object: one of the class where its rank belongs, the one with the most
//! room; where that class has none, one of the nearest class that has.
//!
//! A disk that may not be written to within its rated endurance is passed over.
//!
//! A disk that has failed lately is asked last, however much room it has: what went with it
//! would only come back to it.

use crate::cache::Cache;
use crate::disk::{Disk, Reservation};
use crate::endurance::{Exhausted, Permit};
use crate::intake::IntakeError;
use crate::layout;
use crate::tiers::{Tiers, class_at};
use contract::catalogue::CatalogueEntry;
use contract::config::DiskClass;
use contract::slices::MAX_OBJECT_BYTES;
use std::cmp::Reverse;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

    /// Room for an object on the disk that suits it best, and leave to write it there.
    ///
    /// # Errors
    /// [`IntakeError::NoRoom`] and, where there is room, [`IntakeError::Exhausted`].
    pub(crate) fn choose(
        &self,
        entry: &CatalogueEntry,
    ) -> Result<(Reservation, Permit), IntakeError> {
        let (bytes, mut exhausted) = (layout::disk_bytes(entry.size_bytes), None::<Exhausted>);
        for disk in self.candidates(entry) {
            let Some(room) = disk.reserve(entry.size_bytes) else { continue };
            match disk.permit(bytes) {
                Ok(permit) => return Ok((room, permit)),
                Err(refused) => exhausted = Some(refused.sooner(exhausted)),
            }
        }
        let no_room = IntakeError::NoRoom { size_bytes: entry.size_bytes };
        Err(exhausted.map_or(no_room, IntakeError::Exhausted))
    }

    /// Room for what nobody ordered: on a disk that may be written to, if there is one. What may
    /// not be written passes through memory.
    pub(crate) fn choose_received(&self, entry: &CatalogueEntry) -> Option<Reservation> {
        let mut disks = self.candidates(entry);
        disks.sort_by_key(|disk| disk.exhausted().is_some());
        disks.into_iter().find_map(|disk| disk.reserve(entry.size_bytes))
    }

    /// The disks, the one that suits an object best first.
    fn candidates(&self, entry: &CatalogueEntry) -> Vec<Arc<Disk>> {
        if entry.size_bytes > MAX_OBJECT_BYTES {
            return Vec::new();
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
        disks
    }
}
