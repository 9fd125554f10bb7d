//! Slices: the parts of an object that can be verified alone.
//!
//! BLAKE3 is a tree, and a slice of a power of two bytes is a subtree of it: the values of an
//! object's slices, merged, are the object's own hash. So a list of them needs nobody's
//! signature. Whoever brings it, it either leads to the BLAKE3 that the catalogue names, or it
//! is a lie ([`SliceHashes::prove`]); and with a list that was proved, a slice from anyone can
//! be checked before the rest of the object is there.
//!
//! From section 2.1 of the BLAKE3 paper: the left subtree has the largest power of two of
//! chunks that leaves something for the right one.

use crate::object::Digest;
use blake3::hazmat::{HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root};
use std::ops::Range;
use std::sync::Arc;

/// The unit that is fetched, verified and stored as one. Large enough that a request for one
/// costs little beside its bytes; small enough that a player waits for a fraction of a second
/// of video, and that a lie costs one megabyte.
pub const SLICE_BYTES: u64 = 1 << 20;

/// Objects above this are refused: a list of hashes stays below 8 MiB.
pub const MAX_OBJECT_BYTES: u64 = 256 << 30;

const _: () = assert!(SLICE_BYTES.is_power_of_two() && SLICE_BYTES >= 1024);
const _: () = assert!(MAX_OBJECT_BYTES / SLICE_BYTES * 32 <= 8 << 20);

/// How many slices content of this size has.
#[must_use]
pub fn slice_count(size_bytes: u64) -> u32 {
    u32::try_from(size_bytes.div_ceil(SLICE_BYTES)).unwrap_or(u32::MAX)
}

/// The bytes of a slice, as places in the object. Empty beyond its end.
#[must_use]
pub fn slice_range(size_bytes: u64, slice: u32) -> Range<u64> {
    let start = (u64::from(slice) * SLICE_BYTES).min(size_bytes);
    start..(start + SLICE_BYTES).min(size_bytes)
}

/// The value of one slice of an object that has `size_bytes`. Of an object with a single
/// slice it is the object's own hash.
#[must_use]
pub fn slice_hash(size_bytes: u64, slice: u32, bytes: &[u8]) -> Digest {
    if size_bytes <= SLICE_BYTES || bytes.is_empty() {
        return Digest::of(bytes);
    }
    let mut hasher = blake3::Hasher::new();
    hasher.set_input_offset(u64::from(slice) * SLICE_BYTES);
    Digest(hasher.update(bytes).finalize_non_root())
}

/// What the values of all slices, in order, come to: the hash of the object. No slices are
/// the empty object.
#[must_use]
pub fn root(values: &[Digest]) -> Digest {
    match values {
        [] => Digest::of(&[]),
        [one] => *one,
        _ => {
            let (left, right) = split(values);
            Digest(*merge_subtrees_root(&left, &right, Mode::Hash).as_bytes())
        }
    }
}

fn subtree(values: &[Digest]) -> [u8; 32] {
    match values {
        [one] => one.0,
        _ => {
            let (left, right) = split(values);
            merge_subtrees_non_root(&left, &right, Mode::Hash)
        }
    }
}

/// The values of both halves of two slices or more.
fn split(values: &[Digest]) -> ([u8; 32], [u8; 32]) {
    let left_len = values.len().next_power_of_two() / 2;
    let (left, right) = values.split_at(left_len);
    (subtree(left), subtree(right))
}

/// The proved values of all slices of one object. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SliceHashes(Arc<[Digest]>);

/// A list of slice hashes that is not that of the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the slice hashes are not those of the object")]
pub struct BadSliceHashes;

impl SliceHashes {
    /// Takes a list from anyone, if it leads to the hash of the object.
    ///
    /// # Errors
    /// [`BadSliceHashes`].
    pub fn prove(
        values: impl Into<Arc<[Digest]>>,
        size_bytes: u64,
        blake3: &Digest,
    ) -> Result<Self, BadSliceHashes> {
        let values = values.into();
        let is_it = values.len() == slice_count(size_bytes) as usize && root(&values) == *blake3;
        is_it.then_some(Self(values)).ok_or(BadSliceHashes)
    }

    /// Of an object with a single slice, or none: its own hash says it all.
    #[must_use]
    pub fn implied(size_bytes: u64, blake3: &Digest) -> Option<Self> {
        match slice_count(size_bytes) {
            0 => Some(Self([].into())),
            1 => Some(Self([*blake3].into())),
            _ => None,
        }
    }

