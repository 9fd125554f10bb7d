//! How an object gets onto a disk: append, verify, publish.
//!
//! Bytes are appended in order to a file in `incoming/`; an intake that ends early keeps
//! them, and the next one for the same object goes on from there. Only [`Intake::finish`]
//! makes a [`Verified`], by comparing BLAKE3 and length with the catalogue, and only a
//! `Verified` can be published. All calls block on the disk: run them off the event loop.

use crate::BLOCK_BYTES;
use crate::disk::{Disk, Reservation, sync_folder};
use crate::gate::Pass;
use crate::layout;
use crate::object::{Object, block_count};
use crate::ram::RamTier;
use contract::catalogue::CatalogueEntry;
use contract::object::Digest;
use nix::fcntl::{Flock, FlockArg};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Why an object was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// No disk has room.
    #[error("no disk has room for {size_bytes} bytes")]
    NoRoom {
        /// What was asked for.
        size_bytes: u64,
    },
    /// Somebody else is taking in the same object.
    #[error("the object is being taken in already")]
    Busy,
    /// The disks are another process's now.
    #[error("the disks were handed over to another process")]
    HandedOver,
    /// The bytes are not those of the catalogue. What had arrived is gone.
    #[error("the bytes hash to {found}, and the catalogue says {expected}")]
    WrongBytes {
        /// By the catalogue.
        expected: Digest,
        /// Of what arrived.
        found: Digest,
    },
    /// More bytes than the catalogue says. What had arrived is gone.
    #[error("more than {size_bytes} bytes arrived")]
    TooLong {
        /// By the catalogue.
        size_bytes: u64,
    },
    /// Fewer bytes than the catalogue says. They are kept, to go on from.
    #[error("only {received} of {size_bytes} bytes arrived")]
    TooShort {
        /// How many arrived.
        received: u64,
        /// By the catalogue.
        size_bytes: u64,
    },
    /// The disk failed.
    #[error("the disk failed: {0}")]
    Disk(#[from] io::Error),
}

/// An object on its way in.
#[derive(Debug)]
pub struct Intake {
    entry: Arc<CatalogueEntry>,
    room: Reservation,
    file: Flock<File>,
    sums: Sums,
    pass: Pass,
}

/// Everything that is computed while bytes pass.
#[derive(Debug, Default)]
struct Sums {
    received: u64,
    hasher: Box<blake3::Hasher>,
    checksums: Vec<u32>,
    /// Of the block that is not full yet.
    open_block: u32,
}

impl Sums {
    fn add(&mut self, mut bytes: &[u8]) {
        self.hasher.update(bytes);
        while !bytes.is_empty() {
            let room = BLOCK_BYTES - self.received % BLOCK_BYTES;
            let take = bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX));
            let (now, later) = bytes.split_at(take);
            self.open_block = crc32c::crc32c_append(self.open_block, now);
            self.received += now.len() as u64;
            if self.received.is_multiple_of(BLOCK_BYTES) {
                self.checksums.push(std::mem::take(&mut self.open_block));
            }
            bytes = later;
        }
    }

    fn finish(mut self) -> (Digest, Arc<[u32]>) {
        if !self.received.is_multiple_of(BLOCK_BYTES) {
            self.checksums.push(self.open_block);
        }
        (Digest(*self.hasher.finalize().as_bytes()), self.checksums.into())
    }
}

