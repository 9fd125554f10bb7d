//! Where records are sealed to be sent: one area for all connections of a thread, small
//! enough to stay in the second-level cache, and empty again each time the kernel has been
//! entered, because it is told to take what it can at once.

use std::ops::Range;

/// The area.
pub(super) struct Scratch {
    bytes: Box<[u8]>,
    used: usize,
}

impl Scratch {
    pub(super) fn new(len: usize) -> Self {
        Self { bytes: vec![0; len].into_boxed_slice(), used: 0 }
    }

    /// Everything in it has been sent, or is to be sealed again.
    pub(super) fn clear(&mut self) {
        self.used = 0;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// What is still free.
    pub(super) fn room(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.used..).unwrap_or_default()
    }

    /// Takes the next `len` bytes, which were written in [`Scratch::room`].
    pub(super) fn take(&mut self, len: usize) -> Range<usize> {
        let start = self.used;
        self.used = (start + len).min(self.bytes.len());
        start..self.used
    }

    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.bytes.get(range).unwrap_or_default()
    }
}
