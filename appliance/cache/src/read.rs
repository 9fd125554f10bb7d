//! How bytes leave: one disk read per block, however many readers ask; a checksum
//! compared before any of them sees a byte.

use crate::cache::Cache;
use crate::layout;
use crate::object::{BLOCK_BYTES, Object};
use bytes::Bytes;
use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Which tier answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// The block stood in RAM.
    Ram,
    /// The block came off a disk for this reader.
    Disk,
}

/// A block whose checksum was compared when it came off the disk. The only thing that can
/// be sent.
#[derive(Debug, Clone)]
pub struct VerifiedBlock {
    bytes: Bytes,
    tier: Tier,
}

impl VerifiedBlock {
    /// The content; cheap to clone and slice.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Which tier it came from.
    #[must_use]
    pub fn tier(&self) -> Tier {
        self.tier
    }
}

/// Why a block cannot be had. The object is withdrawn in both cases and will be refetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadFailed {
    /// The checksum is wrong.
    #[error("block {block} does not match its checksum")]
    Corrupt {
        /// Which block.
        block: u32,
    },
    /// The disk failed.
    #[error("block {block} cannot be read: {reason}")]
    Io {
        /// Which block.
        block: u32,
        /// As the kernel says it.
        reason: String,
    },
}

/// Gets bytes off a disk. The binary supplies it: threads, a ring, or a simulation.
pub trait BlockIo: Send + Sync {
    /// Reads `order.len()` bytes at `order.offset()` of `order.file()` and hands them to
    /// [`ReadOrder::complete`]. Must not block the caller; may complete on any thread.
    fn submit(&self, order: ReadOrder);
}

/// One read to be done. Dropped without completion, it fails its readers.
pub struct ReadOrder {
    cache: Arc<Cache>,
    object: Arc<Object>,
    block: u32,
    pending: Arc<Pending>,
    completed: bool,
}

impl ReadOrder {
    /// The file to read.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.object.file()
    }

    /// Where the block begins.
    #[must_use]
    pub fn offset(&self) -> u64 {
        layout::content_offset(self.object.entry.size_bytes) + u64::from(self.block) * BLOCK_BYTES
    }

    /// How many bytes it has.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.object.block_len(self.block)).unwrap_or(0)
    }

    /// Whether there is nothing to read; never so for an order that a cache made.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The read has ended: compares the checksum and wakes everybody who waits.
    pub fn complete(mut self, read: io::Result<Vec<u8>>) {
        self.finish(read);
    }

    fn finish(&mut self, read: io::Result<Vec<u8>>) {
        self.completed = true;
        let outcome = self.verify(read);
        match &outcome {
            Ok(bytes) => self.cache.keep(&self.object, self.block, bytes),
            Err(failed) => self.cache.lost(&self.object, failed),
        }
        self.cache.reads.forget((self.object.serial, self.block));
        self.pending.settle(outcome);
    }

    fn verify(&self, read: io::Result<Vec<u8>>) -> Result<Bytes, ReadFailed> {
        let block = self.block;
        let io = |reason: String| ReadFailed::Io { block, reason };
        let bytes = read.map_err(|err| io(err.to_string()))?;
        if bytes.len() != self.len() {
            return Err(io(format!("{} of {} bytes came", bytes.len(), self.len())));
        }
        match self.object.checksums.get(block as usize) {
            Some(expected) if *expected == crc32c::crc32c(&bytes) => Ok(bytes.into()),
            _ => Err(ReadFailed::Corrupt { block }),
        }
    }
}

impl Drop for ReadOrder {
    fn drop(&mut self) {
        if !self.completed {
            self.finish(Err(io::Error::other("the read was abandoned")));
        }
    }
}

/// Where the readers of one block wait.
#[derive(Debug, Default)]
struct Pending(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    outcome: Option<Result<Bytes, ReadFailed>>,
    wakers: Vec<Waker>,
}

impl Pending {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settle(&self, outcome: Result<Bytes, ReadFailed>) {
        let wakers = {
            let mut waiting = self.waiting();
            waiting.outcome = Some(outcome);
            std::mem::take(&mut waiting.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// The reads under way.
#[derive(Debug, Default)]
pub(crate) struct Reads(Mutex<HashMap<(u64, u32), Arc<Pending>>>);

impl Reads {
    fn table(&self) -> MutexGuard<'_, HashMap<(u64, u32), Arc<Pending>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self, key: (u64, u32)) {
        self.table().remove(&key);
    }

    /// Joins the read of a block, or begins it.
    pub(crate) fn join(cache: &Arc<Cache>, object: &Arc<Object>, block: u32) -> BlockRead {
        let key = (object.serial, block);
        let (pending, is_first) = {
            let mut table = cache.reads.table();
            match table.get(&key) {
                Some(pending) => (Arc::clone(pending), false),
                None => (Arc::clone(table.entry(key).or_default()), true),
            }
        };
        if is_first {
            cache.io.submit(ReadOrder {
                cache: Arc::clone(cache),
                object: Arc::clone(object),
                block,
                pending: Arc::clone(&pending),
                completed: false,
            });
        }
        BlockRead(State::Waiting(pending))
    }
}

/// A block on its way; a plain future that needs no particular runtime. Dropping it leaves
/// the read running for the others.
#[derive(Debug)]
pub struct BlockRead(State);

#[derive(Debug)]
enum State {
    Ready(Bytes),
    Waiting(Arc<Pending>),
}

impl BlockRead {
    pub(crate) fn ready(bytes: Bytes) -> Self {
        Self(State::Ready(bytes))
    }
}

impl Future for BlockRead {
    type Output = Result<VerifiedBlock, ReadFailed>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &self.0 {
            State::Ready(bytes) => {
                Poll::Ready(Ok(VerifiedBlock { bytes: bytes.clone(), tier: Tier::Ram }))
            }
            State::Waiting(pending) => {
                let mut waiting = pending.waiting();
                match waiting.outcome.clone() {
                    Some(outcome) => {
                        Poll::Ready(outcome.map(|bytes| VerifiedBlock { bytes, tier: Tier::Disk }))
                    }
                    None => {
                        if !waiting.wakers.iter().any(|waker| waker.will_wake(context.waker())) {
                            waiting.wakers.push(context.waker().clone());
                        }
                        Poll::Pending
                    }
                }
            }
        }
    }
}
