//! How an object gets onto a disk: slice after slice, in any order, from anyone.
//!
//! An intake says what is [missing](Intake::missing) and takes whole slices. Where the hashes
//! of the slices are known ([`Intake::expect`]), each is compared before it is written, and may
//! be read at once; else all of them are compared when the last has come. Only
//! [`Intake::finish`] makes a [`Verified`], and only a `Verified` can be published. An intake
//! that ends early keeps what it has: the next one for the same object goes on from there, be
//! it after a crash. All calls block on the disk: run them off the event loop.

use crate::block::Filling;
use crate::disk::Weight;
use crate::endurance::{Exhausted, Permit};
use crate::gate::Pass;
use crate::layout;
use crate::object::{BLOCK_BYTES, Object};
use crate::read::{Pending, ReadFailed};
use crate::storage::{StoredFile, read_full};
use crate::table::{self, Line, Proof, SLICE_BLOCKS, Table};
use contract::object::Digest;
use contract::slices::{SLICE_BYTES, SliceHashes, root, slice_hash, slice_range};
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Why an object was not taken in, or a slice of it.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// No disk has room.
    #[error("no disk has room for {size_bytes} bytes")]
    NoRoom {
        /// What was asked for.
        size_bytes: u64,
    },
    /// The disks that have room may not be written to now, within their rated endurance.
    #[error(transparent)]
    Exhausted(Exhausted),
    /// Somebody else is taking in the same object.
    #[error("the object is being taken in already")]
    Busy,
    /// The disks are another process's now.
    #[error("the disks were handed over to another process")]
    HandedOver,
    /// The object went out of sight meanwhile: purged, replaced, or lost by its disk.
    #[error("the object was withdrawn while it was being taken in")]
    Withdrawn,
    /// A slice is not that of the catalogue. Nothing has changed.
    #[error("slice {slice} hashes to {found}, and should to {expected}")]
    WrongSlice {
        /// Which slice.
        slice: u32,
        /// By the hashes that lead to the catalogue's.
        expected: Digest,
        /// Of what arrived.
        found: Digest,
    },
    /// All of it is there, and it is not what the catalogue says. What had arrived is gone.
    #[error("the bytes hash to {found}, and the catalogue says {expected}")]
    WrongBytes {
        /// By the catalogue.
        expected: Digest,
        /// Of what arrived.
        found: Digest,
    },
    /// No slice of this object has this length or number.
    #[error("slice {slice} of {len} bytes does not fit an object of {size_bytes} bytes")]
    WrongLength {
        /// Which slice.
        slice: u32,
        /// How many bytes came.
        len: u64,
        /// By the catalogue.
        size_bytes: u64,
    },
    /// Slices are missing. What is there is kept, to go on from.
    #[error("{slices} slices are missing")]
    Missing {
        /// How many.
        slices: usize,
    },
    /// The disk failed.
    #[error("the disk failed: {0}")]
    Disk(#[from] io::Error),
}

/// An object on its way in. Slices may be put by several threads at once.
#[derive(Debug)]
pub struct Intake {
    object: Arc<Object>,
    file: Arc<dyn StoredFile>,
    lines: Mutex<Vec<Option<Line>>>,
    hashes: Option<SliceHashes>,
    permit: Permit,
    _pass: Pass,
}

impl Intake {
    /// For an object of which this process has just made the file.
    pub(crate) fn new(
        object: Arc<Object>,
        file: Arc<dyn StoredFile>,
        pass: Pass,
        permit: Permit,
    ) -> Self {
        // Its header is there.
        permit.spend(layout::PAGE);
        let intake = Self::over(object, file, pass, permit);
        intake.object.body.sums.open();
        intake
    }

    /// Of what an earlier one has left, whichever process that was in: its
    /// [header](Self::mend_header) may have to be written, and what is there
    /// [looked at](Self::resume).
    pub(crate) fn over(
        object: Arc<Object>,
        file: Arc<dyn StoredFile>,
        pass: Pass,
        permit: Permit,
    ) -> Self {
        let implied = SliceHashes::implied(object.entry.size_bytes, &object.entry.blake3);
        let hashes = implied.or_else(|| object.body.sums.hashes());
        let lines = Mutex::new(vec![None; object.body.sums.slices() as usize]);
        Self { object, file, lines, hashes, permit, _pass: pass }
    }

    /// Writes the header anew where it may be lost. Nobody may purge meanwhile: it would be found
    /// again.
    pub(crate) fn mend_header(&self) -> io::Result<()> {
        let Object { entry, body, .. } = &*self.object;
        if body.sums.has_lost() {
            // From here on it is not what was registered as whole.
            body.disk.void_register(&self.object.file())?;
        }
        // A register does not say whether it is as it was.
        if !body.sums.is_trusted() || body.sums.has_lost() {
            self.write(&layout::encode_header(entry).unwrap_or_default(), 0)?;
        }
        Ok(())
    }

