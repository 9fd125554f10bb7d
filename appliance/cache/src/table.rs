//! The table of slices in an object's file: what is there, and what it must look like.
//!
//! Lines of 64 bytes, so that none crosses a sector and a torn write spoils no other: first the
//! seal, then a line for each slice. [`layout`](crate::layout) draws where they stand.

use crate::crc::{crc32c, crc32c_of};
use crate::layout::{PAGE_LEN, TABLE_OFFSET};
use contract::object::{Digest, ObjectId};
use contract::slices::SLICE_BYTES;

/// Blocks of a slice.
pub(crate) const SLICE_BLOCKS: u32 = 4;

const _: () = assert!(SLICE_BYTES == crate::BLOCK_BYTES * SLICE_BLOCKS as u64);

/// Bytes of a line.
pub(crate) const LINE: usize = 64;
const CRC_AT: usize = LINE - 4;
const CHECKSUMS_AT: usize = 32;
const STATE_AT: usize = 48;
const SEAL: &[u8; 8] = b"SEALED_1";

/// The bytes of a table without its padding.
pub(crate) fn bytes_for(slices: u32) -> u64 {
    (u64::from(slices) + 1) * LINE as u64
}

/// How sure it is that a slice is what the catalogue means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// It arrived, and only the whole object can tell.
    Received,
    /// Its value was compared with a list that leads to the hash in the catalogue.
    Hashed,
}

/// What the table says of a slice that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) value: Digest,
    /// Of its blocks; 0 for those that a last slice does not have.
    pub(crate) checksums: [u32; SLICE_BLOCKS as usize],
    pub(crate) proof: Proof,
}

impl Line {
    /// What the table will say of these bytes.
    pub(crate) fn of(value: Digest, bytes: &[u8], proof: Proof) -> Self {
        let mut checksums = [0; SLICE_BLOCKS as usize];
        let block_len = usize::try_from(crate::BLOCK_BYTES).unwrap_or(usize::MAX);
        for (checksum, block) in checksums.iter_mut().zip(bytes.chunks(block_len)) {
            *checksum = crc32c(block);
        }
        Self { value, checksums, proof }
    }

    /// Whether these bytes are those it speaks of, as far as checksums can tell.
    pub(crate) fn matches(&self, bytes: &[u8]) -> bool {
        Self::of(self.value, bytes, self.proof) == *self
    }

    /// As it stands in the file of this object.
    pub(crate) fn encode(&self, id: &ObjectId, slice: u32) -> [u8; LINE] {
        let mut line = [0; LINE];
        line[..CHECKSUMS_AT].copy_from_slice(&self.value.0);
        for (at, checksum) in self.checksums.iter().enumerate() {
            line[CHECKSUMS_AT + 4 * at..][..4].copy_from_slice(&checksum.to_le_bytes());
        }
        line[STATE_AT] = match self.proof {
            Proof::Received => 1,
            Proof::Hashed => 2,
        };
        let crc = crc_of(id, slice, &line);
        line[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        line
    }

    /// `None` for a slice that is not there: zeros, or a line that was torn.
    fn decode(line: &[u8; LINE], id: &ObjectId, slice: u32) -> Option<Self> {
        let proof = match line[STATE_AT] {
            1 => Proof::Received,
            2 => Proof::Hashed,
            _ => return None,
        };
        if crc_of(id, slice, line) != word(line, CRC_AT) {
            return None;
        }
        let value = Digest(*line.first_chunk()?);
        let checksums = std::array::from_fn(|at| word(line, CHECKSUMS_AT + 4 * at));
        Some(Self { value, checksums, proof })
    }
}

/// A line belongs to one slice of one object: what an older file left on the same sectors, or a
/// write that went astray, is no line here.
fn crc_of(id: &ObjectId, slice: u32, line: &[u8; LINE]) -> u32 {
    crc32c_of([&id.0.0[..], &slice.to_le_bytes(), &line[..CRC_AT]])
}

fn word(line: &[u8; LINE], at: usize) -> u32 {
    line.get(at..at + 4).and_then(|word| word.try_into().ok()).map_or(0, u32::from_le_bytes)
}

/// Where the line of a slice stands in the file.
pub(crate) fn line_at(slice: u32) -> u64 {
    TABLE_OFFSET + (u64::from(slice) + 1) * LINE as u64
}

/// The seal of an object with these slices.
pub(crate) fn seal(id: &ObjectId, lines: &[Line]) -> [u8; LINE] {
    let below = crc32c_of((0_u32..).zip(lines).map(|(slice, line)| line.encode(id, slice)));
    sealed(id, below)
}

fn sealed(id: &ObjectId, below: u32) -> [u8; LINE] {
    let mut line = [0; LINE];
    line[..8].copy_from_slice(SEAL);
    line[8..12].copy_from_slice(&below.to_le_bytes());
    let crc = crc_of(id, u32::MAX, &line);
    line[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
    line
}

/// A table as it was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Table {
    /// For each slice what is known of it; `None` where it is not there.
    pub(crate) lines: Vec<Option<Line>>,
    pub(crate) seal: Seal,
}

/// Whether an object was whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seal {
    /// It never was, or does not know it.
    None,
    /// All of it was verified and had reached the disk.
    Holds,
    /// It was, and the table has been damaged since.
    Broken,
}

