//! The files of a region in falling demand per byte, sorted once for all its clusters.
//!
//! A cluster's viewers want what its region wants, on another scale: multiplying all demand
//! by one number leaves the order as it is. What a cluster wants otherwise is a short list of
//! its own ([`super::deviations`]).

use super::bitmap::{Bitmap, bits, low_bits, reset};
use super::problem::BadFile;
use contract::catalogue::Ordinal;
use std::cmp::Ordering;

/// Files to a block: one word of bits.
pub(super) const BLOCK: usize = 64;

/// The bytes of all files together stay below this (an exabyte), so that sums of them never
/// overflow. Times the copies of a large class they could: products are saturated, and fit into
/// no budget.
const MAX_TOTAL_BYTES: u64 = 1 << 60;

/// Files and their demand, summed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sum {
    /// Their sizes.
    pub(super) bytes: u64,
    /// What is wanted of them, in bytes per second at the peak.
    pub(super) demand: f64,
}

impl Sum {
    pub(super) fn add(&mut self, other: Sum) {
        self.bytes += other.bytes;
        self.demand += other.demand;
    }

    /// What is left without a part of it.
    pub(super) fn without(self, part: Sum) -> Sum {
        let demand = (self.demand - part.demand).max(0.0);
        Sum { bytes: self.bytes - part.bytes, demand }
    }
}

/// Files in falling density (demand per byte; equal ones in rising ordinal), in blocks of
/// [`BLOCK`]. The place of a file in it is its rank.
#[derive(Debug, Clone, Default)]
pub(super) struct Run {
    /// By rank: which file.
    pub(super) ordinals: Vec<Ordinal>,
    /// By rank.
    pub(super) sizes_bytes: Vec<u64>,
    /// By rank, bytes per second.
    pub(super) demand: Vec<f32>,
    /// By block: the density of its first file.
    first_density: Vec<f64>,
    /// By block: the greatest demand of one file.
    pub(super) peak_demand: Vec<f32>,
    /// By block: the smallest of its files.
    pub(super) least_bytes: Vec<u64>,
    /// By block: all files of it.
    pub(super) totals: Vec<Sum>,
}

impl Run {
    pub(super) fn files(&self) -> usize {
        self.ordinals.len()
    }

    pub(super) fn blocks(&self) -> usize {
        self.totals.len()
    }

    pub(super) fn density(&self, rank: usize) -> f64 {
        density(self.demand[rank], self.sizes_bytes[rank])
    }

    /// How many files are denser than that: the rank of the first that is not.
    pub(super) fn rank_below(&self, bound: f64) -> usize {
        let blocks = self.first_density.partition_point(|first| *first > bound);
        let Some(block) = blocks.checked_sub(1) else { return 0 };
        let (mut from, mut to) = (block * BLOCK + 1, self.files().min((block + 1) * BLOCK));
        while from < to {
            let middle = from.midpoint(to);
            if self.density(middle) > bound { from = middle + 1 } else { to = middle }
        }
        from
    }

    /// The files of a block that a word names, each with its bit, from the densest.
    pub(super) fn files_of(
        &self,
        block: usize,
        word: u64,
    ) -> impl Iterator<Item = (u32, Ordinal, u64)> + '_ {
        let from = block * BLOCK;
        let to = self.files().min(from + BLOCK);
        let (ordinals, sizes) = (&self.ordinals[from..to], &self.sizes_bytes[from..to]);
        bits(word).map(move |bit| (bit, ordinals[bit as usize], sizes[bit as usize]))
    }

    /// Becomes the files of a list that is already in order.
    pub(super) fn refill(&mut self, files: impl Iterator<Item = (Ordinal, u64, f32)>) {
        self.ordinals.clear();
        self.sizes_bytes.clear();
        self.demand.clear();
        for (ordinal, size_bytes, demand) in files {
            self.ordinals.push(ordinal);
            self.sizes_bytes.push(size_bytes);
            self.demand.push(demand.abs());
        }
        self.sum_blocks();
    }

    fn sum_blocks(&mut self) {
        self.first_density.clear();
        self.peak_demand.clear();
        self.least_bytes.clear();
        self.totals.clear();
        for (sizes, demand) in self.sizes_bytes.chunks(BLOCK).zip(self.demand.chunks(BLOCK)) {
            self.first_density.push(density(demand[0], sizes[0]));
            self.peak_demand.push(demand.iter().copied().fold(0.0, f32::max));
            self.least_bytes.push(sizes.iter().copied().min().unwrap_or(0));
            let demand = demand.iter().copied().map(f64::from).sum();
            self.totals.push(Sum { bytes: sizes.iter().sum(), demand });
        }
    }
}