    /// Goes on where the earlier one ended.
    pub(crate) fn resume(mut self) -> io::Result<Self> {
        let sums = &self.object.body.sums;
        let (is_trusted, has_lost) = (sums.is_trusted(), sums.has_lost());
        let mut found = self.read_table()?;
        if has_lost && !self.learn_from(&found) {
            self.discard()?;
            found.fill(None);
        }
        for (slice, place) in (0..).zip(&mut found) {
            let Some(line) = place else { continue };
            if !self.is_there(slice, line, is_trusted)? {
                *place = None;
            } else if line.proof == Proof::Hashed {
                self.object.body.sums.add(slice, line);
            }
        }
        *self.lines() = found;
        self.permit.keep_only(self.bytes_to_come());
        self.object.body.sums.open();
        Ok(self)
    }

    /// What is written yet where nothing goes wrong: slices with their lines, and a seal.
    fn bytes_to_come(&self) -> u64 {
        let size_bytes = self.object.entry.size_bytes;
        let of = |slice| {
            let range = slice_range(size_bytes, slice);
            range.end - range.start + table::LINE as u64
        };
        self.missing().into_iter().flatten().map(of).sum::<u64>() + layout::PAGE
    }

    /// All that is written counts.
    fn write(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.permit.spend(bytes.len() as u64);
        self.file.write_all_at(bytes, offset)
    }

    /// Content, which is most of what is written, goes through where the disk has readers.
    fn write_content(&self, bytes: &[u8], offset: u64) -> Result<(), IntakeError> {
        if !self.object.body.disk.is_to_be_written_through() {
            return self.on_disk(self.write(bytes, offset), Weight::Call);
        }
        self.permit.spend(bytes.len() as u64);
        let written = self.file.write_through(bytes, offset);
        let is_full = written.as_ref().is_err_and(|err| err.kind() == io::ErrorKind::StorageFull);
        self.on_disk(written, if is_full { Weight::Call } else { Weight::Sync })
    }

    /// An object that was whole knows its slices by its table, unless that is damaged, too.
    fn learn_from(&mut self, lines: &[Option<Line>]) -> bool {
        let entry = &self.object.entry;
        let values: Option<Vec<Digest>> =
            lines.iter().map(|line| line.as_ref().map(|line| line.value)).collect();
        let proved = values
            .and_then(|values| SliceHashes::prove(values, entry.size_bytes, &entry.blake3).ok());
        self.hashes = self.hashes.take().or(proved);
        self.hashes.is_some()
    }

    /// Whether a line of the table speaks of a slice that is there.
    fn is_there(&self, slice: u32, line: &Line, is_trusted: bool) -> io::Result<bool> {
        let value = self.hashes.as_ref().map(|hashes| hashes.values().get(slice as usize));
        let is_known = value.is_none_or(|value| value == Some(&line.value));
        if is_known && is_trusted {
            return Ok(!self.is_void(slice, line));
        }
        let is_there = is_known && self.find_again(slice, line)?;
        if !is_there {
            // It must not be believed by the next, who need not read again.
            self.erase_line(slice)?;
        }
        Ok(is_there)
    }

