//! Objects that move to another disk while they are served.
//!
//! A move is an intake whose source is a disk of the same box: every block is compared with its
//! checksum as it is read, all of it with the catalogue's hash before the copy is sealed, and
//! only then does the index name the copy. Whoever reads the old file goes on until it is
//! through. Of two whole copies that a crash leaves, the later stays; a copy that was not
//! finished goes.

use crate::arena::SliceBuffer;
use crate::cache::Cache;
use crate::disk::{Disk, Weight};
use crate::endurance::Exhausted;
use crate::intake::{Intake, IntakeError};
use crate::layout;
use crate::object::{Object, block_count};
use crate::read::ReadFailed;
use crate::register;
use crate::relocation::{self, Place, Placed};
use crate::scrub::read_block;
use crate::storage::StoredFile;
use crate::table::SLICE_BLOCKS;
use contract::catalogue::CatalogueEntry;
use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Weak};

/// What is to be moved.
#[derive(Debug, Clone, Default)]
pub struct MovePlan {
    /// The first of it, in the order in which it finds room.
    pub first: Vec<PlannedMove>,
    /// How many objects in all.
    pub objects: u64,
    /// What they take on the disks.
    pub bytes: u64,
    /// What belongs on another class of disks, and finds no room there.
    pub blocked_bytes: u64,
}

/// One object that is to move.
#[derive(Debug, Clone)]
pub struct PlannedMove {
    object: Weak<Object>,
    to: Arc<Disk>,
    /// What tells its file from all others of this process.
    pub number: u64,
}

/// An object that is moving. Dropped before its end, it leaves everything as it was.
#[derive(Debug)]
pub struct Move {
    cache: Weak<Cache>,
    old: Arc<Object>,
    file: Arc<dyn StoredFile>,
    new: Arc<Object>,
    /// `None` once it has ended.
    intake: Option<Intake>,
    slice: u32,
    /// The slice that is being copied: one that can be written around the page cache.
    buffer: SliceBuffer,
}

/// What came of a step.
#[derive(Debug)]
pub enum MoveStep {
    /// So many bytes were copied.
    Copied(u64),
    /// It is served from its new place.
    Done {
        /// The file it was in.
        from: PathBuf,
        /// The file it is in.
        to: PathBuf,
    },
    /// It stays where it is.
    GivenUp(MoveFailed),
}

