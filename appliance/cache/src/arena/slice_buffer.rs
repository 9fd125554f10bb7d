//! Room for a slice on its way in: as a disk takes it without a copy, on a huge page where
//! there are some, so that the kernel does not look up each small page of it for each write.
#![expect(unsafe_code, reason = "memory of a given alignment, of which two halves are lent")]

use super::mapping::HUGE_PAGE_BYTES;
use contract::slices::SLICE_BYTES;
use nix::sys::mman::{MmapAdvise, madvise};
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::fmt;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::Arc;

const ROOM_BYTES: usize = HUGE_PAGE_BYTES / 2;
const LAYOUT: Layout = match Layout::from_size_align(HUGE_PAGE_BYTES, HUGE_PAGE_BYTES) {
    Ok(layout) => layout,
    Err(_) => panic!("a huge page is aligned to itself"),
};

const _: () = assert!(ROOM_BYTES as u64 == SLICE_BYTES);

/// Room for two slices.
struct HugePage(NonNull<u8>);

// SAFETY: a piece of memory that belongs to nobody else; who looks at which half of it is said
// by the buffers.
unsafe impl Send for HugePage {}
// SAFETY: as above.
unsafe impl Sync for HugePage {}

impl HugePage {
    fn new() -> Self {
        // SAFETY: the layout is of two megabytes.
        let Some(start) = NonNull::new(unsafe { alloc(LAYOUT) }) else {
            handle_alloc_error(LAYOUT)
        };
        // Small pages do as well, only slower.
        // SAFETY: exactly this memory, of which the advice changes no byte.
        let _ = unsafe { madvise(start.cast(), HUGE_PAGE_BYTES, MmapAdvise::MADV_HUGEPAGE) };
        // SAFETY: so many bytes were allocated there.
        unsafe { start.write_bytes(0, HUGE_PAGE_BYTES) };
        Self(start)
    }
}

impl Drop for HugePage {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout, and nobody refers to it any more.
        unsafe { dealloc(self.0.as_ptr(), LAYOUT) }
    }
}

/// Room for one slice, and how far it is filled. The default has none.
#[derive(Default)]
pub struct SliceBuffer {
    /// And which half of it.
    room: Option<(Arc<HugePage>, usize)>,
    len: usize,
}

impl SliceBuffer {
    /// Two that are empty, each with room for a whole slice.
    #[must_use]
    pub fn pair() -> [Self; 2] {
        let page = Arc::new(HugePage::new());
        [0, ROOM_BYTES].map(|at| Self { room: Some((Arc::clone(&page), at)), len: 0 })
    }

    fn all(&mut self) -> &mut [u8] {
        let Some((page, at)) = &self.room else { return &mut [] };
        // SAFETY: half of a page that was allocated and written. No other buffer has this
        // half, and this one is borrowed alone.
        unsafe { std::slice::from_raw_parts_mut(page.0.add(*at).as_ptr(), ROOM_BYTES) }
    }

    /// Where what comes next belongs. It counts once the buffer has [grown](Self::grow).
    pub fn room(&mut self) -> &mut [u8] {
        let len = self.len;
        self.all().get_mut(len..).unwrap_or_default()
    }

    /// So many bytes more were put into its room.
    pub fn grow(&mut self, count: usize) {
        self.len += count.min(self.room().len());
    }

    /// Takes as many of these bytes as there is room for; gives how many that were.
    pub fn append(&mut self, bytes: &[u8]) -> usize {
        let room = self.room();
        let taken = room.len().min(bytes.len());
        room[..taken].copy_from_slice(&bytes[..taken]);
        self.grow(taken);
        taken
    }

    /// Empty again.
    pub fn clear(&mut self) {
        self.len = 0;
    }
}

impl Deref for SliceBuffer {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        let Some((page, at)) = &self.room else { return &[] };
        // SAFETY: as above; no more than the room is ever filled, and nobody writes to it as
        // long as this buffer is borrowed.
        unsafe { std::slice::from_raw_parts(page.0.add(*at).as_ptr(), self.len) }
    }
}

impl fmt::Debug for SliceBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SliceBuffer").field("len", &self.len).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_a_slice_and_no_more() {
        let [mut buffer, mut other] = SliceBuffer::pair();
        assert_eq!(other.append(b"other"), 5);
        let bytes = vec![1; 700_000];
        assert_eq!(buffer.append(&bytes), 700_000);
        assert_eq!(buffer.append(&bytes), (1 << 20) - 700_000);
        assert_eq!((buffer.append(&bytes), buffer.len()), (0, 1 << 20));
        assert!(buffer.iter().all(|byte| *byte == 1) && buffer.as_ptr().addr() % 4096 == 0);
        assert_eq!(&*other, b"other");
        buffer.clear();
        assert!(buffer.is_empty());
        drop(other);
        assert_eq!((buffer.append(b"again"), &*buffer), (5, &b"again"[..]));
        assert_eq!(SliceBuffer::default().append(&bytes), 0);
    }
}
