//! Pieces of an answer, as they come, into whole slices, as the cache takes them.

use crate::buffers::{Buffer, Buffers};
use crate::upstream::Came;
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

    /// The slice that is open, and what of it is still to come.
    fn open(&self) -> (u32, Range<u64>) {
        let slice = u32::try_from(self.at / SLICE_BYTES).unwrap_or(u32::MAX);
        (slice, self.at..slice_range(self.size_bytes, slice).end.min(self.end).max(self.at))
    }

    /// Where the next bytes belong, as far as the slice that is open goes; nowhere at the end.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        let (_, missing) = self.open();
        let len = usize::try_from(missing.end - missing.start).unwrap_or(0);
        if len == 0 {
            return &mut [];
        }
        let open = self.open.get_or_insert_with(|| self.buffers.take());
        open.room().get_mut(..len).unwrap_or_default()
    }

    /// Takes of what came what belongs to the slice that is open; gives the slice when it is
    /// whole. What is left belongs to the next; beyond the end nothing is taken.
    pub(crate) fn take(&mut self, came: &mut Came) -> Option<(u32, Buffer)> {
        let (slice, missing) = self.open();
        let room = self.room();
        let count = match came {
            Came::InPlace(count) => std::mem::take(count).min(room.len()),
            Came::Apart(piece) => {
                let now = piece.split_to(room.len().min(piece.len()));
                room[..now.len()].copy_from_slice(&now);
                now.len()
            }
        };
        if count == 0 {
            return None;
        }
        self.open.as_mut()?.grow(count);
        self.at += count as u64;
        let filled = self.open.take_if(|_| self.at == missing.end)?;
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
            pieces in prop::collection::vec((1..400_000_usize, any::<bool>()), 1..40),
        ) {
            let all = contract::slices::slice_count(size_bytes);
            let slices = first.min(all - 1)..(first + count).min(all);
            let slices = slices.start..slices.end.max(slices.start + 1);
            let mut slicer = Slicer::new(size_bytes, &slices, Buffers::default());
            let range = slicer.range();
            let content: Vec<u8> =
                range.map(|at| u8::try_from(at % 251).expect("below 251")).collect();
            let (mut rest, mut found) = (Bytes::from(content), Vec::new());
            for (len, is_in_place) in pieces.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                if *is_in_place {
                    let room = slicer.room();
                    let count = (*len).min(room.len());
                    room[..count].copy_from_slice(&rest.split_to(count));
                    found.extend(slicer.take(&mut Came::InPlace(count)));
                    continue;
                }
                let mut came = Came::Apart(rest.split_to((*len).min(rest.len())));
                while came.len() > 0 {
                    found.extend(slicer.take(&mut came));
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
            let mut more = Came::Apart(Bytes::from_static(b"more"));
            prop_assert!(slicer.take(&mut more).is_none() && more.len() == 4);
            prop_assert!(slicer.room().is_empty());
        }
    }
}
