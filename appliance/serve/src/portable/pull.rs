//! Pulls the blocks of a body, one ahead of the connection: while a block is being sent,
//! the next is being read.

use crate::http::span::Span;
use bytes::Bytes;
use cache::{BlockRead, Cache, Object, ReadFailed, Tier};
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// What is left of a body.
#[derive(Debug)]
pub(super) struct Pull {
    cache: Arc<Cache>,
    span: Span<Arc<Object>>,
}

impl Pull {
    pub(super) fn new(cache: Arc<Cache>, span: Span<Arc<Object>>) -> Self {
        Self { cache, span }
    }

    /// How many bytes no read was begun for.
    pub(super) fn left(&self) -> u64 {
        self.span.len()
    }

    /// Begins to read the next piece; `None` when there is none.
    pub(super) fn begin(&mut self) -> Option<PieceRead> {
        let piece = self.span.next_piece()?;
        let read = self.cache.read(&self.span.object, piece.block);
        Some(PieceRead { read, block: piece.block, within: piece.within })
    }
}

/// A piece on its way.
#[derive(Debug)]
pub(super) struct PieceRead {
    read: BlockRead,
    block: u32,
    within: Range<usize>,
}

impl Future for PieceRead {
    type Output = Result<(Bytes, Tier), ReadFailed>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Poll::Ready(read) = Pin::new(&mut self.read).poll(context) else {
            return Poll::Pending;
        };
        Poll::Ready(read.and_then(|block| {
            if self.within.end > block.bytes().len() {
                let reason = "the block is shorter than the catalogue says".to_owned();
                return Err(ReadFailed::Io { block: self.block, reason });
            }
            let tier = block.tier();
            // The block stays pinned until the last of these bytes has been sent.
            Ok((Bytes::from_owner(block).slice(self.within.clone()), tier))
        }))
    }
}

/// Waits for a piece, if one was begun.
pub(super) async fn finish(read: Option<PieceRead>) -> Option<Result<(Bytes, Tier), ReadFailed>> {
    match read {
        Some(read) => Some(read.await),
        None => None,
    }
}
