//! Room for slices on their way in, used again: a fresh megabyte is 256 pages that the kernel
//! has to clear.

use cache::SliceBuffer;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// As many as a few transfers need: one arrives, one is written.
const KEPT: usize = 16;

/// Those that nobody uses. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Buffers(Arc<Mutex<Vec<SliceBuffer>>>);

/// One that is in use; it goes back when dropped.
#[derive(Debug)]
pub(crate) struct Buffer {
    room: SliceBuffer,
    home: Buffers,
}

impl Buffers {
    fn unused(&self) -> MutexGuard<'_, Vec<SliceBuffer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An empty one.
    pub(crate) fn take(&self) -> Buffer {
        let mut unused = self.unused();
        let room = unused.pop().unwrap_or_else(|| {
            let [one, other] = SliceBuffer::pair();
            unused.push(other);
            one
        });
        Buffer { room, home: self.clone() }
    }
}

impl Deref for Buffer {
    type Target = SliceBuffer;
    fn deref(&self) -> &SliceBuffer {
        &self.room
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut SliceBuffer {
        &mut self.room
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut unused = self.home.unused();
        if unused.len() < KEPT {
            self.room.clear();
            unused.push(std::mem::take(&mut self.room));
        }
    }
}

/// Room for bytes whose number is known.
#[derive(Debug)]
pub(crate) enum Room {
    /// As a disk takes it without a copy.
    Paged(Buffer),
    /// For what is too short for that: a playlist does not take a megabyte.
    Heap(Vec<u8>),
}

/// Shorter writes go through the page cache anyway.
const LEAST_PAGED: usize = 64 << 10;

impl Room {
    /// For so many bytes, a slice at the most.
    pub(crate) fn of(bytes: usize, buffers: &Buffers) -> Self {
        if bytes < LEAST_PAGED { Self::on_heap(bytes) } else { Self::Paged(buffers.take()) }
    }

    /// For so many bytes that no disk takes from there.
    pub(crate) fn on_heap(bytes: usize) -> Self {
        Self::Heap(Vec::with_capacity(bytes))
    }

    /// Takes bytes for which there is room.
    pub(crate) fn append(&mut self, bytes: &[u8]) {
        match self {
            Self::Paged(buffer) => {
                let taken = buffer.append(bytes);
                debug_assert_eq!(taken, bytes.len(), "no more than a slice");
            }
            Self::Heap(all) => all.extend_from_slice(bytes),
        }
    }
}

impl AsRef<[u8]> for Room {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Paged(buffer) => buffer,
            Self::Heap(all) => all,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_was_used_comes_back_empty() {
        let buffers = Buffers::default();
        let mut first = buffers.take();
        let room = first.as_ptr();
        assert_eq!(first.append(b"slice"), 5);
        let second = buffers.take();
        assert_ne!(second.as_ptr(), room);
        drop(first);
        let again = buffers.take();
        assert!(again.is_empty() && again.as_ptr() == room);
    }

    #[test]
    fn only_what_goes_around_the_page_cache_takes_a_whole_buffer() {
        let buffers = Buffers::default();
        let mut long = Room::of(LEAST_PAGED, &buffers);
        let mut short = Room::of(LEAST_PAGED - 1, &buffers);
        assert!(matches!((&long, &short), (Room::Paged(_), Room::Heap(_))));
        for room in [&mut long, &mut short] {
            room.append(b"sl");
            room.append(b"ice");
            assert_eq!(room.as_ref(), b"slice");
        }
    }

    #[test]
    fn no_more_are_kept_than_are_of_use() {
        let buffers = Buffers::default();
        let many: Vec<Buffer> = (0..KEPT + 3).map(|_| buffers.take()).collect();
        drop(many);
        assert_eq!(buffers.unused().len(), KEPT);
    }
}