impl Intake {
    /// Begins, or goes on where an earlier intake of the same object ended.
    pub(crate) fn begin(
        disks: &[Arc<Disk>],
        entry: Arc<CatalogueEntry>,
        pass: Pass,
    ) -> Result<Self, IntakeError> {
        let room = choose(disks, &entry)?;
        let path = room.disk.incoming_file(&entry.id);
        let file =
            File::options().create(true).truncate(false).read(true).write(true).open(&path)?;
        let file =
            Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|_| IntakeError::Busy)?;
        let mut intake = Self { entry, room, file, sums: Sums::default(), pass };
        intake.read_back()?;
        Ok(intake)
    }

    /// How many bytes are there already: ask the source for those behind them.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.sums.received
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`IntakeError::TooLong`] and [`IntakeError::Disk`].
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), IntakeError> {
        let size_bytes = self.entry.size_bytes;
        if self.sums.received + bytes.len() as u64 > size_bytes {
            self.discard()?;
            return Err(IntakeError::TooLong { size_bytes });
        }
        if let Err(err) = self.file.write_all(bytes) {
            self.room.disk.io_errors.fetch_add(1, Ordering::Relaxed);
            return Err(err.into());
        }
        self.sums.add(bytes);
        Ok(())
    }

    /// Compares what arrived with the catalogue.
    ///
    /// # Errors
    /// [`IntakeError::TooShort`] keeps what arrived; [`IntakeError::WrongBytes`] does not.
    pub fn finish(mut self) -> Result<Verified, IntakeError> {
        let (received, size_bytes) = (self.sums.received, self.entry.size_bytes);
        if received < size_bytes {
            return Err(IntakeError::TooShort { received, size_bytes });
        }
        let (found, checksums) = std::mem::take(&mut self.sums).finish();
        if found != self.entry.blake3 {
            self.discard()?;
            return Err(IntakeError::WrongBytes { expected: self.entry.blake3, found });
        }
        let Self { entry, room, file, pass, .. } = self;
        Ok(Verified { entry, room, file, checksums, pass })
    }

    /// Forgets all that has arrived, so that the next attempt begins at the first byte.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn discard(&mut self) -> io::Result<()> {
        self.sums = Sums::default();
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(layout::content_offset(self.entry.size_bytes)))?;
        Ok(())
    }

    /// Hashes what an earlier intake left behind, and stands at its end. A tail that a
    /// crash made wrong is found by [`Intake::finish`], like any other wrong byte.
    fn read_back(&mut self) -> Result<(), IntakeError> {
        let start = layout::content_offset(self.entry.size_bytes);
        let left = self.file.metadata()?.len().saturating_sub(start);
        if left > self.entry.size_bytes {
            self.file.set_len(0)?;
        }
        self.file.seek(SeekFrom::Start(start))?;
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = self.file.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            self.sums.add(&buffer[..read]);
        }
        self.file.seek(SeekFrom::Start(start + self.sums.received))?;
        Ok(())
    }
}

/// The disk on which an earlier intake left off, else the one with the most room.
fn choose(disks: &[Arc<Disk>], entry: &CatalogueEntry) -> Result<Reservation, IntakeError> {
    let mut ranked: Vec<&Arc<Disk>> = disks.iter().collect();
    ranked.sort_by_key(|disk| {
        (!disk.incoming_file(&entry.id).exists(), std::cmp::Reverse(disk.free_bytes()))
    });
    let size_bytes = entry.size_bytes;
    if size_bytes > layout::MAX_OBJECT_BYTES {
        return Err(IntakeError::NoRoom { size_bytes });
    }
    ranked
        .into_iter()
        .find_map(|disk| disk.reserve(size_bytes))
        .ok_or(IntakeError::NoRoom { size_bytes })
}

/// The proof that all bytes of an object are on the disk and are those of the catalogue.
#[derive(Debug)]
pub struct Verified {
    entry: Arc<CatalogueEntry>,
    room: Reservation,
    file: Flock<File>,
    checksums: Arc<[u32]>,
    pass: Pass,
}

/// What publishing leaves in the hands of the cache.
pub(crate) struct Published {
    pub(crate) entry: Arc<CatalogueEntry>,
    pub(crate) disk: Arc<Disk>,
    pub(crate) checksums: Arc<[u32]>,
    pub(crate) disk_bytes: u64,
    pub(crate) serial: u64,
}

impl Published {
    pub(crate) fn into_object(self, ram: &RamTier) -> Arc<Object> {
        let Self { entry, disk, checksums, disk_bytes, serial } = self;
        let places = ram.places(block_count(entry.size_bytes));
        let doomed = AtomicBool::new(false);
        Arc::new(Object { entry, disk, checksums, places, serial, disk_bytes, doomed })
    }
}

impl Verified {
    /// Header, sync, rename, sync of the folder: after a crash at any point the object is
    /// either wholly there or still incoming. The pass is to be kept until it is visible.
    pub(crate) fn publish(mut self, serial: u64) -> io::Result<(Published, Pass)> {
        let header = layout::encode_header(&self.entry)
            .ok_or_else(|| io::Error::other("the catalogue entry does not fit the header"))?;
        self.file.seek(SeekFrom::Start(layout::PAGE))?;
        self.file.write_all(&layout::encode_table(&self.checksums))?;
        // Everything the header vouches for is down before the header is.
        self.file.sync_all()?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&header)?;
        self.file.sync_all()?;
        let disk = Arc::clone(&self.room.disk);
        let target = disk.object_file(&self.entry.id, serial);
        let folder = target.parent().unwrap_or(Path::new("/")).to_path_buf();
        if !folder.exists() {
            fs::create_dir_all(&folder)?;
            sync_folder(&disk.folder().join("objects"))?;
        }
        fs::rename(disk.incoming_file(&self.entry.id), &target)?;
        sync_folder(&folder)?;
        let disk_bytes = self.room.keep();
        disk.objects.fetch_add(1, Ordering::Relaxed);
        let Self { entry, checksums, pass, .. } = self;
        Ok((Published { entry, disk, checksums, disk_bytes, serial }, pass))
    }
}
