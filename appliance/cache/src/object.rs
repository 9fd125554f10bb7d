//! An object as this box holds it.

use crate::arena::{Pinned, Places};
use crate::disk::Disk;
use crate::layout;
use crate::ram::RamTier;
use crate::received::Received;
use crate::recover::FoundObject;
use crate::removal::Removal;
use crate::sums::Sums;
use contract::catalogue::CatalogueEntry;
use contract::slices::SLICE_BYTES;
use once_cell::race::OnceBox;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

/// Content is checked and cached in blocks of this many bytes; the last may be shorter.
/// Large enough that a checksum and a look-up per block cost nothing beside the bytes,
/// small enough that a 64 KiB range does not read a megabyte.
pub const BLOCK_BYTES: u64 = 256 << 10;

/// Bodies that there were.
static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// An object on a disk of this box. What can be read of it was verified by BLAKE3 before: all
/// of it once it is published, before that the slices that have come.
#[derive(Debug)]
pub struct Object {
    /// What the catalogue says of it.
    pub entry: Arc<CatalogueEntry>,
    /// The name of its body in this process: no other one ever has it.
    pub(crate) number: u64,
    pub(crate) body: Arc<Body>,
}

/// The file of an object, and what is known of it beside the entry. It stays while somebody has
/// it in hand. A box with large disks has millions, so each field is small where there is
/// nothing special about the object.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) disk: Arc<Disk>,
    /// What is there of it.
    pub(crate) sums: Sums,
    /// Where its blocks stand in RAM; made for the first that is read, since most objects of a
    /// large disk are cold.
    places: OnceLock<Arc<Places>>,
    /// Tells files of one object apart; the later has the higher. Disks that were not in use at
    /// the same time may have the same.
    pub(crate) serial: u64,
    /// What its origin said of it; `None` for what a catalogue names.
    received: Option<Box<Received>>,
    /// Once it is out of sight for good: the file goes when the last reader has gone.
    leaving: OnceBox<Removal>,
}

/// An object that nobody keeps from going: it can be had as long as somebody has its file, be it
/// under a newer entry.
#[derive(Debug, Clone)]
pub(crate) struct Faint {
    entry: Arc<CatalogueEntry>,
    number: u64,
    body: Weak<Body>,
}

impl Faint {
    pub(crate) fn upgrade(&self) -> Option<Arc<Object>> {
        let (entry, number) = (Arc::clone(&self.entry), self.number);
        Some(Arc::new(Object { entry, number, body: self.body.upgrade()? }))
    }
}

impl Body {
    /// Whether it is out of sight for good.
    pub(crate) fn is_doomed(&self) -> bool {
        self.leaving.get().is_some()
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let Some(removal) = self.leaving.get() {
            self.disk.remove(removal.clone());
        }
    }
}

impl Object {
    /// Of a file that is there.
    pub(crate) fn found(found: FoundObject) -> Arc<Self> {
        let FoundObject { entry, disk, serial, sums, received } = found;
        let (places, leaving) = (OnceLock::new(), OnceBox::new());
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let body = Arc::new(Body { disk, sums, places, serial, received, leaving });
        Arc::new(Self { entry, number, body })
    }

    pub(crate) fn faint(&self) -> Faint {
        let (entry, body) = (Arc::clone(&self.entry), Arc::downgrade(&self.body));
        Faint { entry, number: self.number, body }
    }

    /// A block, if it stands in RAM. No lock is taken.
    pub(crate) fn pin(&self, block: u32) -> Option<Pinned> {
        self.body.places.get()?.pin(block)
    }

    /// Where its blocks stand in RAM, or will.
    pub(crate) fn places(&self, ram: &RamTier) -> &Arc<Places> {
        self.body.places.get_or_init(|| ram.places(block_count(self.entry.size_bytes)))
    }

    /// The same bytes under a newer catalogue entry (another rights window, say).
    pub(crate) fn under(&self, entry: &Arc<CatalogueEntry>) -> Self {
        Self { entry: Arc::clone(entry), number: self.number, body: Arc::clone(&self.body) }
    }

    /// What its origin said of it; `None` for what a catalogue names.
    #[must_use]
    pub fn received(&self) -> Option<&Received> {
        self.body.received.as_deref()
    }

    /// Has the file removed once nobody reads it any more.
    pub(crate) fn doom(&self) {
        let is_registered = self.received().is_none() && self.is_whole();
        let (file, bytes) = (self.file(), self.disk_bytes());
        let removal = || Removal { file, bytes, objects: 1, is_registered };
        let removal = self.body.leaving.get_or_init(|| Box::new(removal()));
        self.body.disk.removals.doom(removal.file.clone());
    }

    /// What it takes on the disk.
    pub(crate) fn disk_bytes(&self) -> u64 {
        layout::disk_bytes(self.entry.size_bytes)
    }

    /// Whether the other one stands in the same file.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.number == other.number
    }

    /// A number that no other object of this process ever has.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether a slice of it may be read.
    #[must_use]
    pub fn has_slice(&self, slice: u32) -> bool {
        self.body.sums.has(slice)
    }

    /// Whether a byte of it may be read; one that it does not have never need come.
    #[must_use]
    pub fn has_byte(&self, offset: u64) -> bool {
        offset >= self.entry.size_bytes
            || u32::try_from(offset / SLICE_BYTES).is_ok_and(|slice| self.has_slice(slice))
    }

    /// Whether all of it is there.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.body.sums.is_whole()
    }

    /// Whether what is missing of it is on its way.
    #[must_use]
    pub fn is_coming(&self) -> bool {
        self.body.sums.is_coming()
    }

    /// Whether it waits for no sibling: what is missing of it comes from beyond the site, or nothing
    /// is but its seal.
    #[must_use]
    pub fn is_from_beyond(&self) -> bool {
        self.is_whole() || self.body.sums.is_from_beyond() || self.body.sums.has_all()
    }

    /// Whether nothing of it may come any more: it was purged, or replaced.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.body.sums.is_stopped()
    }

    /// Where it stands.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.body.disk.object_file(&self.entry.id(), self.body.serial)
    }

    /// How many bytes block `block` has.
    #[must_use]
    pub fn block_len(&self, block: u32) -> u64 {
        let start = u64::from(block) * BLOCK_BYTES;
        self.entry.size_bytes.saturating_sub(start).min(BLOCK_BYTES)
    }
}

/// In the order in which their files were begun, which no hash decides.
pub(crate) fn sort(objects: &mut [Arc<Object>]) {
    objects.sort_by(|a, b| {
        let by_id = || a.entry.id().cmp(&b.entry.id());
        a.body.serial.cmp(&b.body.serial).then_with(by_id)
    });
}

/// How many blocks content of this size has.
#[must_use]
pub fn block_count(size_bytes: u64) -> u64 {
    size_bytes.div_ceil(BLOCK_BYTES)
}