/// Why an object stays where it is.
#[derive(Debug, thiserror::Error)]
pub enum MoveFailed {
    /// The disk that it should go to has no room for it now.
    #[error("the disk has no room for it")]
    NoRoom,
    /// The disk that it should go to may not be written to.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
    /// It was replaced, purged, or lost a slice; or one of its disks was ejected.
    #[error("it is not held there any more, or a disk is not in use any more")]
    Gone,
    /// The disks are another process's now.
    #[error("the disks were handed over to another process")]
    HandedOver,
    /// A block of it cannot be read. It is fetched again.
    #[error("{0}")]
    Read(#[from] ReadFailed),
    /// The new disk failed, or what it was given was not right.
    #[error("{0}")]
    Copy(#[from] IntakeError),
}

impl Cache {
    /// What is to move, without those that have these numbers.
    #[must_use]
    pub fn plan_moves(&self, most: usize, without: &HashSet<u64>) -> MovePlan {
        let disks = self.disks();
        let place = |disk: &Arc<Disk>| Place {
            class: disk.class(),
            usable_bytes: disk.usable_bytes(),
            used_bytes: disk.used_bytes(),
            is_open: !disk.is_wary() && disk.exhausted().is_none(),
        };
        let places: Vec<Place> = disks.iter().map(place).collect();
        if places.windows(2).all(|pair| pair[0].class == pair[1].class) {
            return MovePlan::default();
        }
        let ranked = self.index.ranked();
        let placed = |entry: &Arc<CatalogueEntry>| {
            let held = self.held(entry).filter(|object| !without.contains(&object.number));
            let on_it = |object: Arc<Object>| {
                disks.iter().position(|disk| Arc::ptr_eq(disk, &object.body.disk))
            };
            let bytes = layout::disk_bytes(entry.size_bytes);
            Placed { bytes, disk: held.and_then(on_it) }
        };
        let placed: Vec<Placed> = ranked.iter().map(placed).collect();
        let planned = relocation::plan(&places, &placed, most);
        let of = |it: &relocation::Relocation| {
            let object = self.held(&ranked[it.object])?;
            let number = object.number;
            let to = Arc::clone(&disks[it.to]);
            Some(PlannedMove { object: Arc::downgrade(&object), to, number })
        };
        MovePlan {
            first: planned.first.iter().filter_map(of).collect(),
            objects: planned.objects,
            bytes: planned.bytes,
            blocked_bytes: planned.blocked_bytes,
        }
    }

    fn held(&self, entry: &CatalogueEntry) -> Option<Arc<Object>> {
        let held =
            self.index.look(&entry.common.group, &entry.path, |seen| seen.held.cloned()).flatten();
        held.filter(|object| object.entry.is_same(entry))
    }

    /// Begins to move an object. Blocks on the disks.
    ///
    /// # Errors
    /// [`MoveFailed`]; nothing has changed.
    pub fn begin_move(self: &Arc<Self>, planned: &PlannedMove) -> Result<Move, MoveFailed> {
        let pass = self.gate.enter().ok_or(MoveFailed::HandedOver)?;
        let old = planned.object.upgrade().ok_or(MoveFailed::Gone)?;
        let room = planned.to.reserve(old.entry.size_bytes).ok_or(MoveFailed::NoRoom)?;
        let permit = planned.to.permit(old.disk_bytes())?;
        let opened = old.body.disk.storage().open_uncached(&old.file());
        let file = opened.map_err(|err| self.cannot_read(&old, &err))?;
        // A purge sees the copy, or the copy sees the purge.
        let mut purging = self.purging();
        if old.body.is_doomed() {
            return Err(MoveFailed::Gone);
        }
        let (new, copy) = self.make_file(&old.entry, room).map_err(IntakeError::Disk)?;
        purging.copies.push(Arc::clone(&new));
        drop(purging);
        let intake = Some(Intake::new(Arc::clone(&new), copy, pass, permit));
        let [buffer, _] = SliceBuffer::pair();
        Ok(Move { cache: Arc::downgrade(self), old, file, new, intake, slice: 0, buffer })
    }

    fn cannot_read(&self, object: &Object, err: &io::Error) -> MoveFailed {
        let failed = ReadFailed::Io { block: 0, reason: err.to_string() };
        if !object.body.is_doomed() {
            self.lost(object, &failed);
        }
        failed.into()
    }
}

impl Move {
    /// The file that is being made.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.new.file()
    }

    /// What it is a file of.
    #[must_use]
    pub fn path(&self) -> &Arc<str> {
        &self.new.entry.path
    }

    /// Where it comes from, and where it goes.
    #[must_use]
    pub fn disks(&self) -> [&Arc<Disk>; 2] {
        [&self.old.body.disk, &self.new.body.disk]
    }

    /// What it takes on a disk.
    #[must_use]
    pub fn disk_bytes(&self) -> u64 {
        self.new.disk_bytes()
    }

    /// Copies the next slice, or ends the move when there is none. Blocks on the disks.
    pub fn step(&mut self) -> MoveStep {
        let Some(cache) = self.cache.upgrade() else {
            return MoveStep::GivenUp(MoveFailed::HandedOver);
        };
        let step = self.advance(&cache).unwrap_or_else(MoveStep::GivenUp);
        if !matches!(step, MoveStep::Copied(_)) {
            self.end(&cache, matches!(step, MoveStep::Done { .. }));
        }
        cache.eject_ailing();
        step
    }

    fn advance(&mut self, cache: &Cache) -> Result<MoveStep, MoveFailed> {
        if cache.gate.is_shut() {
            return Err(MoveFailed::HandedOver);
        }
        let bodies = [&self.old.body, &self.new.body];
        if bodies.iter().any(|body| body.is_doomed() || body.disk.is_ejected()) {
            return Err(MoveFailed::Gone);
        }
        if self.slice < self.new.body.sums.slices() { self.copy(cache) } else { self.finish(cache) }
    }

    /// One slice, block by block.
    fn copy(&mut self, cache: &Cache) -> Result<MoveStep, MoveFailed> {
        let blocks = u32::try_from(block_count(self.old.entry.size_bytes)).unwrap_or(u32::MAX);
        let first = self.slice * SLICE_BLOCKS;
        self.buffer.clear();
        for block in first..blocks.min(first + SLICE_BLOCKS) {
            match read_block(&self.old, &*self.file, block) {
                Ok(Some(read)) => {
                    self.buffer.append(read.bytes());
                }
                // It is being fetched again, or has gone.
                Ok(None) => return Err(MoveFailed::Gone),
                Err(failed) => {
                    cache.lost(&self.old, &failed);
                    return Err(failed.into());
                }
            }
        }
        let intake = self.intake.as_ref().ok_or(MoveFailed::Gone)?;
        intake.put(self.slice, &self.buffer)?;
        self.slice += 1;
        Ok(MoveStep::Copied(self.buffer.len() as u64))
    }

    /// The copy is compared with the catalogue and sealed, and takes the place of the old file.
    fn finish(&mut self, cache: &Cache) -> Result<MoveStep, MoveFailed> {
        let verified = self.intake.take().ok_or(MoveFailed::Gone)?.finish()?;
        verified.seal().inspect_err(|err| {
            if let IntakeError::Disk(_) = err {
                self.new.body.disk.failed(Weight::Sync);
            }
        })?;
        // A purge comes before, and has doomed the copy, or after, and finds it in the index, and
        // the old file among those that are leaving.
        let _alone = cache.purging();
        if !cache.index.relocate(&self.old, &self.new) {
            return Err(MoveFailed::Gone);
        }
        self.old.doom();
        self.new.body.disk.registers.changed(register::folder_of(&self.new.entry.id()), 1);
        Ok(MoveStep::Done { from: self.old.file(), to: self.new.file() })
    }

    /// The copy is no copy any more, but the object, or nothing.
    fn end(&mut self, cache: &Cache, is_done: bool) {
        if !is_done {
            self.new.doom();
        }
        self.intake = None;
        let mut purging = cache.purging();
        purging.copies.retain(|copy| !copy.is_same(&self.new));
        // It counts as ended from here on.
        self.cache = Weak::new();
    }
}

impl Drop for Move {
    fn drop(&mut self) {
        if let Some(cache) = self.cache.upgrade() {
            self.end(&cache, false);
        }
    }
}
