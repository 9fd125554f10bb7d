//! A pass over every block of a disk, so that what rots is found before somebody asks for it.
//!
//! Whoever drives a pass decides how fast: it goes on slice by slice. What does not match is
//! told of and fetched again as if a viewer had come upon it. Objects go by in the order in
//! which they came, so that a pass that was broken off goes on where it was.

use crate::cache::Cache;
use crate::crc::crc32c;
use crate::disk::Disk;
use crate::layout;
use crate::object::{BLOCK_BYTES, Faint, Object, block_count};
use crate::read::ReadFailed;
use crate::storage::{StoredFile, read_full};
use crate::table::SLICE_BLOCKS;
use std::sync::{Arc, Weak};

/// A pass over one disk.
#[derive(Debug)]
pub struct Scrub {
    cache: Weak<Cache>,
    disk: Arc<Disk>,
    /// By falling serial: the next is the last. What is not held any more is passed over.
    left: Vec<(u64, Faint)>,
    open: Option<Open>,
    progress: ScrubProgress,
}

/// How far a pass has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScrubProgress {
    /// What there was to read when it began.
    pub bytes_total: u64,
    /// What was read of it, or has left meanwhile.
    pub bytes_done: u64,
    /// Blocks that did not match, or could not be read.
    pub bad_blocks: u64,
    /// The last object that it is through with: a pass may begin behind it.
    pub serial: u64,
}

/// The object that is being read.
#[derive(Debug)]
struct Open {
    object: Arc<Object>,
    file: Arc<dyn StoredFile>,
    block: u32,
}

impl Cache {
    /// Begins a pass over a disk in use, behind the object with this serial (0 for all).
    #[must_use]
    pub fn scrub(self: &Arc<Self>, disk: &Arc<Disk>, behind: u64) -> Scrub {
        let mut left = Vec::new();
        let mut bytes_total = 0;
        self.index.each_held(|object| {
            if Arc::ptr_eq(&object.body.disk, disk) && object.body.serial > behind {
                bytes_total += object.entry.size_bytes;
                left.push((object.body.serial, object.faint()));
            }
        });
        left.sort_by_key(|(serial, _)| std::cmp::Reverse(*serial));
        let progress = ScrubProgress { bytes_total, serial: behind, ..ScrubProgress::default() };
        let (cache, disk) = (Arc::downgrade(self), Arc::clone(disk));
        Scrub { cache, disk, left, open: None, progress }
    }
}

impl Scrub {
    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> ScrubProgress {
        self.progress
    }

    /// Whether nothing is left to read.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.left.is_empty() && self.open.is_none()
    }

    /// Reads and checks the next slice; gives how many bytes it has, and `None` when the pass
    /// is over, or its disk not in use any more. Blocks on the disk.
    pub fn step(&mut self) -> Option<u64> {
        let cache = self.cache.upgrade()?;
        if self.disk.is_ejected() {
            return None;
        }
        let Some(open) = &mut self.open else { return self.next_object(&cache) };
        let blocks = u32::try_from(block_count(open.object.entry.size_bytes)).unwrap_or(u32::MAX);
        let end = blocks.min(open.block + SLICE_BLOCKS);
        let mut bytes = 0;
        for block in open.block..end {
            bytes += open.object.block_len(block);
            if let Err(failed) = open.check(block) {
                self.progress.bad_blocks += 1;
                cache.lost(&open.object, &failed);
            }
        }
        open.block = end;
        self.progress.bytes_done += bytes;
        if end == blocks {
            self.progress.serial = open.object.body.serial;
            self.open = None;
        }
        Some(bytes)
    }

    /// Opens the next object; costs no bytes.
    fn next_object(&mut self, cache: &Cache) -> Option<u64> {
        let (serial, object) = self.left.pop()?;
        let opened = object.upgrade().filter(|object| !object.body.is_doomed()).map(|object| {
            let file = self.disk.storage().open_uncached(&object.file());
            (object, file)
        });
        match opened {
            Some((object, Ok(file))) if object.entry.size_bytes > 0 => {
                self.open = Some(Open { object, file, block: 0 });
            }
            Some((object, Err(err))) if !object.body.is_doomed() => {
                self.progress.bad_blocks += 1;
                cache.lost(&object, &ReadFailed::Io { block: 0, reason: err.to_string() });
                self.progress.bytes_done += object.entry.size_bytes;
            }
            _ => self.progress.serial = serial,
        }
        Some(0)
    }
}

impl Open {
    fn check(&self, block: u32) -> Result<(), ReadFailed> {
        read_block(&self.object, &*self.file, block).map(drop)
    }
}

/// Reads a block from the file of an object, around the page cache, and compares it with its
/// checksum; `None` for one that was lost or has gone meanwhile.
pub(crate) fn read_block(
    object: &Object,
    file: &dyn StoredFile,
    block: u32,
) -> Result<Option<Pages>, ReadFailed> {
    // A slice that was lost meanwhile is being fetched.
    let Some(expected) = object.body.sums.checksum(block) else { return Ok(None) };
    let len = usize::try_from(object.block_len(block)).unwrap_or(usize::MAX);
    let offset = layout::content_offset(object.entry.size_bytes);
    let offset = offset + u64::from(block) * BLOCK_BYTES;
    let mut pages = Pages::new(len);
    let read = read_full(file, pages.whole_pages(), offset);
    let io = |reason: String| ReadFailed::Io { block, reason };
    match read.map_err(|err| io(err.to_string()))? {
        count if count < len => Err(io(format!("{count} of {len} bytes came"))),
        _ if crc32c(pages.bytes()) == expected => {
            object.body.disk.succeeded();
            Ok(Some(pages))
        }
        // It may have gone in the middle of this.
        _ if object.body.is_doomed() || object.body.sums.checksum(block).is_none() => Ok(None),
        _ => Err(ReadFailed::Corrupt { block }),
    }
}

/// Memory that begins on a page and is whole pages long: what a disk writes to directly.
pub(crate) struct Pages {
    memory: Vec<u8>,
    start: usize,
    /// What is asked for; the pages may be longer.
    len: usize,
}

impl Pages {
    fn new(len: usize) -> Self {
        let memory = vec![0; len.next_multiple_of(layout::PAGE_LEN) + layout::PAGE_LEN];
        let start = memory.as_ptr().align_offset(layout::PAGE_LEN);
        Self { memory, start, len }
    }

    fn whole_pages(&mut self) -> &mut [u8] {
        let len = self.len.next_multiple_of(layout::PAGE_LEN);
        &mut self.memory[self.start..self.start + len]
    }

    /// What was asked for.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.len]
    }
}
