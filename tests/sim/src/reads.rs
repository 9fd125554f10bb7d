//! Reading: disks that answer after a while, and readers who compare each byte.

use crate::appliance::Running;
use crate::content;
use crate::disk::Mounts;
use crate::findings::Findings;
use bytes::Bytes;
use cache::storage::Storage;
use cache::{BLOCK_BYTES, BlockIo, Object, ReadFailed, ReadOrder, VerifiedBlock};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// Reads blocks from simulated disks.
#[derive(Debug)]
pub struct SimIo {
    mounts: Mounts,
}

impl SimIo {
    /// For the process that sees these disks.
    #[must_use]
    pub fn new(mounts: Mounts) -> Self {
        Self { mounts }
    }
}

impl BlockIo for SimIo {
    fn submit(&self, mut order: ReadOrder) {
        let mounts = self.mounts.clone();
        drop(tokio::spawn(async move {
            let slow_us = mounts.disk_of(order.file()).map_or(0, |disk| disk.slow_us());
            tokio::time::sleep(Duration::from_micros(100 + slow_us)).await;
            let read = mounts.open(order.file()).and_then(|file| order.read_from(&*file));
            // A process that has ended reads nothing, and learns of no error.
            if mounts.is_powered() {
                order.complete(read);
            }
        }));
    }
}

/// Reads a block as a viewer or a sibling does, and compares it with what it must be.
///
/// # Errors
/// As the cache says it.
pub async fn read_block(
    running: &Running,
    object: &Arc<Object>,
    block: u32,
    findings: &Findings,
) -> Result<VerifiedBlock, ReadFailed> {
    let read = running.cache.read(object, block).await?;
    findings.count(|counts| counts.blocks_read += 1);
    let start = usize::try_from(u64::from(block) * BLOCK_BYTES).unwrap_or(usize::MAX);
    let truth = content::by_hash(&object.entry.blake3).map(|content| &content.bytes);
    let truth = truth.and_then(|bytes| bytes.get(start..start + read.bytes().len()));
    if truth != Some(read.bytes()) || read.bytes().len() as u64 != object.block_len(block) {
        let path = &object.entry.path;
        findings.violation(format_args!("wrong bytes of {path}, block {block}, were handed out"));
    }
    Ok(read)
}

/// Reads all of an object; a failure has been told of by the cache, or is one of the reader.
pub async fn read_all(running: &Running, object: &Arc<Object>, findings: &Findings) {
    let blocks = object.entry.size_bytes.div_ceil(BLOCK_BYTES);
    for block in 0..u32::try_from(blocks).unwrap_or(u32::MAX) {
        if let Err(failed) = read_block(running, object, block, findings).await {
            let (path, is_off) = (&object.entry.path, running.power.is_off());
            findings.note(format_args!("{path} cannot be read: {failed}"));
            let is_seen = matches!(
                running.cache.lookup(&object.entry.common.group, path),
                // Of a disk that was ejected and readmitted meanwhile it is another.
                cache::Lookup::Held(held) if held.number() == object.number()
            );
            if is_seen && !is_off {
                findings.violation(format_args!("{path} cannot be read and is held still"));
            }
            return;
        }
    }
}

/// A part of what an origin has, without a copy of it; `None` where that ends before.
#[must_use]
pub fn part(bytes: &Bytes, range: Range<u64>) -> Option<Bytes> {
    let [start, end] = [range.start, range.end].map(|at| usize::try_from(at).unwrap_or(usize::MAX));
    (start <= end && end <= bytes.len()).then(|| bytes.slice(start..end))
}

/// A part of an object, out of the block in which it begins, which is pinned until it has been
/// sent.
#[must_use]
pub fn part_of_block(block: VerifiedBlock, range: Range<u64>) -> Option<Bytes> {
    let begin = range.start - range.start % BLOCK_BYTES;
    part(&Bytes::from_owner(block), range.start - begin..range.end - begin)
}
