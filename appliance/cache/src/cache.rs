//! All of it together: look up, read, take in, publish, withdraw.

use crate::arena::{Region, Shortfall};
use crate::block::VerifiedBlock;
use crate::disk::{DiskSetup, Weight};
use crate::disks::Disks;
use crate::gate::Gate;
use crate::handover::DiskHandover;
use crate::index::{Index, Seen};
use crate::object::Object;
use crate::order::BlockIo;
use crate::placement::Placement;
use crate::purge::{Purging, Reached};
use crate::ram::{RamStats, RamTier};
use crate::read::{Begun, BlockRead, ReadFailed, Reads};
use crate::received::Stock;
use crate::recover;
use crate::storage::Storage;
use crate::table::SLICE_BLOCKS;
use crate::watch::{CacheEvent, Watch};
use contract::catalogue::CatalogueEntry;
use contract::names::GroupName;
use contract::object::ObjectKey;
use contract::tombstones::PurgedUpTo;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// What the index in RAM says of a key.
#[derive(Debug, Clone)]
pub enum Lookup {
    /// Published here.
    Held(Arc<Object>),
    /// On its way: slices that have come can be read, and others waited for.
    Arriving(Arc<Object>),
    /// In the manifest of this box, not here yet (or withdrawn and being refetched).
    Wanted,
    /// Nobody told this box of it.
    Unknown,
}

/// What a cache is made of.
pub struct Setup {
    /// The disks.
    pub disks: Vec<DiskSetup>,
    /// What the RAM tier may take; it is mapped at once. 0 for no tier.
    pub ram_budget_bytes: u64,
    /// The file systems of the disks.
    pub storage: Arc<dyn Storage>,
    /// Gets bytes off the disks for [`Cache::read`].
    pub io: Arc<dyn BlockIo>,
    /// Hears of events.
    pub watch: Arc<dyn Watch>,
    /// How far processes before this one have carried out purges: a disk that was elsewhere
    /// meanwhile holds nothing.
    pub purged: PurgedUpTo,
}

/// Why a cache cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A disk cannot be used.
    #[error("disk {}: {source}", folder.display())]
    Disk {
        /// Which of the disks, counted from 0.
        disk: usize,
        /// Its folder.
        folder: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// There is no memory for the RAM tier.
    #[error("{budget_bytes} bytes cannot be mapped: {source}")]
    Ram {
        /// What was asked for.
        budget_bytes: u64,
        /// What the kernel said.
        source: io::Error,
    },
}

/// Tiers and index of one box. Shared: clone the `Arc` around it.
pub struct Cache {
    pub(crate) disks: Disks,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) index: Index,
    /// What nobody ordered.
    pub(crate) stock: Stock,
    pub(crate) serials: AtomicU64,
    pub(crate) watch: Arc<dyn Watch>,
    io: Arc<dyn BlockIo>,
    /// Held by whoever makes the file of an object: never two for one.
    pub(crate) beginning: Mutex<()>,
    pub(crate) purging: Mutex<Purging>,
    pub(crate) reached: Reached,
    pub(crate) placement: Placement,
    pub(crate) gate: Arc<Gate>,
    pub(crate) ram: RamTier,
    pub(crate) reads: Reads,
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("disks", &self.disks).finish_non_exhaustive()
    }
}

impl Cache {
    /// Takes memory and disks into use and finds again what is on them. Blocks on the disks.
    ///
    /// # Errors
    /// [`OpenError`] names what cannot be used.
    pub fn open(setup: Setup) -> Result<Arc<Self>, OpenError> {
        Self::open_after(setup, Vec::new())
    }