    fn lines(&self) -> MutexGuard<'_, Vec<Option<Line>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_table(&self) -> io::Result<Vec<Option<Line>>> {
        let slices = self.object.body.sums.slices();
        let mut bytes = vec![0; Table::padded_len(slices)];
        read_full(&*self.file, &mut bytes, layout::TABLE_OFFSET)?;
        let table = Table::decode(&bytes, &self.object.entry.id(), slices);
        Ok(table.map_or_else(|| vec![None; slices as usize], |table| table.lines))
    }

    /// Whether a line speaks of a slice that was there and could not be read.
    fn is_void(&self, slice: u32, line: &Line) -> bool {
        let sums = &self.object.body.sums;
        (line.proof == Proof::Hashed || sums.has_lost()) && !sums.has(slice)
    }

    /// Reads a slice that a process before this one has left, and writes it again. It may be in
    /// the kernel's memory alone, and where a synchronisation has failed meanwhile, the kernel
    /// takes it for written.
    fn find_again(&self, slice: u32, line: &Line) -> io::Result<bool> {
        let bytes = self.read_slice(slice)?;
        let is_there = line.matches(&bytes);
        if is_there {
            self.write(&bytes, self.content_at(slice))?;
            let line = line.encode(&self.object.entry.id(), slice);
            self.write(&line, table::line_at(slice))?;
        }
        Ok(is_there)
    }

    /// The bytes of a slice, as the disk has them; fewer where the disk has fewer.
    fn read_slice(&self, slice: u32) -> io::Result<Vec<u8>> {
        let range = slice_range(self.object.entry.size_bytes, slice);
        let mut bytes = vec![0; usize::try_from(range.end - range.start).unwrap_or(0)];
        let count = read_full(&*self.file, &mut bytes, self.content_at(slice))?;
        bytes.truncate(count);
        Ok(bytes)
    }

    fn content_at(&self, slice: u32) -> u64 {
        layout::content_offset(self.object.entry.size_bytes) + u64::from(slice) * SLICE_BYTES
    }

    /// The object that is being taken in.
    #[must_use]
    pub fn object(&self) -> &Arc<Object> {
        &self.object
    }

    /// Says where what is missing will come from: siblings that it does not have to wait for may
    /// be given it as it comes, too.
    pub fn set_from_beyond(&self, is_from_beyond: bool) {
        self.object.body.sums.set_from_beyond(is_from_beyond);
    }

    /// Whether each slice is compared when it comes.
    #[must_use]
    pub fn knows_slices(&self) -> bool {
        self.hashes.is_some()
    }

    /// A slice of so many bytes is at hand: for how long it should wait before it is put, so that
    /// its disk still reads in time.
    #[must_use]
    pub fn admit(&self, bytes: u64) -> Duration {
        self.object.body.disk.admit(bytes)
    }

    /// Runs of slices that are not there, in order.
    #[must_use]
    pub fn missing(&self) -> Vec<Range<u32>> {
        let mut runs: Vec<Range<u32>> = Vec::new();
        for (slice, _) in (0_u32..).zip(&*self.lines()).filter(|(_, line)| line.is_none()) {
            match runs.last_mut() {
                Some(run) if run.end == slice => run.end += 1,
                _ => runs.push(slice..slice + 1),
            }
        }
        runs
    }

    /// Whether a slice is not there.
    #[must_use]
    pub fn lacks(&self, slice: u32) -> bool {
        self.lines().get(slice as usize).is_some_and(Option::is_none)
    }

    /// Learns what each slice must hash to. What has arrived before and does not is missing
    /// again.
    ///
    /// # Errors
    /// [`IntakeError::Disk`].
    pub fn expect(&mut self, hashes: SliceHashes) -> Result<(), IntakeError> {
        let mut lines = std::mem::take(&mut *self.lines());
        for ((slice, place), value) in (0..).zip(&mut lines).zip(hashes.values()) {
            match place {
                Some(line) if line.value != *value => {
                    *place = None;
                    self.on_disk(self.erase_line(slice), Weight::Call)?;
                }
                Some(line) if line.proof == Proof::Received => {
                    line.proof = Proof::Hashed;
                    self.write_line(slice, line)?;
                    self.show(slice, line);
                }
                _ => {}
            }
        }
        *self.lines() = lines;
        self.object.body.sums.learn(&hashes);
        self.hashes = Some(hashes);
        Ok(())
    }

    /// Takes a slice. Readers have it before this returns, if it is one that was expected.
    ///
    /// # Errors
    /// [`IntakeError::WrongLength`], [`IntakeError::WrongSlice`] and [`IntakeError::Disk`];
    /// nothing has changed then.
    pub fn put(&self, slice: u32, bytes: &[u8]) -> Result<(), IntakeError> {
        let size_bytes = self.object.entry.size_bytes;
        let (range, len) = (slice_range(size_bytes, slice), bytes.len() as u64);
        if range.end - range.start != len || len == 0 {
            return Err(IntakeError::WrongLength { slice, len, size_bytes });
        }
        let found = slice_hash(size_bytes, slice, bytes);
        let expected = self.hashes.as_ref().and_then(|all| all.values().get(slice as usize));
        if let Some(expected) = expected.filter(|expected| **expected != found) {
            return Err(IntakeError::WrongSlice { slice, expected: *expected, found });
        }
        let proof = if expected.is_some() { Proof::Hashed } else { Proof::Received };
        let line = Line::of(found, bytes, proof);
        self.write_content(bytes, self.content_at(slice))?;
        self.write_line(slice, &line)?;
        if proof == Proof::Hashed {
            self.hand_out(slice, bytes, self.object.body.sums.add(slice, &line));
        }
        if let Some(place) = self.lines().get_mut(slice as usize) {
            *place = Some(line);
        }
        Ok(())
    }

    /// Takes what is missing from the content, which is at hand as a whole.
    ///
    /// # Errors
    /// As [`Intake::put`].
    pub fn put_missing(&self, content: &[u8]) -> Result<(), IntakeError> {
        let size_bytes = self.object.entry.size_bytes;
        for slice in self.missing().into_iter().flatten() {
            let range = slice_range(size_bytes, slice);
            let [start, end] =
                [range.start, range.end].map(|at| usize::try_from(at).unwrap_or(usize::MAX));
            self.put(slice, content.get(start..end).unwrap_or_default())?;
        }
        Ok(())
    }

    fn write_line(&self, slice: u32, line: &Line) -> Result<(), IntakeError> {
        let bytes = line.encode(&self.object.entry.id(), slice);
        self.on_disk(self.write(&bytes, table::line_at(slice)), Weight::Call)
    }

    fn erase_line(&self, slice: u32) -> io::Result<()> {
        self.write(&[0; table::LINE], table::line_at(slice))
    }

    /// A slice may be read; whoever waits for a block of it has it now.
    fn show(&self, slice: u32, line: &Line) {
        let waiting = self.object.body.sums.add(slice, line);
        if waiting.is_empty() {
            return;
        }
        let bytes = self.read_slice(slice).unwrap_or_default();
        self.hand_out(slice, &bytes, waiting);
    }

    fn hand_out(&self, slice: u32, bytes: &[u8], waiting: Vec<(u32, Arc<Pending>)>) {
        let block_len = usize::try_from(BLOCK_BYTES).unwrap_or(usize::MAX);
        for (block, pending) in waiting {
            let at = (block - slice * SLICE_BLOCKS) as usize;
            let content = bytes.chunks(block_len).nth(at).unwrap_or_default();
            let checked = self.object.body.sums.checksum(block);
            let checked = checked.and_then(|crc| Filling::copied(content).check(crc));
            let outcome = checked.map(|checked| checked.share().0);
            pending.settle(outcome.ok_or(ReadFailed::NotComing { block }));
        }
    }

    /// Tells the disk, and how much a failure says of it.
    fn on_disk(&self, done: io::Result<()>, weight: Weight) -> Result<(), IntakeError> {
        let disk = &self.object.body.disk;
        Ok(done.inspect(|()| disk.succeeded()).inspect_err(|_| disk.failed(weight))?)
    }

    /// Compares what arrived with the catalogue.
    ///
    /// # Errors
    /// [`IntakeError::Missing`] keeps what arrived; [`IntakeError::WrongBytes`] does not.
    pub fn finish(self) -> Result<Verified, IntakeError> {
        let there = |(slice, line): (u32, Option<Line>)| line.filter(|it| !self.is_void(slice, it));
        let lines: Vec<Line> = (0..).zip(self.lines().iter().copied()).filter_map(there).collect();
        let slices = self.object.body.sums.slices() as usize;
        if lines.len() < slices {
            return Err(IntakeError::Missing { slices: slices - lines.len() });
        }
        let values: Vec<Digest> = lines.iter().map(|line| line.value).collect();
        let (expected, found) = (self.object.entry.blake3, root(&values));
        if found != expected {
            self.discard()?;
            return Err(IntakeError::WrongBytes { expected, found });
        }
        Ok(Verified { intake: self, lines })
    }

    /// Forgets all that has arrived, so that the next attempt begins with nothing.
    fn discard(&self) -> io::Result<()> {
        let slices = self.object.body.sums.slices();
        self.lines().fill(None);
        self.object.body.sums.forget();
        self.write(&vec![0; Table::padded_len(slices)], layout::TABLE_OFFSET)
    }
}

