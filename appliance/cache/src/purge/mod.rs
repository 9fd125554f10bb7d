//! Purges: out of sight before the call returns, and for good.
//!
//! A file goes when its last reader has gone, which a process that is killed does not live to
//! see, and a power cut can undo a removal: of what is purged, and of what it has replaced, be it
//! long ago. So before a purge counts as carried out the headers of all files that are leaving
//! are wiped, and all removals synchronised: readers need a header no more, and no later process
//! finds an object again.
//!
//! A disk that is out of use cannot forget anything. Each says how far it has come ([`mark`]), and
//! when it is found again, by whichever process, and has missed something, all that stands on it
//! goes: it is fetched again, from the site most often.

mod mark;

use crate::cache::Cache;
use crate::disk::{Disk, Weight};
use crate::layout::PAGE_LEN;
use crate::object::Object;
use crate::storage::Storage;
use crate::twice;
use arc_swap::ArcSwap;
use contract::catalogue::CatalogueEntry;
use contract::tombstones::PurgedUpTo;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What purges have left to do.
#[derive(Debug, Default)]
pub(crate) struct Purging {
    /// Of objects that are moving: not in the index yet, and purged all the same.
    pub(crate) copies: Vec<Arc<Object>>,
}

/// How far the purges have come that the fleet has numbered. Read without a lock.
#[derive(Debug)]
pub(crate) struct Reached {
    begun: ArcSwap<PurgedUpTo>,
    done: ArcSwap<PurgedUpTo>,
}

impl Reached {
    /// This far in processes before this one.
    pub(crate) fn before(up_to: PurgedUpTo) -> Self {
        let [begun, done] = [(); 2].map(|()| ArcSwap::from_pointee(up_to));
        Self { begun, done }
    }
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

    /// All purges up to this one were carried out: what they took is out of sight, and each disk
    /// in use knows. Blocks on the disks.
    ///
    /// # Errors
    /// When a disk does not write it down. It does not count as carried out then.
    pub fn has_purged(&self, up_to: PurgedUpTo) -> io::Result<()> {
        self.begin_purges(up_to);
        let marked = {
            let _unchanged = self.disks.alone();
            let marked = self.disks().iter().try_for_each(|disk| disk.forget_and_mark(up_to));
            marked.inspect(|()| self.reached.done.store(Arc::new(up_to)))
        };
        self.eject_ailing();
        marked
    }

    /// Disks that do not know yet that they have missed nothing write it down, unless another
    /// process writes to them. One that cannot is told again; if it never can, it holds nothing
    /// after the next start. Blocks on the disks.
    pub fn settle_purges(&self) {
        let Some(_pass) = self.gate.enter() else { return };
        {
            let _unchanged = self.disks.alone();
            let up_to = self.purged_up_to();
            for disk in self.disks().iter().filter(|disk| !disk.has_purged(up_to)) {
                // It has failed, which it knows.
                let _ = disk.forget_and_mark(up_to);
            }
        }
        self.eject_ailing();
    }

    /// Takes everything out of sight that `is_purged` says, before it returns; gives the
    /// number of objects. What the manifest still wants will be fetched again. Blocks on the
    /// disks.
    ///
    /// # Errors
    /// When a disk does not forget what was purged. It is out of sight all the same until the
    /// process ends; the next call tries again.
    pub fn purge(&self, is_purged: impl Fn(&CatalogueEntry) -> bool) -> io::Result<usize> {
        self.purge_with(is_purged, |_| false)
    }

    /// The same, and what nobody ordered that `is_demanded_purged` says beside that.
    ///
    /// # Errors
    /// As [`Cache::purge`].
    pub fn purge_with(
        &self,
        is_purged: impl Fn(&CatalogueEntry) -> bool,
        is_demanded_purged: impl Fn(&CatalogueEntry) -> bool,
    ) -> io::Result<usize> {
        let wiped = {
            // A disk that is coming back holds either all of it or nothing by now.
            let _unchanged = self.disks.alone();
            let mut purging = self.purging();
            self.purge_alone(&mut purging, is_purged, is_demanded_purged)
        };
        self.eject_ailing();
        wiped
    }

