//! One read to be done, by whoever can: the cache does none itself.

use crate::block::{Filling, VerifiedBlock};
use crate::cache::Cache;
use crate::layout;
use crate::object::{BLOCK_BYTES, Object};
use crate::read::{Pending, ReadFailed};
use crate::storage::{StoredFile, read_at_least};
use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::sync::Arc;

/// Gets bytes off a disk. The binary supplies it: threads, a ring, or a simulation.
pub trait BlockIo: Send + Sync {
    /// Reads from `order.offset()` of `order.file()` into `order.buffer_mut()` and tells
    /// [`ReadOrder::complete`] how many bytes came. Must not block the caller; may complete
    /// on any thread.
    fn submit(&self, order: ReadOrder);
}

/// One read to be done. Dropped without completion, it fails its readers; the object stays,
/// since nothing is known against it.
///
/// Whoever has it owns its buffer, which stays where it is when the order is moved: a
/// kernel may write to it until the order is completed or dropped, and no longer.
pub struct ReadOrder {
    cache: Arc<Cache>,
    object: Arc<Object>,
    block: u32,
    file: CString,
    pending: Arc<Pending>,
    began_us: u64,
    /// `None` when it was completed.
    filling: Option<Filling>,
}

impl ReadOrder {
    pub(crate) fn new(
        cache: &Arc<Cache>,
        object: &Arc<Object>,
        block: u32,
        pending: Arc<Pending>,
    ) -> Self {
        // A folder with a NUL in its name could not have been opened at start.
        let file = CString::new(object.file().into_os_string().into_vec()).unwrap_or_default();
        let len = usize::try_from(object.block_len(block)).unwrap_or(0);
        let filling = Some(cache.ram.room(object.places(&cache.ram), block, len));
        let (cache, object) = (Arc::clone(cache), Arc::clone(object));
        let began_us = object.body.disk.storage().now_us();
        Self { cache, object, block, file, pending, began_us, filling }
    }

    /// The file to read.
    #[must_use]
    pub fn file(&self) -> &Path {
        Path::new(OsStr::from_bytes(self.file.as_bytes()))
    }

    /// The file to read, as `openat` takes it.
    #[must_use]
    pub fn file_c(&self) -> &CStr {
        &self.file
    }

    /// Where the block begins in the file: on a page.
    #[must_use]
    pub fn offset(&self) -> u64 {
        layout::content_offset(self.object.entry.size_bytes) + u64::from(self.block) * BLOCK_BYTES
    }

    /// How many bytes it has.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.object.block_len(self.block)).unwrap_or(0)
    }

    /// Whether there is nothing to read; never so for a block that the object has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the bytes go: whole pages, on a page, so that the read may go around the page
    /// cache. The last block of a file is shorter than its buffer.
    pub fn buffer_mut(&mut self) -> &mut [u8] {
        self.filling.as_mut().map_or(&mut [], Filling::pages_mut)
    }

    /// In which of [`Cache::regions`] the buffer stands; `None` when it is in none, and
    /// has to be read into as any other memory.
    #[must_use]
    pub fn region(&self) -> Option<u16> {
        self.filling.as_ref().and_then(Filling::region)
    }

    /// Reads the block from its file, which has been opened, on this thread; gives what
    /// [`ReadOrder::complete`] takes.
    ///
    /// # Errors
    /// As the kernel says it.
    pub fn read_from(&mut self, file: &dyn StoredFile) -> io::Result<usize> {
        let (offset, wanted) = (self.offset(), self.len());
        read_at_least(file, self.buffer_mut(), wanted, offset)
    }

    /// The read has ended, with at least [`ReadOrder::len`] bytes in the buffer if it went
    /// well: compares the checksum, lets everybody find the block, and wakes those who
    /// wait.
    pub fn complete(mut self, read: io::Result<usize>) {
        let Some(filling) = self.filling.take() else { return };
        self.object.body.disk.has_read(self.began_us);
        let outcome = self.verify(filling, read);
        if let Err(failed) = &outcome {
            self.cache.lost(&self.object, failed);
        }
        self.settle(outcome);
    }

    /// Whoever asks from here on finds the block in RAM, or begins anew.
    fn settle(&self, outcome: Result<VerifiedBlock, ReadFailed>) {
        self.cache.reads.forget((self.object.number, self.block));
        self.pending.settle(outcome);
    }

    fn verify(
        &self,
        filling: Filling,
        read: io::Result<usize>,
    ) -> Result<VerifiedBlock, ReadFailed> {
        let (block, len) = (self.block, self.len());
        let io = |reason: String| ReadFailed::Io { block, reason };
        let count = read.map_err(|err| io(err.to_string()))?;
        if count < len {
            return Err(io(format!("{count} of {len} bytes came")));
        }
        let expected = self.object.body.sums.checksum(block);
        let checked = expected.and_then(|expected| filling.check(expected));
        if checked.is_some() {
            self.object.body.disk.succeeded();
        }
        let checked = checked.ok_or(ReadFailed::Corrupt { block })?;
        Ok(self.cache.ram.keep((self.object.number, block), checked))
    }
}

impl Drop for ReadOrder {
    fn drop(&mut self) {
        if self.filling.take().is_some() {
            self.settle(Err(ReadFailed::Abandoned { block: self.block }));
        }
    }
}

impl std::fmt::Debug for ReadOrder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (file, offset) = (self.file(), self.offset());
        f.debug_struct("ReadOrder").field("file", &file).field("offset", &offset).finish()
    }
}
