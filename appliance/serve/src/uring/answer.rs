//! An answer on its way: a head, then bytes of an object, block by block, cut into records.

use crate::account::{Account, Asked};
use crate::http::cmcd::Cmcd;
use crate::http::h1_head::Connection as AfterHead;
use cache::{BLOCK_BYTES, BlockRead, Object, ReadFailed, VerifiedBlock};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::pacer::Wish;
use records::frame::MAX_PLAIN_LEN;

/// What the log will say of the request, when the answer has gone. Its memory is used again.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// Something is to be said.
    is_wanted: bool,
    method: String,
    path: String,
    has_user_agent: bool,
    user_agent: String,
    cmcd: Option<Cmcd>,
}

impl Noted {
    /// Takes down what was asked, if it is to be logged.
    pub(super) fn take_down(&mut self, asked: Option<&Asked<'_>>) {
        self.is_wanted = asked.is_some();
        let Some(asked) = asked else { return };
        let write = |text: &str, into: &mut String| {
            into.clear();
            into.push_str(text);
        };
        write(asked.method, &mut self.method);
        write(asked.path, &mut self.path);
        self.has_user_agent = asked.user_agent.is_some();
        write(asked.user_agent.unwrap_or_default(), &mut self.user_agent);
        self.cmcd = asked.cmcd;
    }

    /// As it was taken down.
    pub(super) fn asked(&self) -> Option<Asked<'_>> {
        self.is_wanted.then(|| Asked {
            method: &self.method,
            path: &self.path,
            user_agent: self.has_user_agent.then_some(&self.user_agent),
            cmcd: self.cmcd,
        })
    }
}

/// The bytes of an object that an answer carries.
pub(super) struct Content {
    pub(super) object: Arc<Object>,
    pub(super) start: u64,
    pub(super) end: u64,
}

/// An answer.
pub(super) struct Sending {
    /// Status line and fields, and the words of a refusal.
    pub(super) head: Vec<u8>,
    /// How many bytes of `head` are words, and so body.
    pub(super) words: u64,
    pub(super) content: Option<Content>,
    /// Bytes of head and content that were sealed.
    pub(super) at: u64,
    /// Of these the kernel has taken.
    pub(super) taken: u64,
    pub(super) block: Option<(u32, VerifiedBlock)>,
    pub(super) coming: Option<(u32, BlockRead)>,
    pub(super) account: Account,
    pub(super) group: Option<usize>,
    pub(super) noted: Noted,
    pub(super) after: AfterHead,
    pub(super) pace: Wish,
    /// Why it cannot go on.
    pub(super) broken: Option<ReadFailed>,
}

/// What comes next in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// So many bytes of the head, then so many of the block at hand from `from`.
    Bytes { head: usize, from: usize, len: usize },
    /// A block that is on its way.
    Wait,
    /// Nothing.
    End,
    /// A block that cannot be had.
    Broken(ReadFailed),
}

impl Sending {
    pub(super) fn content_len(&self) -> u64 {
        self.content.as_ref().map_or(0, |content| content.end - content.start)
    }

    pub(super) fn total(&self) -> u64 {
        self.head.len() as u64 + self.content_len()
    }

    /// Whether the kernel has taken all of it.
    pub(super) fn is_taken(&self) -> bool {
        self.taken == self.total()
    }

    /// How much of the body the kernel has taken.
    pub(super) fn body_taken(&self) -> u64 {
        self.taken.saturating_sub(self.head.len() as u64 - self.words)
    }