    /// The same, taking over what the process before has handed over. Where that is
    /// something, nothing is written before [`Cache::may_write`] and nothing removed before
    /// [`Cache::may_remove`].
    ///
    /// # Errors
    /// [`OpenError`] names what cannot be used.
    pub fn open_after(setup: Setup, before: Vec<DiskHandover>) -> Result<Arc<Self>, OpenError> {
        let budget_bytes = setup.ram_budget_bytes;
        let ram = RamTier::open(budget_bytes)
            .map_err(|source| OpenError::Ram { budget_bytes, source })?;
        let gate = Arc::new(Gate::default());
        if !before.is_empty() {
            gate.shut();
        }
        let watch = setup.watch.as_ref();
        let reached = Reached::before(setup.purged);
        let (disks, found) =
            recover::open_all(setup.disks, &setup.storage, before, watch, setup.purged)?;
        let cache = Self {
            disks: Disks::new(disks),
            storage: setup.storage,
            index: Index::default(),
            stock: Stock::default(),
            serials: AtomicU64::new(found.next_serial),
            watch: setup.watch,
            io: setup.io,
            beginning: Mutex::default(),
            purging: Mutex::default(),
            reached,
            placement: Placement::default(),
            gate,
            ram,
            reads: Reads::default(),
        };
        let found: Vec<_> = found.objects.into_iter().map(Object::found).collect();
        let found = cache.restock(found).into_iter();
        // Two copies of one path: a crash came between publishing the new version, or the copy
        // on another disk, and removing the old. The manifest decides later which is wanted.
        drop(cache.index.restore(found));
        cache.place_anew();
        cache.settle_purges();
        Ok(Arc::new(cache))
    }

    /// Looks a key up in RAM. Takes no lock, never touches a disk.
    #[must_use]
    pub fn lookup(&self, group: &GroupName, path: &str) -> Lookup {
        let found = self.index.look(group, path, |seen| match (seen.held, seen.arriving) {
            // A new version that is coming does not hide the one that is here.
            (Some(held), _) => Lookup::Held(Arc::clone(held)),
            (None, Some(coming)) if coming.is_coming() => Lookup::Arriving(Arc::clone(coming)),
            _ => Lookup::Wanted,
        });
        found.unwrap_or(Lookup::Unknown)
    }

    /// Looks one version of a key up, for a sibling: it may be on its way while another is held.
    /// What is held and is another version is given all the same where there is nothing of this
    /// one; what there is no room for, or what disks may not be written with for a while, is as
    /// good as unknown.
    #[must_use]
    pub fn lookup_version(
        &self,
        group: &GroupName,
        path: &str,
        is_it: impl Fn(&CatalogueEntry) -> bool,
    ) -> Lookup {
        let found = self.index.look(group, path, |seen| {
            let of_it = |object: &Object| is_it(&object.entry);
            match (seen.held, seen.arriving, seen.wanted) {
                (Some(held), ..) if of_it(held) => Lookup::Held(Arc::clone(held)),
                (_, Some(coming), _) if of_it(coming) && coming.is_coming() => {
                    Lookup::Arriving(Arc::clone(coming))
                }
                (.., Some(wanted)) if is_it(wanted) && !seen.has_no_room && !self.rests() => {
                    Lookup::Wanted
                }
                (Some(held), ..) => Lookup::Held(Arc::clone(held)),
                _ => Lookup::Unknown,
            }
        });
        found.unwrap_or(Lookup::Unknown)
    }

    /// What is wanted under a key and not held.
    #[must_use]
    pub fn lacking(&self, key: &ObjectKey) -> Option<Arc<CatalogueEntry>> {
        self.lacking_under(&key.group, &key.path)
    }

    /// The same, by what a request says. Takes no lock.
    #[must_use]
    pub fn lacking_under(&self, group: &GroupName, path: &str) -> Option<Arc<CatalogueEntry>> {
        let lacking = |seen: Seen<'_>| seen.wanted.filter(|wanted| seen.lacks(wanted)).cloned();
        self.index.look(group, path, lacking).flatten()
    }

    /// A block, if it stands in RAM. Takes no lock, touches no disk; counts as a hit.
    #[must_use]
    pub fn peek(&self, object: &Object, block: u32) -> Option<VerifiedBlock> {
        let pinned = object.pin(block)?;
        pinned.hit();
        Some(VerifiedBlock::from_ram(pinned))
    }

    /// Begins to read a block, or joins a read that is under way; a block in RAM is there at
    /// once. Whoever is the first gets the order for it and must submit it to I/O of its
    /// own; the read of everybody else ends when that order is completed.
    #[must_use]
    pub fn begin_read(self: &Arc<Self>, object: &Arc<Object>, block: u32) -> Begun {
        match self.peek(object, block) {
            Some(block) => Begun { read: BlockRead::ready(block), order: None },
            None => Reads::begin(self, object, block),
        }
    }

