//! Buffers that the kernel takes when a client says something, and we give back: a client
//! that says nothing has none.

use super::{Ring, RingError};
use io_uring::types::BufRingEntry;
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::sync::atomic::{AtomicU16, Ordering};

/// The only group there is.
pub(super) const GROUP: u16 = 0;

/// A power of two, as the kernel wants it.
const COUNT: u16 = 512;

/// A request with its CMCD, or a ClientHello, fits.
const LEN: usize = 4096;

const PAGE: usize = 4096;

/// A buffer that the kernel has filled: to be given back once it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Buffer(pub(super) u16);

/// All of them. The ring that knows them must be gone before they are.
pub(in super::super) struct Provided {
    entries: *mut BufRingEntry,
    bytes: *mut u8,
    tail: u16,
}

impl Provided {
    /// Makes them and tells the ring.
    pub(in super::super) fn register(ring: &Ring) -> Result<Self, RingError> {
        let mut provided =
            Self { entries: allocate(entries_layout()).cast(), bytes: allocate(layout()), tail: 0 };
        // SAFETY: the entries are page-aligned, COUNT long, and live until after the ring: a
        // worker drops its ring first.
        let registered = unsafe {
            ring.uring.submitter().register_buf_ring_with_flags(
                provided.entries as u64,
                COUNT,
                GROUP,
                0,
            )
        };
        registered.map_err(|source| RingError::Register { what: "buffers", source })?;
        (0..COUNT).for_each(|at| provided.give_back(Buffer(at)));
        Ok(provided)
    }

    /// What the kernel has put into a buffer.
    pub(in super::super) fn filled(&mut self, buffer: Buffer, len: usize) -> &mut [u8] {
        let at = usize::from(buffer.0 % COUNT) * LEN;
        // SAFETY: within the allocation; the kernel has given this buffer to us and touches it
        // no more until `give_back`. The borrow of `self` keeps a second one away.
        unsafe { std::slice::from_raw_parts_mut(self.bytes.add(at), len.min(LEN)) }
    }

    /// Lets the kernel have it again.
    pub(in super::super) fn give_back(&mut self, buffer: Buffer) {
        let at = usize::from(buffer.0 % COUNT);
        let place = usize::from(self.tail % COUNT);
        // SAFETY: `place` is below COUNT. Entries behind the tail are ours to write, and there
        // are no more buffers than entries.
        unsafe {
            let entry = &mut *self.entries.add(place);
            entry.set_addr(self.bytes.add(at * LEN) as u64);
            entry.set_len(u32::try_from(LEN).unwrap_or(0));
            entry.set_bid(buffer.0 % COUNT);
        }
        self.tail = self.tail.wrapping_add(1);
        // SAFETY: the kernel shares this word with us, as the interface has it: written by us
        // only, read by it with acquire.
        let tail = unsafe { &*BufRingEntry::tail(self.entries).cast::<AtomicU16>() };
        tail.store(self.tail, Ordering::Release);
    }
}

impl Drop for Provided {
    fn drop(&mut self) {
        // SAFETY: allocated with these layouts, and dropped once.
        unsafe {
            dealloc(self.bytes, layout());
            dealloc(self.entries.cast(), entries_layout());
        }
    }
}

fn layout() -> Layout {
    Layout::from_size_align(usize::from(COUNT) * LEN, PAGE).unwrap_or(Layout::new::<u8>())
}

fn entries_layout() -> Layout {
    let size = usize::from(COUNT) * size_of::<BufRingEntry>();
    Layout::from_size_align(size, PAGE).unwrap_or(Layout::new::<u8>())
}

fn allocate(layout: Layout) -> *mut u8 {
    // SAFETY: no layout here is empty.
    let pointer = unsafe { alloc_zeroed(layout) };
    if pointer.is_null() { handle_alloc_error(layout) } else { pointer }
}
