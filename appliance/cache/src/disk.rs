//! One disk: a folder with a budget.
//!
//! `objects/ab/<id>.<serial>` holds an object, whole or still arriving. A lock file keeps a
//! second process away, but for the one that it is handed over to.

mod room;

pub(crate) use room::Reservation;

use crate::endurance::Budget;
use crate::handover::DiskHandover;
use crate::object::Object;
use crate::purge::Mark;
use crate::register::{self, Registers};
use crate::removal::{Removal, Removals};
use crate::storage::Storage;
use crate::write_gate::WriteGate;
use contract::config::{DiskClass, ReadP99};
use contract::object::ObjectId;
use room::Room;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the configuration says of a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskSetup {
    /// Its mount point.
    pub folder: PathBuf,
    /// How fast it is.
    pub class: DiskClass,
    /// How much of it objects may take.
    pub capacity_bytes: u64,
    /// How much of the file system stays free whatever the capacity says.
    pub reserve_bytes: u64,
}

/// Trouble from which on a disk is ejected.
const AILING: u32 = 64;

/// Calls that have to succeed, after one that has not, before a disk is like any other again:
/// the reads of a gibibyte, which a disk in service has done within a minute.
const WARY: u32 = 4096;

/// How much a failure says of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// A block that came back wrong: more often a bit than a disk.
    Bit = 4,
    /// A read or a write that failed.
    Call = 12,
    /// A synchronisation, which is not weighed: from here on nothing that the disk says can be
    /// relied upon, however many calls succeed.
    Sync = 0,
}

/// One disk in use.
#[derive(Debug)]
pub struct Disk {
    setup: DiskSetup,
    storage: Arc<dyn Storage>,
    room: Mutex<Room>,
    pub(crate) objects: AtomicU64,
    pub(crate) io_errors: AtomicU64,
    pub(crate) bad_blocks: AtomicU64,
    pub(crate) removals: Removals,
    pub(crate) mark: Mark,
    pub(crate) registers: Registers,
    /// Rises with every call that fails, falls with every one that succeeds.
    trouble: AtomicU32,
    /// Calls that have yet to succeed before it is trusted with more than it has.
    wary: AtomicU32,
    /// A synchronisation has failed.
    is_unreliable: AtomicBool,
    is_ejected: AtomicBool,
    writes: Mutex<WriteGate>,
    read_bound_us: AtomicU64,
    pub(crate) budget: Mutex<Option<Budget>>,
    /// Held by whoever writes down how it stands.
    pub(crate) keeping: Mutex<()>,
    /// Held as long as this file, or a duplicate of it in another process, is open.
    lock: Mutex<Option<File>>,
    /// Folders of objects whose names survive a power cut. No process of ours removes any.
    named: [AtomicBool; 256],
}

impl Disk {
    /// Takes a disk into use: makes its folder and locks it. Its lock is taken over from the
    /// process before where that has handed one over.
    ///
    /// # Errors
    /// When that cannot be done, or another process has it.
    pub(crate) fn open(
        setup: DiskSetup,
        storage: Arc<dyn Storage>,
        before: Option<DiskHandover>,
    ) -> io::Result<Self> {
        storage.make_folders(&setup.folder.join("objects"))?;
        let removals = Removals::default();
        let lock = match before {
            Some(DiskHandover { lock, leaving }) => {
                removals.hold(leaving.into_iter().map(|file| setup.folder.join(file)));
                lock
            }
            None => storage.lock_file(&Self::lock_file(&setup.folder))?,
        };
        // Whoever has taken a lock over takes it again, which succeeds if it carries one.
        lock.try_lock().map_err(|err| match err {
            TryLockError::WouldBlock => {
                let reason = "another process is using this folder";
                io::Error::new(io::ErrorKind::ResourceBusy, reason)
            }
            TryLockError::Error(err) => err,
        })?;
        let mark = Mark::read(&*storage, &setup.folder)?;
        let read_bound_us = AtomicU64::new(ReadP99::default().bound_us(setup.class));
        Ok(Self {
            setup,
            storage,
            room: Mutex::default(),
            objects: AtomicU64::new(0),
            io_errors: AtomicU64::new(0),
            bad_blocks: AtomicU64::new(0),
            removals,
            mark,
            registers: Registers::default(),
            trouble: AtomicU32::new(0),
            wary: AtomicU32::new(0),
            is_unreliable: AtomicBool::new(false),
            is_ejected: AtomicBool::new(false),
            writes: Mutex::default(),
            read_bound_us,
            budget: Mutex::default(),
            keeping: Mutex::default(),
            lock: Mutex::new(Some(lock)),
            named: std::array::from_fn(|_| AtomicBool::new(false)),
        })
    }

