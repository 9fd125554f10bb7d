//! A run of an object's bytes, to be pulled block by block.

use cache::BLOCK_BYTES;
use std::ops::Range;

/// Bytes of an object, `start` up to and not including `end`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span<H> {
    /// The object, as the index hands it out.
    pub object: H,
    /// First byte.
    pub start: u64,
    /// Behind the last byte.
    pub end: u64,
}

/// What one block contributes to a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Which block of the object.
    pub block: u32,
    /// Which of its bytes.
    pub within: Range<usize>,
}

impl<H> Span<H> {
    /// How many bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.end - self.start
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Takes the next piece off the front; `None` when all were taken.
    pub fn next_piece(&mut self) -> Option<Piece> {
        if self.is_empty() {
            return None;
        }
        let block = self.start / BLOCK_BYTES;
        let block_start = block * BLOCK_BYTES;
        let end = self.end.min(block_start + BLOCK_BYTES);
        let within = usize::try_from(self.start - block_start).ok()?
            ..usize::try_from(end - block_start).ok()?;
        self.start = end;
        // An object of 2^32 blocks is a petabyte.
        Some(Piece { block: u32::try_from(block).ok()?, within })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_join_to_the_span(start in 0..10 * BLOCK_BYTES, length in 0..4 * BLOCK_BYTES) {
            let mut span = Span { object: (), start, end: start + length };
            let mut at = start;
            while let Some(piece) = span.next_piece() {
                let from = u64::from(piece.block) * BLOCK_BYTES;
                prop_assert_eq!(from + piece.within.start as u64, at);
                prop_assert!(!piece.within.is_empty() && piece.within.end as u64 <= BLOCK_BYTES);
                at = from + piece.within.end as u64;
            }
            prop_assert_eq!(at, start + length);
        }
    }
}
