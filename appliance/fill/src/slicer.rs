//! Pieces of an answer, as they come, into whole slices, as the cache takes them.

use crate::buffers::{Buffer, Buffers};
use contract::slices::{SLICE_BYTES, slice_range};
use std::ops::Range;

/// Gathers the bytes of a part of an object that begins where a slice does.
#[derive(Debug)]
pub(crate) struct Slicer {
    size_bytes: u64,
    /// Where the next byte belongs.
    at: u64,
    end: u64,
    buffers: Buffers,
    open: Option<Buffer>,
}

impl Slicer {
    /// For these slices of an object.
    pub(crate) fn new(size_bytes: u64, slices: &Range<u32>, buffers: Buffers) -> Self {
        let at = slice_range(size_bytes, slices.start).start;
        let end = slice_range(size_bytes, slices.end).start;
        Self { size_bytes, at, end, buffers, open: None }
    }

    /// The part of the object that these slices are, as far as it is still to come.
    pub(crate) fn range(&self) -> Range<u64> {
        self.at..self.end
    }

    /// Takes of a piece what belongs to the slice that is open; gives the slice when it is
    /// whole. What is left of the piece belongs to the next; beyond the end nothing is taken.
    pub(crate) fn take(&mut self, piece: &mut bytes::Bytes) -> Option<(u32, Buffer)> {
        let slice = u32::try_from(self.at / SLICE_BYTES).ok()?;
        let whole = slice_range(self.size_bytes, slice);
        let room = usize::try_from(whole.end.min(self.end) - self.at).ok()?;
        let now = piece.split_to(room.min(piece.len()));
        if now.is_empty() {
            return None;
        }
        self.open.get_or_insert_with(|| self.buffers.take()).append(&now);
        self.at += now.len() as u64;
        let filled = self.open.take_if(|_| self.at == whole.end)?;
        Some((slice, filled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn slices_come_out_whole_whatever_the_pieces(
            size_bytes in 1..5 * SLICE_BYTES,
            first in 0..5_u32,
            count in 1..5_u32,
            pieces in prop::collection::vec(1..400_000_usize, 1..40),
        ) {
            let all = contract::slices::slice_count(size_bytes);
            let slices = first.min(all - 1)..(first + count).min(all);
            let slices = slices.start..slices.end.max(slices.start + 1);
            let mut slicer = Slicer::new(size_bytes, &slices, Buffers::default());
            let range = slicer.range();
            let content: Vec<u8> =
                range.map(|at| u8::try_from(at % 251).expect("below 251")).collect();
            let (mut rest, mut found) = (Bytes::from(content), Vec::new());
            for len in pieces.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let mut piece = rest.split_to((*len).min(rest.len()));
                while !piece.is_empty() {
                    found.extend(slicer.take(&mut piece));
                }
            }
            prop_assert!(slicer.range().is_empty());
            let numbers: Vec<u32> = found.iter().map(|(slice, _)| *slice).collect();
            prop_assert_eq!(numbers, slices.collect::<Vec<_>>());
            for (slice, bytes) in found {
                let range = slice_range(size_bytes, slice);
                let expected = range.map(|at| u8::try_from(at % 251).expect("below"));
                prop_assert!(expected.eq(bytes.iter().copied()));
            }
            let mut more = Bytes::from_static(b"more");
            prop_assert!(slicer.take(&mut more).is_none() && more.len() == 4);
        }
    }
}
