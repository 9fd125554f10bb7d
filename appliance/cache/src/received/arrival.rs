//! How a received object begins, and how its slices get there. All calls block on the disk.

use super::books::Verdict;
use super::facts::{Facts, Received};
use super::page;
use crate::block::VerifiedBlock;
use crate::cache::Cache;
use crate::disk::Weight;
use crate::intake::IntakeError;
use crate::layout;
use crate::object::{BLOCK_BYTES, Object};
use crate::read::ReadFailed;
use crate::recover::FoundObject;
use crate::sums::{Sums, Waiters};
use crate::table::{self, Line, Proof, SLICE_BLOCKS};
use contract::object::Digest;
use contract::object::ObjectKey;
use contract::slices::{MAX_OBJECT_BYTES, SLICE_BYTES, slice_range};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Why an object does not begin to arrive.
#[derive(Debug, thiserror::Error)]
pub enum NotReceived {
    /// Its group has no share that it fits, or no disk has room.
    #[error("there is no room for {size_bytes} bytes")]
    NoRoom {
        /// What was asked for.
        size_bytes: u64,
    },
    /// What is known of it does not fit the header of its file.
    #[error("what is known of it does not fit the header of its file")]
    Unfit,
    /// Something was purged while its origin was being asked: the answer may be of before.
    #[error("there was a purge meanwhile")]
    Purged,
    /// The disks are another process's now.
    #[error("the disks were handed over to another process")]
    HandedOver,
    /// The disk failed.
    #[error("the disk failed: {0}")]
    Disk(#[from] io::Error),
}

/// A moment among purges: what an origin is asked from here on, it answers after those before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since(u64);

impl Cache {
    /// This moment.
    #[must_use]
    pub fn since(&self) -> Since {
        Since(self.stock.purges.load(Ordering::Acquire))
    }

    /// Makes the file of an object. Nobody sees it before [`Cache::show_received`].
    ///
    /// # Errors
    /// [`NotReceived`].
    pub fn lay_out_received(&self, facts: Facts) -> Result<Arc<Object>, NotReceived> {
        let _pass = self.gate.enter().ok_or(NotReceived::HandedOver)?;
        self.eject_ailing();
        let size_bytes = facts.size_bytes;
        let no_room = || NotReceived::NoRoom { size_bytes };
        if size_bytes > MAX_OBJECT_BYTES {
            return Err(no_room());
        }
        let header = page::encode_page(&facts).ok_or(NotReceived::Unfit)?;
        let (shelf, ObjectKey { group, path }) = (&self.stock.shelf, facts.key.clone());
        let (key, disk_bytes) = (shelf.number(&group, &path), layout::disk_bytes(size_bytes));
        let (verdict, gone) = self.stock.books().request(shelf, &group, &path, disk_bytes);
        self.leave(&gone);
        // Their files go here, unless somebody reads them.
        drop(gone);
        if verdict == Verdict::Refused {
            return Err(no_room());
        }
        let made = self.make_received(facts, &header);
        match &made {
            Ok(object) => self.stock.books().enter(key, object, verdict),
            Err(_) => self.stock.books().forget(&group, key),
        }
        made
    }

    fn make_received(&self, facts: Facts, header: &[u8]) -> Result<Arc<Object>, NotReceived> {
        let size_bytes = facts.size_bytes;
        let entry = Arc::new(facts.entry().ok_or(NotReceived::Unfit)?);
        let room = self.choose_received(&entry).ok_or(NotReceived::NoRoom { size_bytes })?;
        let serial = self.serials.fetch_add(1, Ordering::Relaxed);
        let disk = Arc::clone(&room.disk);
        let failed = |err: io::Error| match err.kind() {
            io::ErrorKind::StorageFull => NotReceived::NoRoom { size_bytes },
            _ => {
                disk.failed(Weight::Call);
                err.into()
            }
        };
        let file = room.create(&disk.object_file(&entry.id(), serial)).map_err(failed)?;
        disk.objects.fetch_add(1, Ordering::Relaxed);
        let (sums, received) = (Sums::none(size_bytes, true), Some(Box::new(Received::new(facts))));
        let object =
            Object::found(FoundObject { entry, disk: Arc::clone(&disk), serial, sums, received });
        disk.wrote(header.len() as u64);
        if let Err(err) = file.write_all_at(header, 0) {
            object.doom();
            return Err(failed(err));
        }
        Ok(object)
    }

    /// Whoever asks finds the object from here on, in the place of an older version.
    ///
    /// # Errors
    /// [`NotReceived::Purged`], and [`NotReceived::Disk`] where its disk was ejected: it is gone
    /// again.
    pub fn show_received(&self, object: &Arc<Object>, since: Since) -> Result<(), NotReceived> {
        let before = self.stock.shelf.put(object).inspect_err(|_| self.part(object))?;
        before.iter().for_each(|before| self.part(before));
        // A purge that was too early to take it out is seen here.
        if self.since() == since {
            return Ok(());
        }
        self.replaced(object);
        Err(NotReceived::Purged)
    }

