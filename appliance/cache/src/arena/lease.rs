//! A block that one owner may write: it is being read off a disk.
#![expect(unsafe_code, reason = "pages of the mapping are handed out as bytes")]

use super::slot::Resident;
use super::{PAGE_BYTES, Pinned, Places, SizeClass};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::slice;
use std::sync::Arc;

/// Whole pages of the arena that nobody else sees. Given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    places: Arc<Places>,
    block: u32,
    page: u32,
    class: SizeClass,
    start: NonNull<u8>,
    /// How many bytes the block will have.
    len: usize,
    is_settled: bool,
}

// SAFETY: it owns its pages alone, and the mapping may be used from any thread.
unsafe impl Send for Lease {}
// SAFETY: a shared reference only reads.
unsafe impl Sync for Lease {}

impl Lease {
    /// Over a block that was taken from the arena of `places` for this lease.
    pub(super) fn new(
        places: Arc<Places>,
        block: u32,
        page: u32,
        class: SizeClass,
        len: usize,
    ) -> Self {
        debug_assert!(len <= class.bytes());
        let start = places.arena().start_of(page);
        Self { places, block, page, class, start, len, is_settled: false }
    }

    /// In which region of the arena it stands.
    pub(crate) fn region(&self) -> Option<u16> {
        self.places.arena().region_of(self.page)
    }

    /// Shares the block: from here on nobody writes to it, and its object's readers find it.
    pub(crate) fn settle(mut self) -> (Pinned, Resident) {
        self.is_settled = true;
        // Blocks have 256 KiB at most.
        let len = u32::try_from(self.len).unwrap_or(0);
        self.places.settle(self.block, self.page, self.class, len)
    }

    fn pages_len(&self) -> usize {
        self.len.next_multiple_of(PAGE_BYTES).min(self.class.bytes())
    }
}

impl Deref for Lease {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        // SAFETY: these pages belong to this lease alone until it is settled or dropped,
        // lie within one block of a mapping that `places` keeps, and hold what the kernel
        // or an earlier owner wrote: always bytes.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.pages_len()) }
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and `self` is borrowed alone.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.pages_len()) }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.is_settled {
            self.places.arena().give_back(self.page, self.class);
        }
    }
}
