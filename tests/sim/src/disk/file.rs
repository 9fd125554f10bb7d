//! The content of a file, what of it has reached the disk, and what a power cut leaves.

use rand::Rng;
use rand::rngs::StdRng;
use std::collections::BTreeMap;

const PAGE: usize = 4096;
const SECTOR: usize = 512;

/// Pages as they were; `None`: zeros.
type Before = BTreeMap<usize, Option<Box<[u8; PAGE]>>>;

/// A file as programs see it, and what it was when it was last synchronised.
#[derive(Debug, Default)]
pub(super) struct Content {
    bytes: Vec<u8>,
    /// Pages written since, as they were before.
    undo: Before,
    /// The same of pages that a failed synchronisation has dropped: the kernel believes them
    /// clean, and no later one writes them.
    dropped: Before,
    /// Whether a page was ever written.
    written: Vec<bool>,
    is_length_durable: bool,
}

impl Content {
    pub(super) fn zeros(len: usize) -> Self {
        let written = vec![false; len.div_ceil(PAGE)];
        Self { bytes: vec![0; len], written, ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn read(&self, at: usize, len: usize) -> &[u8] {
        let end = (at + len).min(self.bytes.len());
        self.bytes.get(at..end).unwrap_or_default()
    }

    /// Writes what fits.
    pub(super) fn write(&mut self, at: usize, bytes: &[u8]) {
        let end = (at + bytes.len()).min(self.bytes.len());
        if at >= end {
            return;
        }
        for page in at / PAGE..end.div_ceil(PAGE) {
            if !self.undo.contains_key(&page) {
                let dropped = self.dropped.remove(&page);
                let before = || self.written[page].then(|| self.page(page));
                self.undo.insert(page, dropped.unwrap_or_else(before));
            }
            self.written[page] = true;
        }
        self.bytes[at..end].copy_from_slice(&bytes[..end - at]);
    }

    fn page(&self, page: usize) -> Box<[u8; PAGE]> {
        let mut copy = Box::new([0; PAGE]);
        let bytes = self.read(page * PAGE, PAGE);
        copy[..bytes.len()].copy_from_slice(bytes);
        copy
    }

    pub(super) fn sync(&mut self) {
        self.undo.clear();
        self.is_length_durable = true;
    }

    /// The same of the pages that lie in this part as a whole.
    pub(super) fn sync_part(&mut self, at: usize, len: usize) {
        for page in at.div_ceil(PAGE)..(at + len) / PAGE {
            self.undo.remove(&page);
        }
    }

    /// A synchronisation that fails, and forgets what it had to do.
    pub(super) fn fail_sync(&mut self) {
        for (page, before) in std::mem::take(&mut self.undo) {
            self.dropped.entry(page).or_insert(before);
        }
    }

    pub(super) fn has_dropped(&self) -> bool {
        !self.dropped.is_empty()
    }

    /// Flips a bit under everybody, on the disk and in its cache.
    pub(super) fn flip(&mut self, bit: usize) {
        if let Some(byte) = self.bytes.get_mut(bit / 8) {
            *byte ^= 1 << (bit % 8);
            self.written[bit / 8 / PAGE] = true;
        }
    }

    /// Of each sector that was not synchronised, the disk has the old or the new content; it
    /// wrote them in an order of its own.
    pub(super) fn cut_power(&mut self, random: &mut StdRng) {
        if !std::mem::replace(&mut self.is_length_durable, true) && random.random_bool(0.2) {
            let len = random.random_range(0..=self.bytes.len());
            self.bytes.truncate(len);
            self.written.truncate(len.div_ceil(PAGE));
        }
        // Often a disk has written nearly all, or next to nothing.
        let kept = [0.0, 0.02, 0.5, 0.98, 1.0][random.random_range(0..5)];
        let dropped = std::mem::take(&mut self.dropped);
        for (page, before) in dropped.into_iter().chain(std::mem::take(&mut self.undo)) {
            for sector in 0..PAGE / SECTOR {
                if random.random_bool(kept) {
                    continue;
                }
                let start = page * PAGE + sector * SECTOR;
                let end = (start + SECTOR).min(self.bytes.len());
                let Some(now) = self.bytes.get_mut(start.min(end)..end) else { continue };
                match &before {
                    Some(page) => now.copy_from_slice(&page[sector * SECTOR..][..now.len()]),
                    None => now.fill(0),
                }
            }
        }
    }
}