impl Drop for Intake {
    /// Nobody brings what is missing any more, and nobody waits for it.
    fn drop(&mut self) {
        for (block, pending) in self.object.body.sums.close() {
            pending.settle(Err(ReadFailed::NotComing { block }));
        }
    }
}

/// The proof that all bytes of an object are on the disk and are those of the catalogue.
#[derive(Debug)]
pub struct Verified {
    intake: Intake,
    lines: Vec<Line>,
}

impl Verified {
    /// What it is the proof of.
    pub(crate) fn object(&self) -> &Arc<Object> {
        &self.intake.object
    }

    /// Sync, seal, sync, sync of the folder: after a crash at any point the object is either
    /// whole, or goes on where it was.
    pub(crate) fn seal(&self) -> Result<(), IntakeError> {
        let Self { intake, lines } = self;
        let object = &intake.object;
        if object.body.is_doomed() {
            return Err(IntakeError::Withdrawn);
        }
        // Everything the seal speaks for is down before the seal is.
        intake.file.sync()?;
        if object.body.disk.is_unreliable() {
            return Err(
                io::Error::other("what was written may be lost: the disk has failed").into()
            );
        }
        let seal = table::seal(&object.entry.id(), lines);
        intake.write(&seal, layout::TABLE_OFFSET)?;
        intake.file.sync()?;
        object.body.disk.sync_folder_of(object)?;
        for (slice, line) in (0..).zip(lines).filter(|(slice, _)| !object.body.sums.has(*slice)) {
            intake.show(slice, line);
        }
        object.body.sums.complete();
        Ok(())
    }
}
