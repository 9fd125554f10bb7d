//! One disk: a folder with a budget.
//!
//! `objects/ab/<id>.<serial>` holds what is published, `incoming/<id>` what is arriving. A lock file
//! keeps a second process away, but for the one that it is handed over to.

use crate::handover::DiskHandover;
use crate::layout;
use crate::removal::{Removal, Removals};
use contract::object::ObjectId;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// What the configuration says of a disk.
#[derive(Debug, Clone)]
pub struct DiskSetup {
    /// Its mount point.
    pub folder: PathBuf,
    /// How much of it objects may take.
    pub capacity_bytes: u64,
    /// How much of the file system stays free whatever the capacity says.
    pub reserve_bytes: u64,
}

/// One disk in use.
#[derive(Debug)]
pub struct Disk {
    setup: DiskSetup,
    /// Published and reserved, together never above the capacity.
    used_bytes: Mutex<u64>,
    pub(crate) objects: AtomicU64,
    pub(crate) io_errors: AtomicU64,
    pub(crate) bad_blocks: AtomicU64,
    pub(crate) removals: Removals,
    /// Held as long as this file, or a duplicate of it in another process, is open.
    lock: File,
}

/// Room on a disk that one incoming object has been promised. Given back when dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    pub(crate) disk: Arc<Disk>,
    bytes: u64,
}

impl Reservation {
    /// The object is there: its room stays taken.
    pub(crate) fn keep(mut self) -> u64 {
        std::mem::take(&mut self.bytes)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.disk.release(self.bytes);
    }
}

impl Disk {
    /// Takes a disk into use: makes its folders and proves that it can be written. Its lock
    /// is taken over from the process before where that has handed one over.
    ///
    /// # Errors
    /// When it cannot be written, or another process has it.
    pub(crate) fn open(setup: DiskSetup, before: Option<DiskHandover>) -> io::Result<Self> {
        fs::create_dir_all(setup.folder.join("objects"))?;
        fs::create_dir_all(setup.folder.join("incoming"))?;
        let removals = Removals::default();
        let lock = match before {
            Some(DiskHandover { lock, leaving }) => {
                removals.hold(leaving.into_iter().map(|file| setup.folder.join(file)));
                lock
            }
            None => File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(Self::lock_file(&setup.folder))?,
        };
        // Whoever has taken a lock over takes it again, which succeeds if it carries one.
        lock.try_lock().map_err(|err| match err {
            TryLockError::WouldBlock => io::Error::other("another process is using this folder"),
            TryLockError::Error(err) => err,
        })?;
        let probe = setup.folder.join("incoming/.probe");
        fs::write(&probe, b"can this disk be written?")?;
        File::open(&probe)?.sync_all()?;
        fs::remove_file(&probe)?;
        Ok(Self {
            setup,
            used_bytes: Mutex::new(0),
            objects: AtomicU64::new(0),
            io_errors: AtomicU64::new(0),
            bad_blocks: AtomicU64::new(0),
            removals,
            lock,
        })
    }

    pub(crate) fn lock_file(folder: &Path) -> PathBuf {
        folder.join("lock")
    }

    /// Gives the lock and the removals away. From now on nothing is removed here.
    pub(crate) fn hand_over(&self) -> io::Result<DiskHandover> {
        let lock = self.lock.try_clone()?;
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
        let removal = Removal { file: file.to_path_buf(), bytes: 0, objects: 0 };
        self.removals.unread(removal).map_or(Ok(()), |removal| fs::remove_file(removal.file))
    }

    /// No other process reads here.
    pub(crate) fn release_removals(&self) {
        self.removals.release().iter().for_each(|removal| self.remove_now(removal));
    }

    fn remove_now(&self, removal: &Removal) {
        // A file that is gone already frees nothing twice: only whoever removed it counts.
        if fs::remove_file(&removal.file).is_ok() {
            self.release(removal.bytes);
            self.objects.fetch_sub(removal.objects, Ordering::Relaxed);
        }
    }

    /// Its mount point.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.setup.folder
    }

    /// How much of it objects may take.
    #[must_use]
    pub fn capacity_bytes(&self) -> u64 {
        self.setup.capacity_bytes
    }

    /// What objects take, those still arriving included.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        *self.used()
    }

    /// How many objects are published on it.
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

    pub(crate) fn incoming_file(&self, id: &ObjectId) -> PathBuf {
        self.incoming_folder().join(id.0.short())
    }

    pub(crate) fn incoming_folder(&self) -> PathBuf {
        self.setup.folder.join("incoming")
    }

    /// Promises room for an object, or says no: capacity and reserve both hold.
    pub(crate) fn reserve(self: &Arc<Self>, size_bytes: u64) -> Option<Reservation> {
        let bytes = layout::disk_bytes(size_bytes);
        if self.free_on_file_system() < bytes.saturating_add(self.setup.reserve_bytes) {
            return None;
        }
        self.take(bytes).then(|| Reservation { disk: Arc::clone(self), bytes })
    }

    pub(crate) fn free_bytes(&self) -> u64 {
        self.setup.capacity_bytes.saturating_sub(self.used_bytes())
    }

    /// Takes room into account; `false` when the capacity does not allow it.
    fn take(&self, bytes: u64) -> bool {
        let mut used = self.used();
        let fits = used.saturating_add(bytes) <= self.setup.capacity_bytes;
        if fits {
            *used += bytes;
        }
        fits
    }

    /// Counts an object that was found at start, even above a capacity that was lowered.
    pub(crate) fn take_found(&self, bytes: u64) {
        *self.used() += bytes;
        self.objects.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn release(&self, bytes: u64) {
        let mut used = self.used();
        *used = used.saturating_sub(bytes);
    }

    fn used(&self) -> std::sync::MutexGuard<'_, u64> {
        self.used_bytes.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn free_on_file_system(&self) -> u64 {
        nix::sys::statvfs::statvfs(&self.setup.folder)
            .map_or(0, |stat| stat.blocks_available().saturating_mul(stat.fragment_size()))
    }
}

/// Makes a rename or removal in `folder` survive a power cut.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