    pub(crate) fn lock_file(folder: &Path) -> PathBuf {
        folder.join("lock")
    }

    /// Gives the lock and the removals away. From now on nothing is removed here.
    pub(crate) fn hand_over(&self) -> io::Result<DiskHandover> {
        let lock = self.lock();
        let lock = lock.as_ref().ok_or_else(|| io::Error::other("the disk was ejected"))?;
        let lock = lock.try_clone()?;
        self.removals.hold([]);
        let below =
            |file: &PathBuf| file.strip_prefix(self.folder()).ok()?.to_str().map(str::to_owned);
        let leaving = self.removals.leaving().iter().filter_map(below).collect();
        Ok(DiskHandover { lock, leaving })
    }

    /// Nobody here reads the file of a doomed object any more.
    pub(crate) fn remove(&self, removal: Removal) {
        self.removals.unread(removal).iter().for_each(|removal| self.remove_now(removal));
    }

    /// A file that is no object goes: at once, unless another process reads here.
    pub(crate) fn discard(&self, file: &Path) -> io::Result<()> {
        let file = file.to_path_buf();
        let removal = Removal { file, bytes: 0, objects: 0, is_registered: false };
        let Some(removal) = self.removals.unread(removal) else { return Ok(()) };
        self.storage.remove(&removal.file)?;
        self.removals.gone(&removal.file);
        Ok(())
    }

    /// No other process reads here.
    pub(crate) fn release_removals(&self) {
        self.removals.release().iter().for_each(|removal| self.remove_now(removal));
    }