    /// Nobody purges as long as this is held.
    pub(crate) fn purging(&self) -> MutexGuard<'_, Purging> {
        self.purging.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn purge_alone(
        &self,
        purging: &mut Purging,
        is_purged: impl Fn(&CatalogueEntry) -> bool,
        is_demanded_purged: impl Fn(&CatalogueEntry) -> bool,
    ) -> io::Result<usize> {
        let mut gone = self.index.purge(&is_purged);
        gone.extend(self.purge_received(|entry| is_purged(entry) || is_demanded_purged(entry)));
        let count = gone.len();
        let copies: Vec<_> =
            purging.copies.iter().filter(|copy| is_purged(&copy.entry)).cloned().collect();
        gone.iter().chain(&copies).for_each(|object| object.doom());
        drop((gone, copies));
        // Disks that are out of use are read anew, or not at all.
        self.disks().iter().try_for_each(|disk| disk.forget_for_good())?;
        Ok(count)
    }
}

/// How far purges have come on a disk.
#[derive(Debug)]
pub(crate) struct Mark(Mutex<mark::Found>);

impl Mark {
    pub(crate) fn read(storage: &dyn Storage, disk: &Path) -> io::Result<Self> {
        Ok(Self(Mutex::new(mark::read(storage, disk)?)))
    }

    fn get(&self) -> MutexGuard<'_, mark::Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Disk {
    fn mark(&self) -> Option<PurgedUpTo> {
        match *self.mark.get() {
            mark::Found::Mark(mark) => Some(mark),
            mark::Found::Silence | mark::Found::Nothing => None,
        }
    }

    /// Whether no version that knows of marks has used it.
    pub(crate) fn knows_no_marks(&self) -> bool {
        *self.mark.get() == mark::Found::Nothing
    }

    /// Makes room for its mark.
    pub(crate) fn make_mark(&self) -> io::Result<()> {
        mark::make(self.storage(), self.folder())
    }

    /// Whether it has missed nothing of this. A later epoch begins with all that is purged in it.
    pub(crate) fn has_purged(&self, up_to: PurgedUpTo) -> bool {
        let mark = self.mark().unwrap_or_default();
        mark.covers(up_to) || mark.epoch > up_to.epoch
    }

    /// It holds nothing of what was purged up to here: that is so for good, and written down.
    fn forget_and_mark(&self, up_to: PurgedUpTo) -> io::Result<()> {
        self.forget_for_good()?;
        if self.mark() == Some(up_to) {
            return Ok(());
        }
        if self.is_unreliable() {
            return Err(io::Error::other("what was forgotten may be back: the disk has failed"));
        }
        let (storage, path) = (self.storage(), mark::file_of(self.folder()));
        let file = match twice::open(storage, &path) {
            // Without room for it, it may have to forget more than it must.
            Err(err) if err.kind() == io::ErrorKind::StorageFull => return Ok(()),
            opened => opened.inspect_err(|_| self.failed(Weight::Call))?,
        };
        let written = twice::write(&*file, &mark::encode(up_to));
        written.inspect_err(|_| self.failed(Weight::Call))?;
        let synced = file.sync().and_then(|()| storage.sync_folder(self.folder()));
        synced.inspect_err(|_| self.failed(Weight::Sync))?;
        *self.mark.get() = mark::Found::Mark(up_to);
        Ok(())
    }

    /// What is leaving, or has left, is found by no later process, even after a power cut.
    fn forget_for_good(&self) -> io::Result<()> {
        let owed = self.removals.owed();
        if owed.is_nothing() {
            return Ok(());
        }
        let is_left = |err: &io::Error| err.kind() != io::ErrorKind::NotFound;
        for file in &owed.files {
            self.void_register(file)?;
            if let Some(err) = self.wipe_header(file).err().filter(is_left) {
                self.failed(Weight::Call);
                return Err(err);
            }
        }
        self.storage().sync_all(self.folder()).inspect_err(|_| self.failed(Weight::Sync))?;
        self.removals.settle(&owed);
        Ok(())
    }

    fn wipe_header(&self, file: &Path) -> io::Result<()> {
        self.storage().open(file)?.write_all_at(&[0; PAGE_LEN], 0)
    }
}