    /// The values, in order.
    #[must_use]
    pub fn values(&self) -> &[Digest] {
        &self.0
    }

    /// As they travel and are stored: 32 bytes each, one behind the other.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|value| value.0).collect()
    }

    /// Takes apart what [`SliceHashes::to_bytes`] made, wherever it comes from.
    ///
    /// # Errors
    /// [`BadSliceHashes`].
    pub fn from_bytes(
        bytes: &[u8],
        size_bytes: u64,
        blake3: &Digest,
    ) -> Result<Self, BadSliceHashes> {
        let (values, rest) = bytes.as_chunks::<32>();
        if !rest.is_empty() {
            return Err(BadSliceHashes);
        }
        Self::prove(
            values.iter().map(|value| Digest(*value)).collect::<Vec<_>>(),
            size_bytes,
            blake3,
        )
    }
}

/// Hashes an object of unknown length as it passes, by slices; they lead to the hash of all.
#[derive(Debug, Default)]
pub struct SliceHasher {
    /// The slice that is open: it may be full, as long as nothing is known to follow.
    slice: blake3::Hasher,
    size_bytes: u64,
    values: Vec<Digest>,
}

impl SliceHasher {
    /// Takes the next bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.slice.count() == SLICE_BYTES {
                self.close_slice();
            }
            let room = SLICE_BYTES - self.slice.count();
            let take = bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX));
            let (now, later) = bytes.split_at(take);
            self.slice.update(now);
            self.size_bytes += take as u64;
            bytes = later;
        }
    }

    fn close_slice(&mut self) {
        self.values.push(Digest(self.slice.finalize_non_root()));
        self.slice = blake3::Hasher::new();
        self.slice.set_input_offset(self.size_bytes);
    }

    /// Length, hash, and the hashes of the slices.
    #[must_use]
    pub fn finish(mut self) -> (u64, Digest, SliceHashes) {
        if self.values.is_empty() {
            let blake3 = Digest(*self.slice.finalize().as_bytes());
            let values: &[Digest] = if self.size_bytes == 0 { &[] } else { &[blake3] };
            return (self.size_bytes, blake3, SliceHashes(values.into()));
        }
        self.values.push(Digest(self.slice.finalize_non_root()));
        (self.size_bytes, root(&self.values), SliceHashes(self.values.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn content(len: u64) -> Vec<u8> {
        (0..len).map(|at| u8::try_from((at ^ (at >> 9)) % 251).expect("below 251")).collect()
    }

    fn hashed(content: &[u8], piece: usize) -> (u64, Digest, SliceHashes) {
        let mut hasher = SliceHasher::default();
        content.chunks(piece).for_each(|piece| hasher.update(piece));
        hasher.finish()
    }

    #[test]
    fn slices_lead_to_the_hash_at_every_number_of_them() {
        for slices in 0..=9_u64 {
            for size_bytes in
                [slices * SLICE_BYTES, slices * SLICE_BYTES + 1, (slices + 1) * SLICE_BYTES - 1]
            {
                let content = content(size_bytes);
                let (found, blake3, hashes) = hashed(&content, 300_007);
                assert_eq!((found, blake3), (size_bytes, Digest::of(&content)));
                let one_by_one: Vec<Digest> = (0..slice_count(size_bytes))
                    .map(|slice| {
                        let range = slice_range(size_bytes, slice);
                        let [start, end] =
                            [range.start, range.end].map(|at| usize::try_from(at).expect("small"));
                        slice_hash(size_bytes, slice, &content[start..end])
                    })
                    .collect();
                assert_eq!(hashes.values(), one_by_one, "{size_bytes}");
                assert_eq!(root(&one_by_one), blake3, "{size_bytes}");
                let back = SliceHashes::from_bytes(&hashes.to_bytes(), size_bytes, &blake3);
                assert_eq!(back, Ok(hashes));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn a_list_that_was_changed_is_refused(
            slices in 2_u64..9, tail in 0_u64..3, bit in any::<prop::sample::Index>(), cut in any::<bool>(),
        ) {
            let size_bytes = slices * SLICE_BYTES + tail;
            let (_, blake3, hashes) = hashed(&content(size_bytes), 1 << 20);
            let mut bytes = hashes.to_bytes();
            if cut {
                bytes.truncate(bytes.len() - 32);
            } else {
                let bit = bit.index(bytes.len() * 8);
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
            prop_assert_eq!(SliceHashes::from_bytes(&bytes, size_bytes, &blake3), Err(BadSliceHashes));
        }
    }
}
