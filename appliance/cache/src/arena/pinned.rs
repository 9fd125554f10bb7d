//! A block that many may read and nobody writes or evicts.
#![expect(unsafe_code, reason = "pages of the mapping are handed out as bytes")]

use super::Places;
use super::slot::Slot;
use std::fmt;
use std::ops::Deref;
use std::ptr::NonNull;
use std::slice;
use std::sync::Arc;

/// One pin on a shared block, given back when it is dropped.
pub(crate) struct Pinned {
    places: Arc<Places>,
    page: u32,
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: shared bytes that nobody writes, of a mapping that may be used from any thread.
unsafe impl Send for Pinned {}
// SAFETY: as above.
unsafe impl Sync for Pinned {}

impl Pinned {
    /// Takes over a pin that was counted on the block at `page`.
    pub(super) fn adopt(places: Arc<Places>, page: u32) -> Self {
        let start = places.arena().start_of(page);
        let len = places.arena().slot(page).len();
        Self { places, page, start, len }
    }

    /// In which region of the arena it stands.
    pub(crate) fn region(&self) -> Option<u16> {
        self.places.arena().region_of(self.page)
    }

    /// Counts that it was asked for.
    pub(crate) fn hit(&self) {
        self.slot().hit();
    }

    fn slot(&self) -> &Slot {
        self.places.arena().slot(self.page)
    }
}

impl Deref for Pinned {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        // SAFETY: the block is pinned: it is shared, so nobody writes to it, and not
        // retired before this pin goes. Its length lies within it, and `places` keeps the
        // mapping.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl Clone for Pinned {
    fn clone(&self) -> Self {
        self.slot().pins.pin_again();
        let Self { page, start, len, .. } = *self;
        Self { places: Arc::clone(&self.places), page, start, len }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        self.slot().pins.unpin();
    }
}

impl fmt::Debug for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pinned").field("page", &self.page).field("len", &self.len).finish()
    }
}
