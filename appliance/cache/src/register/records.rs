//! What a register says: a page of its own, and a record for each object.
//!
//! ```text
//! 0      head      a page, as the header of an object: how many records, how long, CRC-32C of them
//! 4096   records   serial (8 bytes), length of the entry (4), the catalogue entry in JSON, a
//!                  CRC-32C for each block
//! ```

use super::MAX_BYTES;
use crate::crc::crc32c;
use crate::layout::{self, BadFile};
use crate::object::block_count;
use contract::catalogue::CatalogueEntry;
use contract::slices::MAX_OBJECT_BYTES;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const MAGIC: [u8; 8] = *b"HEADENDG";

/// An object that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) entry: Arc<CatalogueEntry>,
    pub(crate) serial: u64,
    /// Of its blocks.
    pub(crate) checksums: Vec<u32>,
}

/// The first page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    folder: u8,
    objects: usize,
    pub(super) body_len: usize,
    body_crc32c: u32,
}

impl Head {
    /// # Errors
    /// [`BadFile::Empty`] for a page that was voided, [`BadFile::Header`] for one that was torn or
    /// damaged.
    pub(super) fn decode(page: &[u8]) -> Result<Self, BadFile> {
        let head: Self = layout::decode_json(MAGIC, page)?;
        if head.body_len > MAX_BYTES { Err(BadFile::Header) } else { Ok(head) }
    }

    pub(super) fn encode(&self) -> Option<Vec<u8>> {
        layout::encode_json(MAGIC, self)
    }

    pub(super) fn is_of(&self, folder: u8) -> bool {
        self.folder == folder
    }

    /// The records; `None` where they are not those that were written.
    pub(super) fn records(&self, body: &[u8]) -> Option<Vec<Record>> {
        if body.len() != self.body_len || crc32c(body) != self.body_crc32c {
            return None;
        }
        let (mut records, mut rest) = (Vec::new(), body);
        while !rest.is_empty() {
            records.push(take_record(&mut rest)?);
        }
        (records.len() == self.objects).then_some(records)
    }
}

/// The records of a register that is being made.
#[derive(Debug, Default)]
pub(super) struct Draft {
    objects: usize,
    body: Vec<u8>,
}

impl Draft {
    /// Adds an object.
    pub(super) fn add(
        &mut self,
        entry: &CatalogueEntry,
        serial: u64,
        checksums: impl Iterator<Item = u32>,
    ) {
        // What does not fit is left out, and read from its file.
        let Ok(json) = serde_json::to_vec(entry) else { return };
        let Ok(len) = u32::try_from(json.len()) else { return };
        self.body.extend_from_slice(&serial.to_le_bytes());
        self.body.extend_from_slice(&len.to_le_bytes());
        self.body.extend_from_slice(&json);
        checksums.for_each(|checksum| self.body.extend_from_slice(&checksum.to_le_bytes()));
        self.objects += 1;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.objects == 0
    }

    /// Its first page, and the rest; `None` where that is too long.
    pub(super) fn finish(self, folder: u8) -> Option<(Vec<u8>, Vec<u8>)> {
        let Self { objects, body } = self;
        let body_crc32c = crc32c(&body);
        let head = Head { folder, objects, body_len: body.len(), body_crc32c };
        let page = head.encode()?;
        (body.len() <= MAX_BYTES).then_some((page, body))
    }
}

fn take_record(rest: &mut &[u8]) -> Option<Record> {
    let serial = u64::from_le_bytes(*rest.split_off(..8)?.first_chunk()?);
    let len = u32::from_le_bytes(*rest.split_off(..4)?.first_chunk()?);
    let json = rest.split_off(..usize::try_from(len).ok()?)?;
    let entry: CatalogueEntry = serde_json::from_slice(json).ok()?;
    if entry.size_bytes > MAX_OBJECT_BYTES {
        return None;
    }
    let blocks = usize::try_from(block_count(entry.size_bytes)).ok()?;
    let (checksums, _) = rest.split_off(..blocks.checked_mul(4)?)?.as_chunks();
    let checksums = checksums.iter().map(|sum| u32::from_le_bytes(*sum)).collect();
    Some(Record { entry: Arc::new(entry), serial, checksums })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::tests::entry;
    use proptest::prelude::*;

    fn record(path: &str, len: usize, serial: u64) -> Record {
        let entry = Arc::new(entry(path, &vec![7; len]));
        let blocks = u32::try_from(block_count(entry.size_bytes)).expect("few");
        Record { entry, serial, checksums: (0..blocks).collect() }
    }

    fn written(records: &[Record]) -> (Vec<u8>, Vec<u8>) {
        let mut draft = Draft::default();
        for record in records {
            draft.add(&record.entry, record.serial, record.checksums.iter().copied());
        }
        draft.finish(7).expect("short")
    }

    #[test]
    fn what_was_written_is_read() {
        let records = [record("/a", 0, 1), record("/b", 300_000, u64::MAX), record("/c", 9, 2)];
        let (page, body) = written(&records);
        let head = Head::decode(&page).expect("a head");
        assert!(head.is_of(7) && !head.is_of(8));
        assert_eq!(head.records(&body), Some(records.to_vec()));
        let none = written(&[]);
        assert_eq!(Head::decode(&none.0).expect("a head").records(&none.1), Some(Vec::new()));
        assert_eq!(Head::decode(&[0; layout::PAGE_LEN]), Err(BadFile::Empty));
    }

    proptest! {
        #[test]
        fn one_flipped_bit_is_noticed(bit in any::<prop::sample::Index>()) {
            let (mut page, mut body) = written(&[record("/a", 300_000, 1), record("/b", 9, 2)]);
            let bit = bit.index((page.len() + body.len()) * 8);
            match (bit / 8).checked_sub(page.len()) {
                None => page[bit / 8] ^= 1 << (bit % 8),
                Some(at) => body[at] ^= 1 << (bit % 8),
            }
            let read = Head::decode(&page).ok().and_then(|head| head.records(&body));
            prop_assert_eq!(read, None);
        }

        #[test]
        fn any_octets_are_survived(
            body in prop::collection::vec(any::<u8>(), 0..500), objects in 0..3_usize,
        ) {
            // As whoever writes to a disk could make them: with a sum that is right.
            let (body_len, body_crc32c) = (body.len(), crc32c(&body));
            let head = Head { folder: 7, objects, body_len, body_crc32c };
            if let Some(records) = head.records(&body) {
                prop_assert_eq!(written(&records).1, body);
            }
        }
    }
}
