//! All of it together: look up, read, take in, publish, withdraw.

use crate::disk::{Disk, DiskSetup};
use crate::index::Index;
use crate::intake::{Intake, IntakeError, Verified};
use crate::object::Object;
use crate::ram::RamTier;
use crate::read::{BlockIo, BlockRead, ReadFailed, Reads};
use crate::recover;
use crate::watch::{CacheEvent, Watch};
use bytes::Bytes;
use contract::catalogue::CatalogueEntry;
use contract::names::GroupName;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the index in RAM says of a key.
#[derive(Debug, Clone)]
pub enum Lookup {
    /// Published here.
    Held(Arc<Object>),
    /// In the manifest of this box, not here yet (or withdrawn and being refetched).
    Wanted,
    /// Nobody told this box of it.
    Unknown,
}

/// What a cache is made of.
pub struct Setup {
    /// The disks.
    pub disks: Vec<DiskSetup>,
    /// What the RAM tier may take.
    pub ram_budget_bytes: u64,
    /// Gets bytes off the disks.
    pub io: Arc<dyn BlockIo>,
    /// Hears of events.
    pub watch: Arc<dyn Watch>,
}

/// A disk that cannot be used, and why.
#[derive(Debug, thiserror::Error)]
#[error("disk {}: {source}", folder.display())]
pub struct OpenError {
    /// Which of the disks, counted from 0.
    pub disk: usize,
    /// Its folder.
    pub folder: PathBuf,
    /// What the kernel said.
    pub source: io::Error,
}

/// Tiers and index of one box. Shared: clone the `Arc` around it.
pub struct Cache {
    disks: Vec<Arc<Disk>>,
    index: Index,
    ram: RamTier,
    serials: AtomicU64,
    watch: Arc<dyn Watch>,
    pub(crate) reads: Reads,
    pub(crate) io: Arc<dyn BlockIo>,
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("disks", &self.disks).finish_non_exhaustive()
    }
}

impl Cache {
    /// Takes the disks into use and finds again what is on them. Blocks on the disks.
    ///
    /// # Errors
    /// [`OpenError`] names the disk that cannot be used.
    pub fn open(setup: Setup) -> Result<Arc<Self>, OpenError> {
        let mut disks = Vec::new();
        let mut found = Vec::new();
        for (at, disk) in setup.disks.into_iter().enumerate() {
            let folder = disk.folder.clone();
            let failed = |source| OpenError { disk: at, folder: folder.clone(), source };
            let disk = Arc::new(Disk::open(disk).map_err(failed)?);
            found.extend(recover::scan(&disk, setup.watch.as_ref()).map_err(failed)?);
            disks.push(disk);
        }
        let cache = Self {
            disks,
            index: Index::default(),
            ram: RamTier::new(usize::try_from(setup.ram_budget_bytes).unwrap_or(usize::MAX)),
            serials: AtomicU64::new(1),
            watch: setup.watch,
            reads: Reads::default(),
            io: setup.io,
        };
        for published in found {
            cache.serials.fetch_max(published.serial + 1, Ordering::Relaxed);
            // Two copies of one path: a crash came between publishing the new version and
            // removing the old. The manifest decides later which is wanted.
            if let Some(twin) = cache.index.restore(published.into_object()) {
                twin.doom();
            }
        }
        Ok(Arc::new(cache))
    }

    /// Looks a key up in RAM. Never blocks, never touches a disk.
    #[must_use]
    pub fn lookup(&self, group: &GroupName, path: &str) -> Lookup {
        match self.index.get(group, path) {
            Some(slot) => slot.held.map_or(Lookup::Wanted, Lookup::Held),
            None => Lookup::Unknown,
        }
    }

    /// Begins to read a block; readers of the same block share one disk read.
    #[must_use]
    pub fn read(self: &Arc<Self>, object: &Arc<Object>, block: u32) -> BlockRead {
        match self.ram.get((object.serial, block)) {
            Some(bytes) => BlockRead::ready(bytes),
            None => Reads::join(self, object, block),
        }
    }

    /// Takes over a manifest: what it lists is wanted, in that order; what it does not list
    /// leaves (its file when the last reader has gone).
    pub fn set_wanted(&self, ranked: Vec<Arc<CatalogueEntry>>) {
        for object in self.index.set_wanted(ranked) {
            object.doom();
        }
    }

    /// Takes everything out of sight that `is_purged` says, before it returns; gives the
    /// number of objects. What the manifest still wants will be fetched again.
    pub fn purge(&self, is_purged: impl Fn(&CatalogueEntry) -> bool) -> usize {
        let gone = self.index.purge(is_purged);
        gone.iter().for_each(|object| object.doom());
        gone.len()
    }

    /// What is wanted and not here, best first.
    #[must_use]
    pub fn missing(&self) -> Vec<Arc<CatalogueEntry>> {
        self.index.missing()
    }

    /// Objects and bytes: first those wanted, then of these those held.
    #[must_use]
    pub fn totals(&self) -> [(u64, u64); 2] {
        self.index.totals()
    }

    /// Begins to take an object in, or goes on where an earlier attempt ended. Blocks on
    /// the disk.
    ///
    /// # Errors
    /// [`IntakeError::NoRoom`] and [`IntakeError::Disk`].
    pub fn begin(&self, entry: Arc<CatalogueEntry>) -> Result<Intake, IntakeError> {
        Intake::begin(&self.disks, entry)
    }

    /// Makes a verified object visible, in place of an older version. Blocks on the disk.
    ///
    /// # Errors
    /// When the disk fails; nothing has become visible then.
    pub fn publish(&self, verified: Verified) -> io::Result<()> {
        let serial = self.serials.fetch_add(1, Ordering::Relaxed);
        let object = verified.publish(serial)?.into_object();
        if let Some(leaving) = self.index.publish(object) {
            leaving.doom();
        }
        Ok(())
    }

    /// Removes what was arriving and is wanted no more. Blocks on the disk.
    ///
    /// # Errors
    /// When a disk fails.
    pub fn clear_incoming(&self) -> io::Result<()> {
        let wanted: std::collections::HashSet<String> =
            self.missing().iter().map(|entry| entry.id.0.short()).collect();
        self.disks
            .iter()
            .try_for_each(|disk| recover::clear_incoming(disk, |name| wanted.contains(name)))
    }

    /// The disks, in the order of the configuration.
    #[must_use]
    pub fn disks(&self) -> &[Arc<Disk>] {
        &self.disks
    }

    /// What the RAM tier holds.
    #[must_use]
    pub fn ram_used_bytes(&self) -> u64 {
        self.ram.used_bytes() as u64
    }

    pub(crate) fn keep(&self, object: &Object, block: u32, bytes: &Bytes) {
        self.ram.insert((object.serial, block), bytes.clone());
    }

    /// A block could not be read: the object goes out of sight, its file goes, and whoever
    /// watches learns of it once, however many blocks fail.
    pub(crate) fn lost(&self, object: &Object, failed: &ReadFailed) {
        let disk = &object.disk;
        let (counter, event) = match failed {
            ReadFailed::Corrupt { block } => (
                &disk.bad_blocks,
                CacheEvent::BlockCorrupt {
                    object: object.entry.key(),
                    block: *block,
                    file: object.file(),
                },
            ),
            ReadFailed::Io { reason, .. } => (
                &disk.io_errors,
                CacheEvent::DiskError {
                    object: object.entry.key(),
                    file: object.file(),
                    reason: reason.clone(),
                },
            ),
        };
        counter.fetch_add(1, Ordering::Relaxed);
        if self.index.withdraw(object) {
            object.doom();
            self.watch.event(event);
        }
    }
}