/// Demand per byte of size, per second. A demand of -0 is one of 0.
pub(super) fn density(demand: f32, size_bytes: u64) -> f64 {
    f64::from(demand.abs()) / size_bytes as f64
}

/// The order of two files: the denser first, then the smaller ordinal.
pub(super) fn denser_first(a: (Ordinal, u64, f32), b: (Ordinal, u64, f32)) -> Ordering {
    density(b.2, b.1).total_cmp(&density(a.2, a.1)).then(a.0.cmp(&b.0))
}

/// The files of a region, sorted by demand per byte. Made once, used by all its clusters.
#[derive(Debug, Clone)]
pub struct RegionOrder<'a> {
    /// By ordinal: what a copy takes on a disk.
    pub(super) sizes_bytes: &'a [u64],
    /// By ordinal: bytes per second at the region's peak.
    pub(super) demand: &'a [f32],
    /// By ordinal: its rank.
    pub(super) ranks: Vec<u32>,
    pub(super) run: Run,
    pub(super) largest_bytes: u64,
    demand_in_all: f64,
}

impl<'a> RegionOrder<'a> {
    /// Sorts the files of a region. Both lists are by ordinal: what one copy takes on a disk
    /// (checksums and the rest of its last block included), and what the region's viewers want
    /// of it, in bytes per second at the peak.
    ///
    /// # Errors
    /// A size of zero, a demand that is no number, infinite or negative, lists of unequal
    /// length, or more than an exabyte in all.
    pub fn new(sizes_bytes: &'a [u64], demand: &'a [f32]) -> Result<Self, BadFile> {
        check(sizes_bytes, demand)?;
        let mut run = Run::default();
        run.refill(sorted(sizes_bytes, demand).iter().map(|key| file(sizes_bytes, demand, *key)));
        let mut ranks = Vec::new();
        reset(&mut ranks, run.files(), 0);
        for (rank, ordinal) in (0..).zip(&run.ordinals) {
            ranks[*ordinal as usize] = rank;
        }
        let largest_bytes = sizes_bytes.iter().copied().max().unwrap_or(0);
        let demand_in_all = run.totals.iter().map(|total| total.demand).sum();
        Ok(Self { sizes_bytes, demand, ranks, run, largest_bytes, demand_in_all })
    }

    /// Turns a set by ordinal into bits by rank.
    pub(super) fn by_rank(&self, set: &Bitmap, words: &mut Vec<u64>) {
        reset(words, self.run.blocks(), 0);
        set.ordinals().for_each(|ordinal| {
            let rank = self.ranks[ordinal as usize] as usize;
            words[rank / BLOCK] |= 1 << (rank % BLOCK);
        });
    }

    /// All that the region's viewers want, in bytes per second at the peak.
    #[must_use]
    pub fn demand_in_all(&self) -> f64 {
        self.demand_in_all
    }

    /// What the region's viewers want of one file, in bytes per second at the peak; nothing of one
    /// that it does not have.
    #[must_use]
    pub fn demand(&self, ordinal: Ordinal) -> f64 {
        self.demand.get(ordinal as usize).map_or(0.0, |demand| f64::from(demand.abs()))
    }

    /// The place of a file in the order, the densest being 0.
    #[must_use]
    pub fn rank(&self, ordinal: Ordinal) -> Option<u32> {
        self.ranks.get(ordinal as usize).copied()
    }

    /// The file at a place of the order.
    #[must_use]
    pub fn at_rank(&self, rank: u32) -> Option<Ordinal> {
        self.run.ordinals.get(rank as usize).copied()
    }

    /// What one copy of a file takes on a disk; nothing of one that it does not have.
    #[must_use]
    pub fn size_bytes(&self, ordinal: Ordinal) -> u64 {
        self.sizes_bytes.get(ordinal as usize).copied().unwrap_or(0)
    }

    /// The files of a block that a word names: rank, ordinal, and what is wanted of it.
    pub(crate) fn wanted_of(
        &self,
        block: usize,
        word: u64,
    ) -> impl Iterator<Item = (usize, Ordinal, f32)> + '_ {
        let word = word & low_bits(self.files().saturating_sub(block * BLOCK));
        bits(word).map(move |bit| {
            let rank = block * BLOCK + bit as usize;
            (rank, self.run.ordinals[rank], self.run.demand[rank])
        })
    }

    /// How many files there are.
    #[must_use]
    pub fn files(&self) -> usize {
        self.sizes_bytes.len()
    }
}

