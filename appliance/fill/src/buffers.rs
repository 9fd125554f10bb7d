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
    fn no_more_are_kept_than_are_of_use() {
        let buffers = Buffers::default();
        let many: Vec<Buffer> = (0..KEPT + 3).map(|_| buffers.take()).collect();
        drop(many);
        assert_eq!(buffers.unused().len(), KEPT);
    }
}
