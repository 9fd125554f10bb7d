//! An object as this box holds it.

use crate::arena::Places;
use crate::disk::Disk;
use crate::removal::Removal;
use contract::catalogue::CatalogueEntry;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Content is checked and cached in blocks of this many bytes; the last may be shorter.
/// Large enough that a checksum and a look-up per block cost nothing beside the bytes,
/// small enough that a 64 KiB range does not read a megabyte.
pub const BLOCK_BYTES: u64 = 256 << 10;

/// An object that is published: all of its bytes are on a disk of this box and were
/// verified by BLAKE3 before it became visible.
#[derive(Debug)]
pub struct Object {
    /// What the catalogue says of it.
    pub entry: Arc<CatalogueEntry>,
    pub(crate) disk: Arc<Disk>,
    /// One CRC-32C for each block.
    pub(crate) checksums: Arc<[u32]>,
    /// Where its blocks stand in RAM.
    pub(crate) places: Arc<Places>,
    /// Tells publications apart, on the disk and in the RAM tier; rises, never used twice.
    pub(crate) serial: u64,
    /// What it takes on the disk.
    pub(crate) disk_bytes: u64,
    /// Wanted no longer: the file goes when the last reader has gone.
    pub(crate) doomed: AtomicBool,
}

impl Object {
    /// Has the file removed once nobody reads it any more.
    pub(crate) fn doom(&self) {
        self.doomed.store(true, Ordering::Relaxed);
        self.disk.removals.doom(self.file());
    }

    /// The same bytes under a newer catalogue entry (another rights window, say).
    pub(crate) fn under(&self, entry: &Arc<CatalogueEntry>) -> Self {
        Self {
            entry: Arc::clone(entry),
            disk: Arc::clone(&self.disk),
            checksums: Arc::clone(&self.checksums),
            places: Arc::clone(&self.places),
            serial: self.serial,
            disk_bytes: self.disk_bytes,
            doomed: AtomicBool::new(false),
        }
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        if !*self.doomed.get_mut() {
            return;
        }
        let removal = Removal { file: self.file(), bytes: self.disk_bytes, objects: 1 };
        self.disk.remove(removal);
    }
}

impl Object {
    /// Where it stands.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.disk.object_file(&self.entry.id, self.serial)
    }

    /// How many bytes block `block` has.
    #[must_use]
    pub fn block_len(&self, block: u32) -> u64 {
        let start = u64::from(block) * BLOCK_BYTES;
        self.entry.size_bytes.saturating_sub(start).min(BLOCK_BYTES)
    }
}

/// How many blocks content of this size has.
#[must_use]
pub fn block_count(size_bytes: u64) -> u64 {
    size_bytes.div_ceil(BLOCK_BYTES)
}