impl Table {
    /// Reads the table of an object with so many slices; `None` when it is too short.
    pub(crate) fn decode(bytes: &[u8], id: &ObjectId, slices: u32) -> Option<Self> {
        let (lines, _) = bytes.as_chunks::<LINE>();
        let (first, lines) = lines.split_first()?;
        let lines = lines.get(..slices as usize)?;
        let below = crc32c_of(lines);
        // A seal that was torn is no seal: the object is whole and does not know it.
        let has_seal =
            first.starts_with(SEAL) && crc_of(id, u32::MAX, first) == word(first, CRC_AT);
        let lines: Vec<_> =
            (0..).zip(lines).map(|(slice, line)| Line::decode(line, id, slice)).collect();
        let holds = word(first, 8) == below && lines.iter().all(Option::is_some);
        let seal = match has_seal {
            false => Seal::None,
            true if holds => Seal::Holds,
            true => Seal::Broken,
        };
        Some(Self { lines, seal })
    }

    /// How many bytes to read for it, in whole pages.
    pub(crate) fn padded_len(slices: u32) -> usize {
        usize::try_from(bytes_for(slices)).unwrap_or(usize::MAX).next_multiple_of(PAGE_LEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::tests::entry;
    use proptest::prelude::*;

    fn written(id: &ObjectId, lines: &[Option<Line>], is_sealed: bool) -> Vec<u8> {
        let slices = u32::try_from(lines.len()).expect("few");
        let mut table = vec![0; Table::padded_len(slices)];
        for (slice, line) in (0..).zip(lines) {
            if let Some(line) = line {
                let at = usize::try_from(line_at(slice) - TABLE_OFFSET).expect("small");
                table[at..at + LINE].copy_from_slice(&line.encode(id, slice));
            }
        }
        if is_sealed {
            let lines: Vec<Line> = lines.iter().copied().flatten().collect();
            table[..LINE].copy_from_slice(&seal(id, &lines));
        }
        table
    }

    prop_compose! {
        fn a_line()(value: [u8; 32], checksums: [u32; 4], hashed: bool) -> Line {
            let proof = if hashed { Proof::Hashed } else { Proof::Received };
            Line { value: Digest(value), checksums, proof }
        }
    }

    proptest! {
        #[test]
        fn a_table_comes_back(lines in prop::collection::vec(prop::option::of(a_line()), 0..200)) {
            let id = entry("/a", b"a").id();
            let slices = u32::try_from(lines.len()).expect("few");
            let is_whole = lines.iter().all(Option::is_some);
            let found = Table::decode(&written(&id, &lines, is_whole), &id, slices).expect("read");
            let seal = if is_whole { Seal::Holds } else { Seal::None };
            prop_assert_eq!(found, Table { lines, seal });
        }

        #[test]
        fn a_flipped_bit_costs_its_slice_or_the_seal(
            lines in prop::collection::vec(a_line(), 1..20),
            is_sealed: bool,
            bit in any::<prop::sample::Index>(),
        ) {
            let id = entry("/a", b"a").id();
            let slices = u32::try_from(lines.len()).expect("few");
            let all: Vec<_> = lines.iter().copied().map(Some).collect();
            let mut bytes = written(&id, &all, is_sealed);
            let bit = bit.index((lines.len() + 1) * LINE * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            let found = Table::decode(&bytes, &id, slices).expect("long enough");
            let hits_seal = bit / 8 < LINE;
            let seal = if is_sealed && !hits_seal { Seal::Broken } else { Seal::None };
            prop_assert_eq!(found.seal, seal);
            for (at, (found, written)) in found.lines.iter().zip(&lines).enumerate() {
                let is_hit = bit / 8 / LINE == at + 1;
                prop_assert_eq!(found.as_ref(), (!is_hit).then_some(written));
            }
        }

        #[test]
        fn lines_of_another_object_or_place_are_none(line in a_line(), slice in 0..1000_u32) {
            let (id, other) = (entry("/a", b"a").id(), entry("/b", b"a").id());
            let bytes = line.encode(&id, slice);
            prop_assert_eq!(Line::decode(&bytes, &id, slice), Some(line));
            prop_assert_eq!(Line::decode(&bytes, &other, slice), None);
            prop_assert_eq!(Line::decode(&bytes, &id, slice + 1), None);
        }
    }

    #[test]
    fn a_line_knows_its_bytes() {
        let bytes = vec![7; 600_000];
        let line = Line::of(Digest::of(&bytes), &bytes, Proof::Hashed);
        assert!(line.matches(&bytes) && line.checksums[2] != 0 && line.checksums[3] == 0);
        let mut other = bytes;
        other[300_000] = 8;
        assert!(!line.matches(&other));
    }
}