fn check(sizes_bytes: &[u64], demand: &[f32]) -> Result<(), BadFile> {
    if sizes_bytes.len() != demand.len() || Ordinal::try_from(sizes_bytes.len()).is_err() {
        return Err(BadFile::Lengths { sizes: sizes_bytes.len(), demand: demand.len() });
    }
    let mut total_bytes = 0u64;
    for (ordinal, (size_bytes, demand)) in (0..).zip(sizes_bytes.iter().zip(demand)) {
        if *size_bytes == 0 {
            return Err(BadFile::ZeroSize { ordinal });
        }
        check_demand(ordinal, *demand)?;
        total_bytes = total_bytes.saturating_add(*size_bytes);
    }
    let is_countable = total_bytes < MAX_TOTAL_BYTES;
    if is_countable { Ok(()) } else { Err(BadFile::TooManyBytes { total_bytes }) }
}

/// Demand is a finite number and not negative.
pub(super) fn check_demand(ordinal: Ordinal, demand: f32) -> Result<(), BadFile> {
    let is_demand = demand.is_finite() && demand >= 0.0;
    if is_demand { Ok(()) } else { Err(BadFile::Demand { ordinal, demand }) }
}

/// Single words sort twice as fast as pairs: the density in single precision, turned round, over
/// the ordinal. What single precision cannot tell apart (it never turns two densities round) is
/// sorted once more by what it is.
fn sorted(sizes_bytes: &[u64], demand: &[f32]) -> Vec<u64> {
    let file = |key: u64| file(sizes_bytes, demand, key);
    let mut keys: Vec<u64> = (0..)
        .zip(sizes_bytes.iter().zip(demand))
        .map(|(ordinal, (size_bytes, demand))| key(density(*demand, *size_bytes), ordinal))
        .collect();
    keys.sort_unstable();
    for alike in keys.chunk_by_mut(|a, b| a >> 32 == b >> 32).filter(|alike| alike.len() > 1) {
        alike.sort_by(|a, b| denser_first(file(*a), file(*b)));
    }
    keys
}

#[expect(clippy::cast_possible_truncation, reason = "rounding is monotonic, and looked after")]
fn key(density: f64, ordinal: Ordinal) -> u64 {
    u64::from(!(density as f32).to_bits()) << 32 | u64::from(ordinal)
}

/// The file of a key.
fn file(sizes_bytes: &[u64], demand: &[f32], key: u64) -> (Ordinal, u64, f32) {
    let ordinal = ordinal_of(key);
    (ordinal, sizes_bytes[ordinal as usize], demand[ordinal as usize])
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is the ordinal")]
fn ordinal_of(key: u64) -> Ordinal {
    key as Ordinal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_densest_first_and_equals_by_ordinal() {
        let sizes = [10, 1, 20, 5, 7];
        let demand = [10.0, 3.0, 20.0, 0.0, -0.0];
        let order = RegionOrder::new(&sizes, &demand).expect("good files");
        assert_eq!(order.run.ordinals, [1, 0, 2, 3, 4]);
        assert_eq!(order.ranks, [1, 0, 2, 3, 4]);
        assert_eq!([3.5, 3.0, 1.0, 0.5, 0.0].map(|at| order.run.rank_below(at)), [0, 0, 1, 3, 3]);
    }

    #[test]
    fn what_single_precision_cannot_tell_apart_is_in_order_too() {
        let sizes: Vec<u64> = (0..1000).map(|at| 4_000_000_000 - at % 7).collect();
        let demand = vec![1.0; 1000];
        let order = RegionOrder::new(&sizes, &demand).expect("good files");
        let densities: Vec<f64> = (0..1000).map(|rank| order.run.density(rank)).collect();
        assert!(densities.is_sorted_by(|a, b| a >= b));
        for (rank, bound) in densities.iter().enumerate() {
            let denser = densities.iter().filter(|density| *density > bound).count();
            assert_eq!(order.run.rank_below(*bound), denser, "rank {rank}");
        }
    }

    #[test]
    fn bad_files_are_named() {
        let refused = |sizes: &[u64], demand: &[f32]| RegionOrder::new(sizes, demand).err();
        assert_eq!(refused(&[1, 0], &[1.0, 1.0]), Some(BadFile::ZeroSize { ordinal: 1 }));
        for bad in [f32::INFINITY, -1.0] {
            let named = BadFile::Demand { ordinal: 0, demand: bad };
            assert_eq!(refused(&[1], &[bad]), Some(named));
        }
        assert!(matches!(refused(&[1], &[f32::NAN]), Some(BadFile::Demand { ordinal: 0, .. })));
        assert_eq!(refused(&[1], &[]), Some(BadFile::Lengths { sizes: 1, demand: 0 }));
        let total_bytes = 1 << 61;
        let huge = [total_bytes / 2; 2];
        assert_eq!(refused(&huge, &[1.0; 2]), Some(BadFile::TooManyBytes { total_bytes }));
    }
}