    fn remove_now(&self, removal: &Removal) {
        if self.is_ejected() {
            // Its files are found again when it is readmitted.
            return;
        }
        // A file that is gone already frees nothing twice: only whoever removed it counts.
        if self.storage.remove(&removal.file).is_ok() {
            self.removals.gone(&removal.file);
            if removal.is_registered {
                register::folder_of_file(&removal.file)
                    .into_iter()
                    .for_each(|folder| self.registers.changed(folder, 1));
            }
            self.has_gone(removal.bytes);
            self.objects.fetch_sub(removal.objects, Ordering::Relaxed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<File>> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing is written to it or removed from it any more, and its folder is free.
    pub(crate) fn eject(&self) {
        self.is_ejected.store(true, Ordering::Release);
        self.lock().take();
    }

    pub(crate) fn is_ejected(&self) -> bool {
        self.is_ejected.load(Ordering::Acquire)
    }

    /// A call has failed: of reads and writes a few in a short while are too many, and one
    /// synchronisation is.
    pub(crate) fn failed(&self, weight: Weight) {
        if weight != Weight::Bit {
            self.io_errors.fetch_add(1, Ordering::Relaxed);
        }
        if weight == Weight::Sync {
            self.is_unreliable.store(true, Ordering::Release);
        }
        self.trouble.fetch_add(weight as u32, Ordering::Relaxed);
        self.wary.store(WARY, Ordering::Relaxed);
    }

    /// A call has succeeded.
    pub(crate) fn succeeded(&self) {
        // Nearly always there is nothing to forget.
        for count in [&self.trouble, &self.wary] {
            if count.load(Ordering::Relaxed) > 0 {
                let less = |count: u32| Some(count.saturating_sub(1));
                // It is never refused.
                let _ = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
            }
        }
    }

    /// Whether it has failed lately: others are given new objects first.
    pub(crate) fn is_wary(&self) -> bool {
        self.wary.load(Ordering::Relaxed) > 0
    }

    /// Whether it has failed too often to be of use.
    pub(crate) fn is_ailing(&self) -> bool {
        let has_failed = self.is_unreliable() || self.trouble.load(Ordering::Relaxed) >= AILING;
        has_failed && !self.is_ejected()
    }

    /// Whether a synchronisation has failed, of whatever: it may have dropped anything that was
    /// written before, and a later one that succeeds says nothing of that.
    pub(crate) fn is_unreliable(&self) -> bool {
        self.is_unreliable.load(Ordering::Acquire)
    }

    fn writes(&self) -> MutexGuard<'_, WriteGate> {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_read_bound(&self, bounds: &ReadP99) {
        self.read_bound_us.store(bounds.bound_us(self.setup.class), Ordering::Relaxed);
    }

    /// A read that began at this time has ended.
    pub(crate) fn has_read(&self, began_us: u64) {
        let now_us = self.storage.now_us();
        self.writes().read(now_us.saturating_sub(began_us), now_us);
    }

    /// Bytes are to be written: for how long they have to wait, lest reads get slow.
    #[must_use]
    pub fn admit(&self, bytes: u64) -> Duration {
        let bound_us = self.read_bound_us.load(Ordering::Relaxed);
        Duration::from_micros(self.writes().admit(bytes, bound_us, self.storage.now_us()))
    }

    /// Within how long 99 of 100 reads ended, over the past seconds; `None` where they were few.
    #[must_use]
    pub fn read_p99_us(&self) -> Option<u64> {
        self.writes().p99_us(self.storage.now_us())
    }

    /// Whether content is [written through](crate::storage::StoredFile::write_through): readers
    /// wait while a disk writes down what it has gathered. Without readers it takes more if it
    /// gathers, and one that turns would turn for each little piece.
    pub(crate) fn is_to_be_written_through(&self) -> bool {
        self.class() != DiskClass::Hdd && self.writes().has_readers(self.storage.now_us())
    }

    /// What is written to it at most; `None` where nothing is held back.
    #[must_use]
    pub fn write_limit_bytes_per_s(&self) -> Option<u64> {
        self.writes().limit_bytes_per_s()
    }

    /// Its mount point.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.setup.folder
    }

    /// How fast it is.
    #[must_use]
    pub fn class(&self) -> DiskClass {
        self.setup.class
    }

    /// How much of it objects may take.
    #[must_use]
    pub fn capacity_bytes(&self) -> u64 {
        self.setup.capacity_bytes
    }

    /// How many objects stand on it, those still arriving included.
    #[must_use]
    pub fn objects(&self) -> u64 {
        self.objects.load(Ordering::Relaxed)
    }

    /// Reads and writes that failed.
    #[must_use]
    pub fn io_errors(&self) -> u64 {
        self.io_errors.load(Ordering::Relaxed)
    }

    /// Blocks that came back with a wrong checksum.
    #[must_use]
    pub fn bad_blocks(&self) -> u64 {
        self.bad_blocks.load(Ordering::Relaxed)
    }

    /// Where a published object stands. 256 folders keep each of them small. The serial
    /// keeps a version that is leaving apart from the same version coming back.
    pub(crate) fn object_file(&self, id: &ObjectId, serial: u64) -> PathBuf {
        let name = id.0.short();
        let folder = self.setup.folder.join("objects").join(&name[..2]);
        folder.join(format!("{name}.{serial}"))
    }

    pub(crate) fn storage(&self) -> &dyn Storage {
        &*self.storage
    }

    /// Makes the name of an object survive a power cut, and that of its folder.
    pub(crate) fn sync_folder_of(&self, object: &Object) -> io::Result<()> {
        let file = object.file();
        let folder = file.parent().unwrap_or(self.folder());
        self.storage.sync_folder(folder)?;
        let is_named = &self.named[usize::from(register::folder_of(&object.entry.id()))];
        if !is_named.load(Ordering::Relaxed) {
            self.storage.sync_folder(&self.folder().join("objects"))?;
            is_named.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Kernel;

    #[test]
    fn calls_that_succeed_make_up_for_calls_that_fail_and_for_no_synchronisation() {
        let folder = tempfile::tempdir().expect("folder");
        let setup = DiskSetup {
            folder: folder.path().into(),
            class: DiskClass::Ssd,
            capacity_bytes: 1 << 30,
            reserve_bytes: 0,
        };
        let disk = Disk::open(setup, Arc::new(Kernel), None).expect("a disk");
        let succeed = || (0..AILING).for_each(|_| disk.succeeded());
        (0..6).for_each(|_| disk.failed(Weight::Call));
        assert!(disk.is_ailing() && !disk.is_unreliable());
        succeed();
        assert!(!disk.is_ailing());
        disk.failed(Weight::Sync);
        succeed();
        assert!(disk.is_ailing() && disk.is_unreliable());
    }
}
