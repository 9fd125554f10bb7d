//! A buffer beside the arena, aligned like a block of it: for a read that finds no room.
#![expect(unsafe_code, reason = "pages are looked at as bytes")]

use super::buddy::PAGE_BYTES;
use std::ops::{Deref, DerefMut};
use std::slice;

/// What makes the alignment.
#[repr(align(4096))]
struct Page(#[expect(dead_code, reason = "looked at as part of a slice")] [u8; PAGE_BYTES]);

const _: () = assert!(size_of::<Page>() == PAGE_BYTES && align_of::<Page>() == PAGE_BYTES);

/// Whole pages of the heap.
pub(crate) struct HeapBuffer(Box<[Page]>);

impl HeapBuffer {
    /// Room for so many bytes, at least a page.
    pub(crate) fn new(bytes: usize) -> Self {
        let pages = Box::new_zeroed_slice(pages_for(bytes));
        // SAFETY: zeros are bytes.
        Self(unsafe { pages.assume_init() })
    }

    /// A copy of this, and zeros up to a whole page.
    pub(crate) fn copy_of(content: &[u8]) -> Self {
        let mut pages = Box::<[Page]>::new_uninit_slice(pages_for(content.len()));
        let (room, len) = (pages.as_mut_ptr().cast::<u8>(), size_of_val(&*pages));
        // SAFETY: there are at least as many pages as the content takes, nobody else has them,
        // and each byte of them is written.
        unsafe {
            room.copy_from_nonoverlapping(content.as_ptr(), content.len());
            room.add(content.len()).write_bytes(0, len - content.len());
            Self(pages.assume_init())
        }
    }
}

fn pages_for(bytes: usize) -> usize {
    bytes.div_ceil(PAGE_BYTES).max(1)
}

impl Deref for HeapBuffer {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        // SAFETY: pages are arrays of bytes without padding, one behind the other.
        unsafe { slice::from_raw_parts(self.0.as_ptr().cast(), size_of_val(&*self.0)) }
    }
}

impl DerefMut for HeapBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and `self` is borrowed alone.
        unsafe { slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), size_of_val(&*self.0)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_whole_pages_on_a_page() {
        for (bytes, len) in [(0, 4096), (1, 4096), (4097, 8192), (262_144, 262_144)] {
            let mut buffer = HeapBuffer::new(bytes);
            assert_eq!((buffer.len(), buffer.as_ptr() as usize % PAGE_BYTES), (len, 0));
            buffer.fill(7);
            assert!(buffer.iter().all(|byte| *byte == 7));
        }
    }

    #[test]
    fn a_copy_ends_in_zeros() {
        for len in [0, 1, 4095, 4096, 4097, 262_144] {
            let buffer = HeapBuffer::copy_of(&vec![7; len]);
            assert_eq!(buffer.len(), pages_for(len) * PAGE_BYTES);
            let is_seven = |(at, byte): (usize, &u8)| *byte == if at < len { 7 } else { 0 };
            assert!(buffer.iter().enumerate().all(is_seven), "{len}");
        }
    }
}
