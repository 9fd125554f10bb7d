//! Purges: out of sight before the call returns, and for good.
//!
//! A file goes when its last reader has gone, which a process that is killed does not live to
//! see, and a power cut can undo a removal. So the header of each file is wiped before a purge
//! counts as carried out: readers need it no more, and no later process finds the object again.
//!
//! A disk that is out of use cannot forget anything. If it is taken into use again by this
//! process, all that stands on it goes: it is fetched again, from the site most often.

use crate::cache::Cache;
use crate::disk::{Disk, Weight};
use crate::disks::DiskSlot;
use crate::layout::PAGE_LEN;
use crate::object::Object;
use contract::catalogue::CatalogueEntry;
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

/// What purges have left to do.
#[derive(Debug, Default)]
pub(crate) struct Purging {
    /// What a restart would still find.
    unwiped: Vec<Unwiped>,
    /// Folders of disks that were out of use: nobody knows which of their objects were purged.
    missed: HashSet<PathBuf>,
    /// Of objects that are moving: not in the index yet, and purged all the same.
    pub(crate) copies: Vec<Arc<Object>>,
}

impl Purging {
    /// Nothing of a file that is going is found again, even after a power cut. If its disk does
    /// not do that now, the next purge waits for it.
    pub(crate) fn forget(&mut self, object: &Object) {
        let (disk, file) = (Arc::clone(&object.body.disk), object.file());
        if disk.wipe_one(&file).is_err() {
            self.unwiped.push(Unwiped { disk, file });
        }
    }

    /// The next purge sees to it that a file is not found again.
    pub(crate) fn forget_later(&mut self, object: &Object) {
        let (disk, file) = (Arc::clone(&object.body.disk), object.file());
        self.unwiped.push(Unwiped { disk, file });
    }
}

/// The file of a purged object whose header still stands.
#[derive(Debug)]
struct Unwiped {
    disk: Arc<Disk>,
    file: PathBuf,
}

impl Cache {
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
        let copies = purging.copies.iter().filter(|copy| is_purged(&copy.entry)).cloned();
        for object in gone.into_iter().chain(copies.collect::<Vec<_>>()) {
            object.doom();
            purging.forget_later(&object);
        }
        // Disks that were ejected are read anew, or not at all.
        purging.unwiped.retain(|it| !it.disk.is_ejected());
        for disk in slots.iter().filter_map(DiskSlot::in_use) {
            let is_here = |it: &Unwiped| Arc::ptr_eq(&it.disk, disk);
            let here = purging.unwiped.iter().filter(|it| is_here(it));
            let files: Vec<&Path> = here.map(|it| &*it.file).collect();
            disk.wipe(&files)?;
            purging.unwiped.retain(|it| !is_here(it));
        }
        Ok(count)
    }

    /// Whether a purge was carried out while a disk was out of use. It is asked once the disk was
    /// read, and has missed nothing from then on.
    pub(crate) fn has_missed_purges(&self, folder: &Path) -> bool {
        self.purging.lock().unwrap_or_else(PoisonError::into_inner).missed.remove(folder)
    }
}

impl Disk {
    /// What is left of objects that are going is no object any more, even after a power cut.
    /// Nothing is left where nobody was reading.
    fn wipe(&self, files: &[&Path]) -> io::Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        let wiped = files.iter().try_for_each(|file| self.wipe_header(file));
        wiped.inspect_err(|_| self.failed(Weight::Call))?;
        self.storage().sync_all(self.folder()).inspect_err(|_| self.failed(Weight::Sync))
    }

    fn wipe_one(&self, file: &Path) -> io::Result<()> {
        let file = self.storage().open(file).inspect_err(|_| self.failed(Weight::Call))?;
        let wiped = file.write_all_at(&[0; PAGE_LEN], 0);
        wiped.inspect_err(|_| self.failed(Weight::Call))?;
        file.sync().inspect_err(|_| self.failed(Weight::Sync))
    }

    fn wipe_header(&self, file: &Path) -> io::Result<()> {
        match self.storage().open(file) {
            Ok(file) => file.write_all_at(&[0; PAGE_LEN], 0),
            Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(err) => Err(err),
        }
    }
}