    /// Takes a slice. Readers have it before this returns.
    ///
    /// # Errors
    /// [`IntakeError::WrongLength`], [`IntakeError::Withdrawn`] and [`IntakeError::Disk`]; nobody
    /// has it then.
    pub fn put_received(
        &self,
        object: &Arc<Object>,
        slice: u32,
        bytes: &[u8],
    ) -> Result<(), IntakeError> {
        let size_bytes = object.entry.size_bytes;
        let (range, len) = (slice_range(size_bytes, slice), bytes.len() as u64);
        if range.end - range.start != len || len == 0 {
            return Err(IntakeError::WrongLength { slice, len, size_bytes });
        }
        let sums = &object.body.sums;
        if sums.is_stopped() {
            return Err(IntakeError::Withdrawn);
        }
        let line = Line::of(Digest([0; 32]), bytes, Proof::Received);
        let written_bytes = len + table::LINE as u64;
        let pass = self.gate.enter();
        // Who may not write does not note down either what was written.
        let permit = pass.as_ref().and_then(|_| object.body.disk.permit(written_bytes).ok());
        let waiting = match permit {
            Some(permit) => {
                permit.spend(written_bytes);
                write(object, slice, bytes, &line)?;
                sums.add(slice, &line)
            }
            // The disks are another process's, or may not be written to: who reads here is given
            // it from memory.
            _ => sums.take_waiting(slice),
        };
        self.hand_out_received(object, slice, bytes, &line, waiting);
        Ok(())
    }

    /// All blocks go to memory: one who waits is seldom the only one.
    fn hand_out_received(
        &self,
        object: &Object,
        slice: u32,
        bytes: &[u8],
        line: &Line,
        waiting: Waiters,
    ) {
        let block_len = usize::try_from(BLOCK_BYTES).unwrap_or(usize::MAX);
        let mut waiting = waiting.into_iter().peekable();
        let first = slice * SLICE_BLOCKS;
        for ((block, content), crc) in (first..).zip(bytes.chunks(block_len)).zip(line.checksums) {
            // What stands there already would be lost to everybody, and its room with it.
            let there = object.pin(block).map(VerifiedBlock::from_ram);
            let there = there.or_else(|| self.keep_received(object, block, content, crc));
            let is_waited_for = |next: &(u32, _)| next.0 == block;
            if let Some((_, pending)) = waiting.next_if(is_waited_for) {
                pending.settle(there.ok_or(ReadFailed::Corrupt { block }));
            }
        }
        waiting.for_each(|(block, pending)| pending.settle(Err(ReadFailed::NotComing { block })));
    }

    fn keep_received(
        &self,
        object: &Object,
        block: u32,
        content: &[u8],
        crc: u32,
    ) -> Option<VerifiedBlock> {
        let mut filling = self.ram.room(object.places(&self.ram), block, content.len());
        filling.pages_mut().get_mut(..content.len())?.copy_from_slice(content);
        let checked = filling.check(crc)?;
        Some(self.ram.keep((object.number, block), checked))
    }

    /// A slice that was to be brought is not: who waits for it hears so.
    pub fn not_coming(&self, object: &Object, slice: u32) {
        for (block, pending) in object.body.sums.take_waiting(slice) {
            pending.settle(Err(ReadFailed::NotComing { block }));
        }
    }

    /// A block could not be read: its slice comes again when somebody wants it.
    pub(crate) fn lost_received(&self, object: &Object, failed: &ReadFailed) {
        let disk = &object.body.disk;
        let block = match failed {
            ReadFailed::Corrupt { block } => {
                // Nothing was synchronised: after a crash it is no disk's fault.
                if object.body.sums.is_trusted() {
                    disk.bad_blocks.fetch_add(1, Ordering::Relaxed);
                    disk.failed(Weight::Bit);
                }
                *block
            }
            ReadFailed::Io { block, .. } => {
                disk.failed(Weight::Call);
                *block
            }
            ReadFailed::Abandoned { .. } | ReadFailed::NotComing { .. } => return,
        };
        object.body.sums.lose(block / SLICE_BLOCKS);
        self.eject_ailing();
    }
}

fn write(object: &Object, slice: u32, bytes: &[u8], line: &Line) -> io::Result<()> {
    let disk = &object.body.disk;
    let content = layout::content_offset(object.entry.size_bytes);
    let written = disk.storage().open(&object.file()).and_then(|file| {
        file.write_all_at(bytes, content + u64::from(slice) * SLICE_BYTES)?;
        file.write_all_at(&line.encode(&object.entry.id(), slice), table::line_at(slice))
    });
    match &written {
        Ok(()) => disk.succeeded(),
        Err(_) => disk.failed(Weight::Call),
    }
    written
}
