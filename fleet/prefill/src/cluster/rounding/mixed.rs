//! Where the mixed solutions do not agree: file by file, from the densest.
//!
//! Each file adds its shares to what the classes are owed, and goes to the one that is owed most:
//! the error is carried on as in the half-tones of print, so that what a class holds stays within
//! a file of its share all the way down, of bytes and (densities falling slowly) of demand.

use super::super::bitmap::bits;
use super::super::dual::Lagrangian;
use super::super::order::BLOCK;
use super::super::terms::MAX_CLASSES;
use super::segments::{Segment, blocks_between};
use super::{Candidate, NO_SHARE, NO_WEIGHT, Offer, Rounding};

/// In which shares the mixed solutions place something; what is missing to 1 is not held.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Shares {
    pub(super) classes: [f64; MAX_CLASSES],
}

/// What the classes are owed, in bytes; last, what is owed to not being held.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Owed {
    bytes: [f64; MAX_CLASSES + 1],
}

/// The place of «not held» beside the classes.
const NOWHERE: usize = MAX_CLASSES;

impl Owed {
    /// Adds the shares of a file, and settles where it goes: to the class that is owed most of
    /// those that make an offer; or nowhere, when that has a share and is owed more.
    pub(super) fn settle<T>(
        &mut self,
        size_bytes: u64,
        shares: &Shares,
        offer: impl Fn(usize) -> Option<T>,
    ) -> Option<T> {
        let size = size_bytes as f64;
        let held: f64 = shares.classes.iter().sum();
        for (owed, share) in self.bytes.iter_mut().zip(shares.classes) {
            *owed += share * size;
        }
        let nowhere = if held < 1.0 - NO_WEIGHT { 1.0 - held } else { 0.0 };
        self.bytes[NOWHERE] += nowhere * size;
        let mut left = [false; NOWHERE + 1];
        for (left, share) in left.iter_mut().zip(shares.classes) {
            *left = share > 0.0;
        }
        left[NOWHERE] = nowhere > 0.0;
        while let Some(most) = self.most(&left) {
            let offered = if most == NOWHERE { None } else { offer(most) };
            if most == NOWHERE || offered.is_some() {
                self.bytes[most] -= size;
                return offered;
            }
            left[most] = false;
        }
        self.bytes[NOWHERE] -= size;
        None
    }

    /// Who of those that are left is owed most; of equals the class that stands first.
    fn most(&self, left: &[bool; NOWHERE + 1]) -> Option<usize> {
        let mut most: Option<usize> = None;
        for at in (0..left.len()).filter(|at| left[*at]) {
            if most.is_none_or(|most| self.bytes[at] > self.bytes[most]) {
                most = Some(at);
            }
        }
        most
    }
}

impl Rounding {
    /// Places the segments that are left in the list.
    pub(super) fn place_mixed(&mut self, lagrangian: &Lagrangian) {
        let segments = std::mem::take(&mut self.segments);
        let mut owed = Owed::default();
        for segment in &segments {
            for run in 0..lagrangian.runs.len() {
                self.place_in_run(lagrangian, segment, run, &mut owed);
            }
        }
        self.segments = segments;
    }

    fn place_in_run(
        &mut self,
        lagrangian: &Lagrangian,
        segment: &Segment,
        run: usize,
        owed: &mut Owed,
    ) {
        let files = &lagrangian.runs[run];
        let (from, to) = segment.ranks(files);
        for (block, range) in blocks_between(from, to) {
            for bit in bits(files.sums.word(block, segment.mask) & range) {
                let rank = block * BLOCK + bit as usize;
                let file = Candidate::new(files, run, rank, segment.mask);
                let offer = owed.settle(file.size_bytes, &segment.shares, |class| {
                    self.offer(lagrangian, &file, class)
                });
                if let Some(offer) = offer {
                    self.take(&file, &offer);
                }
            }
        }
    }

    /// What one class could not serve of a file, another may, holding it as well.
    pub(super) fn share_parts(&mut self, lagrangian: &Lagrangian) {
        for at in 0..self.parts.len() {
            let part = self.parts[at];
            let files = &lagrangian.runs[part.run];
            let mask = files.sums.mask(part.rank);
            let mut file = Candidate::new(files, part.run, part.rank, mask);
            let left = file.demand - part.served;
            if left <= NO_SHARE * file.demand {
                continue;
            }
            file.demand = left;
            let offers = (0..lagrangian.terms.classes).filter(|class| *class != part.class);
            let offers = offers.filter_map(|class| self.offer(lagrangian, &file, class));
            if let Some(offer) = offers.max_by(Offer::against) {
                self.take_beside(&file, &offer);
            }
        }
    }

    fn take_beside(&mut self, file: &Candidate, offer: &Offer) {
        self.room.take(offer.class, offer.disk_bytes, offer.new_bytes, offer.served);
        self.held[file.run][offer.class][file.rank / BLOCK] |= 1 << (file.rank % BLOCK);
        let Candidate { run, rank, .. } = *file;
        self.parts.push(super::Part { run, rank, class: offer.class, served: offer.served });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_owed_stays_within_a_file() {
        let mut shares = Shares::default();
        shares.classes[..2].copy_from_slice(&[0.5, 0.3]);
        let mut owed = Owed::default();
        let mut taken = [0.0; 2];
        for at in 1..1000u32 {
            let size = u64::from(at % 17 + 1);
            if let Some(class) = owed.settle(size, &shares, Some) {
                taken[class] += size as f64;
            }
            assert!(owed.bytes.iter().all(|owed| owed.abs() <= 2.0 * 17.0), "{owed:?}");
        }
        assert!(taken[0] > 1.6 * taken[1]);
    }

    #[test]
    fn who_makes_no_offer_gets_nothing() {
        let mut shares = Shares::default();
        shares.classes[1] = 1.0;
        assert_eq!(Owed::default().settle(5, &shares, |_| None::<usize>), None);
    }
}
