//! What the kernel is given at once, for one connection.

use super::areas::Areas;
use cache::VerifiedBlock;
use std::ops::Range;

/// See above.
pub(super) struct Batch {
    pub(super) from: Source,
    pub(super) made: Made,
}

/// Where its bytes stand until the kernel has answered.
pub(super) enum Source {
    /// In the scratch area.
    Scratch(Range<usize>),
    /// In a block, which stays where it is for as long.
    Block(VerifiedBlock, Range<usize>),
}

/// What its bytes are.
pub(super) enum Made {
    /// Records of ours.
    Records {
        /// The front of it: bytes of the connection's `unsent`.
        unsent: usize,
        /// Which cuts of the output.
        cuts: Range<usize>,
    },
    /// Content, which the kernel seals.
    Plain,
}

/// A record in a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    pub(super) sealed: usize,
    pub(super) plain: usize,
}

impl Batch {
    pub(super) fn empty() -> Self {
        Self { from: Source::Scratch(0..0), made: Made::Plain }
    }

    pub(super) fn len(&self) -> usize {
        match &self.from {
            Source::Scratch(range) | Source::Block(_, range) => range.len(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn bytes<'a>(&'a self, areas: &'a Areas) -> &'a [u8] {
        match &self.from {
            Source::Scratch(range) => areas.bytes(range.clone()),
            Source::Block(block, range) => block.bytes().get(range.clone()).unwrap_or_default(),
        }
    }
}
