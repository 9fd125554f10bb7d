//! How bytes leave: one disk read per block, however many readers ask; a checksum
//! compared before any of them sees a byte.

use crate::block::VerifiedBlock;
use crate::cache::Cache;
use crate::object::Object;
use crate::order::ReadOrder;
use crate::sums::Wait;
use crate::table::SLICE_BLOCKS;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Why a block cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadFailed {
    /// The checksum is wrong. The slice that the block is of will be fetched again.
    #[error("block {block} does not match its checksum")]
    Corrupt {
        /// Which block.
        block: u32,
    },
    /// The disk failed. The slice that the block is of will be fetched again.
    #[error("block {block} cannot be read: {reason}")]
    Io {
        /// Which block.
        block: u32,
        /// As the kernel says it.
        reason: String,
    },
    /// The block has not come yet, and nobody brings it any more. What is there stays.
    #[error("block {block} is not coming")]
    NotComing {
        /// Which block.
        block: u32,
    },
    /// Whoever had to read it went away: at the end of a process, say. The object stays.
    #[error("block {block} was not read: the read was given up")]
    Abandoned {
        /// Which block.
        block: u32,
    },
}

/// A read that has begun, or was under way.
#[derive(Debug)]
pub struct Begun {
    /// The block, when it comes.
    pub read: BlockRead,
    /// What the caller has to submit to its own I/O; `None` when somebody else has.
    pub order: Option<ReadOrder>,
}

/// Where the readers of one block wait.
#[derive(Debug, Default)]
pub(crate) struct Pending(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    outcome: Option<Result<VerifiedBlock, ReadFailed>>,
    wakers: Vec<Waker>,
}

impl Pending {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn settle(&self, outcome: Result<VerifiedBlock, ReadFailed>) {
        let wakers = {
            let mut waiting = self.waiting();
            waiting.outcome = Some(outcome);
            std::mem::take(&mut waiting.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    fn poll(&self, context: &Context<'_>) -> Poll<Result<VerifiedBlock, ReadFailed>> {
        let mut waiting = self.waiting();
        if let Some(outcome) = &waiting.outcome {
            return Poll::Ready(outcome.clone());
        }
        if !waiting.wakers.iter().any(|waker| waker.will_wake(context.waker())) {
            waiting.wakers.push(context.waker().clone());
        }
        Poll::Pending
    }
}

/// The reads under way.
#[derive(Debug, Default)]
pub(crate) struct Reads(Mutex<HashMap<(u64, u32), Arc<Pending>>>);

/// What asking for a block came to.
enum Joined {
    /// It had come meanwhile.
    There(VerifiedBlock),
    /// Somebody reads it.
    UnderWay(Arc<Pending>),
    /// The caller is the first.
    First(Arc<Pending>),
}

impl Reads {
    fn table(&self) -> MutexGuard<'_, HashMap<(u64, u32), Arc<Pending>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn forget(&self, key: (u64, u32)) {
        self.table().remove(&key);
    }

    /// Joins the read of a block, or begins it; waits for one that is still coming.
    pub(crate) fn begin(cache: &Arc<Cache>, object: &Arc<Object>, block: u32) -> Begun {
        if object.body.sums.checksum(block).is_none() {
            let is_received = object.received().is_some();
            let wait = match is_received {
                true => object.body.sums.wait_received(block),
                false => object.body.sums.wait(block),
            };
            if let (true, Wait::For(_)) = (is_received, &wait) {
                cache.bring_slice(object, block / SLICE_BLOCKS);
            }
            let state = match wait {
                Wait::For(pending) => State::Waiting(pending),
                Wait::InVain => State::Failed(ReadFailed::NotComing { block }),
                Wait::Came => return Self::begin(cache, object, block),
            };
            return Begun { read: BlockRead(state), order: None };
        }
        let (state, order) = match cache.reads.join(cache, object, block) {
            Joined::There(block) => (State::Ready(block), None),
            Joined::UnderWay(pending) => (State::Waiting(pending), None),
            Joined::First(pending) => {
                let order = ReadOrder::new(cache, object, block, Arc::clone(&pending));
                (State::Waiting(pending), Some(order))
            }
        };
        Begun { read: BlockRead(state), order }
    }

    /// A block is kept before its read is forgotten, so one of the two is found here: it is
    /// never read twice.
    fn join(&self, cache: &Cache, object: &Arc<Object>, block: u32) -> Joined {
        let key = (object.number, block);
        let mut table = self.table();
        if let Some(pending) = table.get(&key) {
            return Joined::UnderWay(Arc::clone(pending));
        }
        match cache.peek(object, block) {
            Some(block) => Joined::There(block),
            None => Joined::First(Arc::clone(table.entry(key).or_default())),
        }
    }
}

/// A block on its way; a plain future that needs no particular runtime. Dropping it leaves
/// the read running for the others.
#[derive(Debug)]
pub struct BlockRead(State);

#[derive(Debug)]
enum State {
    Ready(VerifiedBlock),
    Failed(ReadFailed),
    Waiting(Arc<Pending>),
}

impl BlockRead {
    pub(crate) fn ready(block: VerifiedBlock) -> Self {
        Self(State::Ready(block))
    }
}

impl Future for BlockRead {
    type Output = Result<VerifiedBlock, ReadFailed>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &self.0 {
            State::Ready(block) => Poll::Ready(Ok(block.clone())),
            State::Failed(failed) => Poll::Ready(Err(failed.clone())),
            State::Waiting(pending) => pending.poll(context),
        }
    }
}
