//! Where the mixed solutions agree: between two neighbouring cut-offs all files of one residency
//! mask are treated alike.

use super::super::bitmap::low_bits;
use super::super::dual::Lagrangian;
use super::super::order::{BLOCK, Sum};
use super::super::sums::Files;
use super::super::terms::Mask;
use super::mixed::Shares;
use super::{NO_WEIGHT, Rounding};

/// The files of one mask between two densities, and in which shares the classes have them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Segment {
    pub(super) mask: Mask,
    /// Files as dense as that, at most.
    pub(super) upto: f64,
    /// And denser than that.
    pub(super) above: f64,
    pub(super) shares: Shares,
}

impl Segment {
    /// Its ranks in a run: from, and up to without it.
    pub(super) fn ranks(&self, files: &Files) -> (usize, usize) {
        let upto = self.upto;
        let from = if upto.is_finite() { files.rank_below(upto) } else { 0 };
        (from, files.rank_below(self.above))
    }

    /// The class that has all of it.
    fn class(&self) -> Option<usize> {
        self.shares.classes.iter().position(|share| *share >= 1.0 - NO_WEIGHT)
    }
}

/// The blocks of a range of ranks, each with the bits of the range.
pub(super) fn blocks_between(from: usize, to: usize) -> impl Iterator<Item = (usize, u64)> {
    (from / BLOCK..to.div_ceil(BLOCK)).map(move |block| {
        let first = block * BLOCK;
        (block, low_bits(to - first) & !low_bits(from.saturating_sub(first)))
    })
}

impl Rounding {
    /// Cuts each mask's files at all the cut-offs of the mixture.
    pub(super) fn cut_segments(&mut self, lagrangian: &Lagrangian) {
        self.segments.clear();
        let masks = 0..lagrangian.terms.masks();
        for mask in masks.filter(|mask| lagrangian.runs.iter().any(|files| files.has(*mask))) {
            self.bounds.clear();
            for (prices, _) in &self.mixture {
                let envelope = lagrangian.envelope(mask, prices);
                self.bounds.extend(envelope.steps().iter().map(|step| step.above));
            }
            self.bounds.sort_unstable_by(|a, b| b.total_cmp(a));
            self.bounds.dedup();
            let mut upto = f64::INFINITY;
            for at in 0..self.bounds.len() {
                let above = self.bounds[at];
                // A bound belongs to what lies under it: any file of the segment tells its class.
                let inside = if upto.is_finite() { upto } else { f64::MAX };
                let shares =
                    self.shares(|prices| lagrangian.envelope(mask, prices).class_at(inside));
                self.segments.push(Segment { mask, upto, above, shares });
                upto = above;
            }
        }
        self.segments.sort_unstable_by(|a, b| b.upto.total_cmp(&a.upto).then(a.mask.cmp(&b.mask)));
    }

    /// Places whole segments where one class has them; the others stay in the list.
    pub(super) fn place_agreed(&mut self, lagrangian: &Lagrangian) {
        let mut segments = std::mem::take(&mut self.segments);
        segments.retain(|segment| {
            segment.class().is_none_or(|class| !self.place_whole(lagrangian, segment, class))
        });
        self.segments = segments;
    }

    /// False when it does not fit: mixtures keep budgets but for rounding in the last digits.
    fn place_whole(&mut self, lagrangian: &Lagrangian, segment: &Segment, class: usize) -> bool {
        let (terms, mask) = (lagrangian.terms, segment.mask);
        let mut sum = Sum::default();
        for files in &lagrangian.runs {
            let (from, to) = segment.ranks(files);
            sum.add(files.above(mask, to).without(files.above(mask, from)));
        }
        let disk_bytes = sum.bytes.saturating_mul(terms.copies[class].into());
        let new_bytes = sum.bytes.saturating_mul(terms.new_copies(class, mask).into());
        if !self.room.fits(class, disk_bytes, new_bytes) || sum.demand > self.room.throughput[class]
        {
            return false;
        }
        self.room.take(class, disk_bytes, new_bytes, sum.demand);
        for (held, files) in self.held.iter_mut().zip(&lagrangian.runs) {
            let (from, to) = segment.ranks(files);
            for (block, range) in blocks_between(from, to) {
                held[class][block] |= files.sums.word(block, mask) & range;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_ranks_are_bits() {
        let of = |from, to| blocks_between(from, to).collect::<Vec<_>>();
        assert_eq!(of(3, 3).iter().map(|block| block.1).sum::<u64>(), 0);
        assert_eq!(of(1, 3), [(0, 0b110)]);
        assert_eq!(of(63, 130), [(0, 1 << 63), (1, u64::MAX), (2, 0b11)]);
        assert_eq!(of(64, 128), [(1, u64::MAX)]);
    }
}