    /// The next record's content. `read` begins to read a block, `waker` is woken when a
    /// block comes that had to be waited for.
    pub(super) fn next(
        &mut self,
        read: impl Fn(&Arc<Object>, u32) -> BlockRead,
        waker: impl Fn() -> Waker,
    ) -> Piece {
        let head_len = self.head.len() as u64;
        let head = usize::try_from(head_len.saturating_sub(self.at)).unwrap_or(usize::MAX);
        if head > MAX_PLAIN_LEN {
            return Piece::Bytes { head: MAX_PLAIN_LEN, from: 0, len: 0 };
        }
        let Some(content) = &self.content else {
            return if head > 0 { Piece::Bytes { head, from: 0, len: 0 } } else { Piece::End };
        };
        let at = content.start + self.at.saturating_sub(head_len);
        if at >= content.end {
            return if head > 0 { Piece::Bytes { head, from: 0, len: 0 } } else { Piece::End };
        }
        let (start, end) = (at, content.end);
        match self.block_at(start, read, waker) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(failed)) => return Piece::Broken(failed),
            Poll::Pending => return Piece::Wait,
        }
        let (from, len) = cut(start, end, MAX_PLAIN_LEN - head);
        Piece::Bytes { head, from, len }
    }

    /// Sees to it that the block with byte `at` is at hand.
    fn block_at(
        &mut self,
        at: u64,
        read: impl Fn(&Arc<Object>, u32) -> BlockRead,
        waker: impl Fn() -> Waker,
    ) -> Poll<Result<(), ReadFailed>> {
        let Ok(wanted) = u32::try_from(at / BLOCK_BYTES) else {
            return Poll::Ready(Err(too_far()));
        };
        if self.block.as_ref().is_some_and(|(block, _)| *block == wanted) {
            return Poll::Ready(Ok(()));
        }
        self.block = None;
        let Some(content) = &self.content else { return Poll::Ready(Err(too_far())) };
        let mut coming = match self.coming.take() {
            Some((block, coming)) if block == wanted => coming,
            _ => read(&content.object, wanted),
        };
        match poll(&mut coming, &waker) {
            Poll::Ready(Ok(block))
                if block.bytes().len() as u64 == content.object.block_len(wanted) =>
            {
                self.account.piece_from(block.tier());
                self.block = Some((wanted, block));
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Ok(_)) => Poll::Ready(Err(too_far())),
            Poll::Ready(Err(failed)) => Poll::Ready(Err(failed)),
            Poll::Pending => {
                self.coming = Some((wanted, coming));
                Poll::Pending
            }
        }
    }
}

fn too_far() -> ReadFailed {
    ReadFailed::Io { block: 0, reason: "the block is not as the catalogue says".to_owned() }
}

/// Asks a read twice at most: without a waker, which costs nothing, then with one.
pub(super) fn poll(
    read: &mut BlockRead,
    waker: impl Fn() -> Waker,
) -> Poll<Result<VerifiedBlock, ReadFailed>> {
    let mut read = Pin::new(read);
    match read.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Pending => read.poll(&mut Context::from_waker(&waker())),
        ready => ready,
    }
}

/// Which bytes of its block the next record takes: `start` to `end` of the object are
/// wanted, and the record has room. Records begin at multiples of their length within a
/// block, so that none crosses its end; only the first, which shares with a head, is short.
fn cut(start: u64, end: u64, room: usize) -> (usize, usize) {
    let within = usize::try_from(start % BLOCK_BYTES).unwrap_or(0);
    let block_left = usize::try_from(BLOCK_BYTES).unwrap_or(0) - within;
    let wanted = usize::try_from(end - start).unwrap_or(usize::MAX).min(block_left);
    let aligned = wanted.min(MAX_PLAIN_LEN - within % MAX_PLAIN_LEN);
    let len = if aligned <= room { aligned } else { aligned / 2 };
    (within, len.min(room))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn cuts_join_to_the_whole(start in 0..3 * BLOCK_BYTES, len in 1..3 * BLOCK_BYTES, head in 1usize..2000) {
            let end = start + len;
            let (mut at, mut room, mut records) = (start, MAX_PLAIN_LEN - head, 0u64);
            while at < end {
                let (from, len) = cut(at, end, room);
                prop_assert_eq!(from as u64, at % BLOCK_BYTES);
                prop_assert!(len > 0 && len <= room);
                prop_assert!((from + len) as u64 <= BLOCK_BYTES);
                at += len as u64;
                room = MAX_PLAIN_LEN;
                records += 1;
            }
            prop_assert_eq!(at, end);
            prop_assert!(records <= len.div_ceil(MAX_PLAIN_LEN as u64) + 2);
        }
    }
}
