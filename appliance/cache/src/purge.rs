//! Purges: out of sight before the call returns, and for good.
//!
//! A file goes when its last reader has gone, which a process that is killed does not live to
//! see, and a power cut can undo a removal: of what is purged, and of what it has replaced, be it
//! long ago. So before a purge counts as carried out the headers of all files that are leaving
//! are wiped, and all removals synchronised: readers need a header no more, and no later process
//! finds an object again.
//!
//! A disk that is out of use cannot forget anything. If it is taken into use again by this
//! process, all that stands on it goes: it is fetched again, from the site most often.

use crate::cache::Cache;
use crate::disk::{Disk, Weight};
use crate::disks::DiskSlot;
use crate::layout::PAGE_LEN;
use crate::object::Object;
use crate::storage::StoredFile;
use arc_swap::ArcSwap;
use contract::catalogue::CatalogueEntry;
use contract::tombstones::PurgedUpTo;
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

/// What purges have left to do.
#[derive(Debug, Default)]
pub(crate) struct Purging {
    /// Folders of disks that were out of use: nobody knows which of their objects were purged.
    missed: HashSet<PathBuf>,
    /// Of objects that are moving: not in the index yet, and purged all the same.
    pub(crate) copies: Vec<Arc<Object>>,
}

/// How far the purges have come that the fleet has numbered. Read without a lock.
#[derive(Debug, Default)]
pub(crate) struct Reached {
    begun: ArcSwap<PurgedUpTo>,
    done: ArcSwap<PurgedUpTo>,
}

impl Cache {
    /// How far purges were carried out, by the fleet's count: what others may rely on.
    #[must_use]
    pub fn purged_up_to(&self) -> PurgedUpTo {
        **self.reached.done.load()
    }

    /// How far they were begun: what a box that is asked must have carried out. Were it only what
    /// is done, a purge that waits for a disk could have what it takes come back from another box.
    #[must_use]
    pub fn purging_up_to(&self) -> PurgedUpTo {
        **self.reached.begun.load()
    }

    /// All purges up to this one are being carried out. Said before [`Cache::purge`].
    pub fn begin_purges(&self, up_to: PurgedUpTo) {
        self.reached.begun.store(Arc::new(up_to));
    }

    /// All purges up to this one were carried out: what they took is out of sight.
    pub fn has_purged(&self, up_to: PurgedUpTo) {
        self.begin_purges(up_to);
        self.reached.done.store(Arc::new(up_to));
    }

    /// Takes everything out of sight that `is_purged` says, before it returns; gives the
    /// number of objects. What the manifest still wants will be fetched again. Blocks on the
    /// disks.
    ///
    /// # Errors
    /// When a disk does not forget what was purged. It is out of sight all the same until the
    /// process ends; the next call tries again.
    pub fn purge(&self, is_purged: impl Fn(&CatalogueEntry) -> bool) -> io::Result<usize> {
        let wiped = {
            // A disk that is coming back holds either all of it or nothing by now.
            let _unchanged = self.disks.alone();
            let mut purging = self.purging.lock().unwrap_or_else(PoisonError::into_inner);
            self.purge_alone(&mut purging, is_purged)
        };
        self.eject_ailing();
        wiped
    }

    fn purge_alone(
        &self,
        purging: &mut Purging,
        is_purged: impl Fn(&CatalogueEntry) -> bool,
    ) -> io::Result<usize> {
        let slots = self.disk_slots();
        let out = slots.iter().filter(|slot| slot.in_use().is_none());
        purging.missed.extend(out.map(|slot| slot.setup.folder.clone()));

        let mut gone = self.index.purge(&is_purged);
        gone.extend(self.purge_received(&is_purged));
        let count = gone.len();
        let copies: Vec<_> =
            purging.copies.iter().filter(|copy| is_purged(&copy.entry)).cloned().collect();
        gone.iter().chain(&copies).for_each(|object| object.doom());
        drop((gone, copies));
        // Disks that were ejected are read anew, or not at all.
        slots.iter().filter_map(DiskSlot::in_use).try_for_each(|disk| disk.forget_for_good())?;
        Ok(count)
    }

    /// Whether a purge was carried out while a disk was out of use. It is asked once the disk was
    /// read, and has missed nothing from then on.
    pub(crate) fn has_missed_purges(&self, folder: &Path) -> bool {
        self.purging.lock().unwrap_or_else(PoisonError::into_inner).missed.remove(folder)
    }
}

impl Disk {
    /// What is leaving, or has left, is found by no later process, even after a power cut.
    fn forget_for_good(&self) -> io::Result<()> {
        let owed = self.removals.owed();
        if owed.is_nothing() {
            return Ok(());
        }
        let is_left = |err: &io::Error| err.kind() != io::ErrorKind::NotFound;
        for file in &owed.files {
            if let Some(err) = self.wipe_header(file).err().filter(is_left) {
                self.failed(Weight::Call);
                return Err(err);
            }
        }
        self.storage().sync_all(self.folder()).inspect_err(|_| self.failed(Weight::Sync))?;
        self.removals.settle(&owed);
        Ok(())
    }

    /// The same for one file that is leaving, and that somebody may read still. Where the disk
    /// does not do that now, the next purge waits for it.
    pub(crate) fn forget_one(&self, file: &Path) {
        let wiped = self.wipe_header(file).inspect_err(|_| self.failed(Weight::Call));
        let synced =
            |file: Arc<dyn StoredFile>| file.sync().inspect_err(|_| self.failed(Weight::Sync));
        if wiped.and_then(synced).is_ok() {
            self.removals.wiped(file);
        }
    }

    fn wipe_header(&self, file: &Path) -> io::Result<Arc<dyn StoredFile>> {
        let file = self.storage().open(file)?;
        file.write_all_at(&[0; PAGE_LEN], 0)?;
        Ok(file)
    }
}