    /// Reads a block by way of the [`BlockIo`] that the cache was opened with; readers of
    /// the same block share one disk read.
    #[must_use]
    pub fn read(self: &Arc<Self>, object: &Arc<Object>, block: u32) -> BlockRead {
        let Begun { read, order } = self.begin_read(object, block);
        order.into_iter().for_each(|order| self.io.submit(order));
        read
    }

    /// Takes over a manifest: what it lists is wanted, in that order; what it does not list
    /// leaves (its file when the last reader has gone).
    pub fn set_wanted(&self, ranked: Vec<Arc<CatalogueEntry>>) {
        // Files go here, unless somebody reads them.
        drop(self.index.set_wanted(ranked));
        self.place_anew();
    }

    /// What is wanted and not here, best first.
    #[must_use]
    pub fn missing(&self) -> Vec<Arc<CatalogueEntry>> {
        self.index.missing()
    }

    /// Whether this version is wanted and not held.
    #[must_use]
    pub fn lacks(&self, entry: &CatalogueEntry) -> bool {
        self.index.lacks(entry)
    }

    /// A number that rises when something may have gone missing: asked for before
    /// [`Cache::missing`], it says whether that is still all.
    #[must_use]
    pub fn losses(&self) -> u64 {
        self.index.losses()
    }

    /// Objects and bytes: first those wanted, then of these those held.
    #[must_use]
    pub fn totals(&self) -> [(u64, u64); 2] {
        self.index.totals()
    }

    /// What the RAM tier holds, in whole blocks.
    #[must_use]
    pub fn ram_used_bytes(&self) -> u64 {
        self.ram_stats().used_bytes
    }

    /// What the RAM tier is and does.
    #[must_use]
    pub fn ram_stats(&self) -> RamStats {
        self.ram.stats()
    }

    /// The memory of the RAM tier, to be registered with a ring in this order: blocks and
    /// orders name a region by its place in it. None without a tier. Stays mapped as long
    /// as the cache or a block is alive.
    #[must_use]
    pub fn regions(&self) -> Vec<Region> {
        self.ram.regions()
    }

    /// What the memory of the RAM tier lacks, by NUMA node: to be logged by whoever opens a
    /// cache. It works all the same.
    #[must_use]
    pub fn ram_shortfalls(&self) -> &[(u32, Shortfall)] {
        self.ram.shortfalls()
    }

    /// A block could not be read: its slice has to come again, and until then the object is not
    /// held. Whoever watches learns of it once, however many blocks of a slice fail.
    pub(crate) fn lost(&self, object: &Object, failed: &ReadFailed) {
        if object.received().is_some() {
            return self.lost_received(object, failed);
        }
        let disk = &object.body.disk;
        let (key, file) = (object.entry.key(), object.file());
        let (block, event) = match failed {
            ReadFailed::Corrupt { block } => {
                disk.bad_blocks.fetch_add(1, Ordering::Relaxed);
                disk.failed(Weight::Bit);
                (*block, CacheEvent::BlockCorrupt { object: key, block: *block, file })
            }
            ReadFailed::Io { block, reason } => {
                disk.failed(Weight::Call);
                (*block, CacheEvent::DiskError { object: key, file, reason: reason.clone() })
            }
            ReadFailed::Abandoned { .. } | ReadFailed::NotComing { .. } => return,
        };
        let is_news = object.body.sums.lose(block / SLICE_BLOCKS);
        if self.index.degrade(object).is_some() && is_news {
            self.watch.event(event);
        }
        self.eject_ailing();
    }

    /// Nothing of a file can be relied upon: all of the object has to come again.
    pub(crate) fn give_up(&self, object: &Object, err: &io::Error) {
        if self.index.withdraw(object) {
            let (file, reason) = (object.file(), err.to_string());
            let object = object.entry.key();
            self.watch.event(CacheEvent::DiskError { object, file, reason });
        }
        self.eject_ailing();
    }
}
