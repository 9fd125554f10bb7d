//! A block on its way from a disk to a viewer; each state is a type, and none is skipped:
//!
//! ```text
//! Filling ──check: the CRC-32C matches──▶ Checked ──share──▶ VerifiedBlock
//! one owner writes                        one owner          anybody reads and sends
//! ```

use crate::arena::{HeapBuffer, Lease, Pinned, Resident};
use crate::crc::crc32c;
use std::fmt;
use std::sync::Arc;

/// Which tier answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// The block stood in RAM.
    Ram,
    /// The block came off a disk for this reader.
    Disk,
}

/// Room for a block that is being read.
pub(crate) struct Filling {
    room: Room,
    len: usize,
}

enum Room {
    Leased(Lease),
    OnHeap(HeapBuffer),
}

impl Filling {
    pub(crate) fn leased(lease: Lease, len: usize) -> Self {
        Self { room: Room::Leased(lease), len }
    }

    pub(crate) fn on_heap(buffer: HeapBuffer, len: usize) -> Self {
        Self { room: Room::OnHeap(buffer), len }
    }

    /// With a copy of bytes that came from elsewhere than a disk.
    pub(crate) fn copied(content: &[u8]) -> Self {
        Self::on_heap(HeapBuffer::copy_of(content), content.len())
    }

    /// Whole pages, on a page.
    pub(crate) fn pages_mut(&mut self) -> &mut [u8] {
        match &mut self.room {
            Room::Leased(lease) => lease,
            Room::OnHeap(buffer) => buffer,
        }
    }

    /// In which region of the arena it stands; `None` on the heap.
    pub(crate) fn region(&self) -> Option<u16> {
        match &self.room {
            Room::Leased(lease) => lease.region(),
            Room::OnHeap(_) => None,
        }
    }

    /// Compares the checksum of what was read.
    pub(crate) fn check(self, expected_crc32c: u32) -> Option<Checked> {
        let pages: &[u8] = match &self.room {
            Room::Leased(lease) => lease,
            Room::OnHeap(buffer) => buffer,
        };
        let matches = pages.get(..self.len).map(crc32c) == Some(expected_crc32c);
        matches.then_some(Checked(self))
    }
}

/// The proof that a block is what it was when its object was verified.
pub(crate) struct Checked(Filling);

impl Checked {
    /// Nobody writes to it from here on. What stands in the arena can be found there by
    /// others, and goes into the books.
    pub(crate) fn share(self) -> (VerifiedBlock, Option<Resident>) {
        let Filling { room, len } = self.0;
        let (bytes, resident) = match room {
            Room::Leased(lease) => {
                let (pinned, resident) = lease.settle();
                (Bytes::Pinned(pinned), Some(resident))
            }
            Room::OnHeap(buffer) => (Bytes::OnHeap(Arc::new(buffer), len), None),
        };
        (VerifiedBlock { bytes, tier: Tier::Disk }, resident)
    }
}

#[derive(Clone)]
enum Bytes {
    Pinned(Pinned),
    OnHeap(Arc<HeapBuffer>, usize),
}

/// A block whose checksum was compared when it came off the disk. The only thing that can
/// be sent. While one is alive its bytes stay where they are; a clone is another pin.
#[derive(Clone)]
pub struct VerifiedBlock {
    bytes: Bytes,
    tier: Tier,
}

impl VerifiedBlock {
    pub(crate) fn from_ram(pinned: Pinned) -> Self {
        Self { bytes: Bytes::Pinned(pinned), tier: Tier::Ram }
    }

    /// The content.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Pinned(pinned) => pinned,
            Bytes::OnHeap(buffer, len) => buffer.get(..*len).unwrap_or_default(),
        }
    }

    /// Which tier it came from.
    #[must_use]
    pub fn tier(&self) -> Tier {
        self.tier
    }

    /// In which of [`Cache::regions`](crate::Cache::regions) it stands; `None` when it
    /// stands in none.
    #[must_use]
    pub fn region(&self) -> Option<u16> {
        match &self.bytes {
            Bytes::Pinned(pinned) => pinned.region(),
            Bytes::OnHeap(..) => None,
        }
    }
}

impl AsRef<[u8]> for VerifiedBlock {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

impl fmt::Debug for VerifiedBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tier, bytes) = (self.tier, self.bytes().len());
        f.debug_struct("VerifiedBlock").field("tier", &tier).field("bytes", &bytes).finish()
    }
}
