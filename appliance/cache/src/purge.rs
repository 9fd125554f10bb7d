//! Purges: out of sight before the call returns, and for good.
//!
//! A file goes when its last reader has gone, which a process that is killed does not live to
//! see, and a power cut can undo a removal. So the header of each file is wiped before a purge
//! counts as carried out: readers need it no more, and no later process finds the object again.

use crate::cache::Cache;
use crate::disk::Disk;
use crate::layout::PAGE_LEN;
use contract::catalogue::CatalogueEntry;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

/// The file of a purged object whose header still stands.
#[derive(Debug)]
pub(crate) struct Unwiped {
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
        let mut unwiped = self.unwiped.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = self.index.purge(is_purged);
        let count = gone.len();
        for object in gone {
            object.doom();
            unwiped.push(Unwiped { disk: Arc::clone(&object.body.disk), file: object.file() });
        }
        for disk in &self.disks {
            let is_here = |it: &Unwiped| Arc::ptr_eq(&it.disk, disk);
            let files: Vec<&Path> =
                unwiped.iter().filter(|it| is_here(it)).map(|it| &*it.file).collect();
            disk.wipe(&files)?;
            unwiped.retain(|it| !is_here(it));
        }
        Ok(count)
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
        wiped.and_then(|()| self.storage().sync_all(self.folder())).inspect_err(|_| {
            self.io_errors.fetch_add(1, Ordering::Relaxed);
        })
    }

    fn wipe_header(&self, file: &Path) -> io::Result<()> {
        match self.storage().open(file) {
            Ok(file) => file.write_all_at(&[0; PAGE_LEN], 0),
            Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(err) => Err(err),
        }
    }
}
