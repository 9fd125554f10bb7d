//! Where the mixed solutions do not agree: file by file, from the densest.
//!
//! Each file adds its shares to what the classes are owed, of bytes and of demand, and goes where it
//! leaves the least error, as parts of the budgets: the error is carried on as in
//! the half-tones of print, so that what a class holds stays within a file or two of its share all
//! the way down.

use super::super::bitmap::bits;
use super::super::dual::Lagrangian;
use super::super::order::BLOCK;
use super::super::terms::{MAX_CLASSES, Rows};
use super::segments::{Segment, blocks_between};
use super::{Candidate, NO_SHARE, NO_WEIGHT, Offer, Rounding};

/// In which shares the mixed solutions place something; what is missing to 1 is not held.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Shares {
    pub(super) classes: [f64; MAX_CLASSES],
}

/// What the classes are owed, in bytes and in demand, and how much an error of either counts there.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Owed {
    bytes: [f64; MAX_CLASSES],
    demand: [f64; MAX_CLASSES],
    byte_weight: [f64; MAX_CLASSES],
    demand_weight: [f64; MAX_CLASSES],
}

/// The place of «not held» beside the classes.
const NOWHERE: usize = MAX_CLASSES;

impl Owed {
    /// Nothing yet. An error counts as a part of the budget: where one is exceeded, what is left of
    /// the other is of no use, also where it has no price.
    pub(super) fn of(budgets: &Rows) -> Self {
        let weight = |budget: f64| if budget > 0.0 { 1.0 / budget } else { 0.0 };
        let (byte_weight, demand_weight) =
            (budgets.disk.map(weight), budgets.throughput.map(weight));
        Self { byte_weight, demand_weight, ..Self::default() }
    }

    /// Adds the shares of a file, and settles where it goes: to the place that leaves the least
    /// error, of those that have a share and make an offer; nowhere makes none.
    pub(super) fn settle<T>(
        &mut self,
        (size_bytes, demand): (u64, f64),
        shares: &Shares,
        offer: impl Fn(usize) -> Option<T>,
    ) -> Option<T> {
        let size = size_bytes as f64;
        for (class, share) in shares.classes.into_iter().enumerate() {
            self.bytes[class] += share * size;
            self.demand[class] += share * demand;
        }
        let held: f64 = shares.classes.iter().sum();
        let mut left = [false; NOWHERE + 1];
        for (left, share) in left.iter_mut().zip(shares.classes) {
            *left = share > 0.0;
        }
        left[NOWHERE] = held < 1.0 - NO_WEIGHT;
        while let Some(place) = self.least(&left, size, demand) {
            if place == NOWHERE {
                return None;
            }
            if let Some(offered) = offer(place) {
                self.bytes[place] -= size;
                self.demand[place] -= demand;
                return Some(offered);
            }
            left[place] = false;
        }
        None
    }

    /// Where of the places that are left a file leaves the least error; of equals the first.
    fn least(&self, left: &[bool; NOWHERE + 1], size: f64, demand: f64) -> Option<usize> {
        let mut least: Option<(usize, f64)> = None;
        for at in (0..left.len()).filter(|at| left[*at]) {
            let more = if at == NOWHERE { 0.0 } else { self.more_error(at, size, demand) };
            if least.is_none_or(|(_, least)| more < least) {
                least = Some((at, more));
            }
        }
        least.map(|(at, _)| at)
    }

    /// How much larger the squares of the errors of a class get by a file.
    fn more_error(&self, class: usize, size: f64, demand: f64) -> f64 {
        let more =
            |owed: f64, taken: f64, weight: f64| weight * weight * taken * (taken - 2.0 * owed);
        more(self.bytes[class], size, self.byte_weight[class])
            + more(self.demand[class], demand, self.demand_weight[class])
    }
}

impl Rounding {
    /// Places the segments that are left in the list.
    pub(super) fn place_mixed(&mut self, lagrangian: &Lagrangian) {
        let segments = std::mem::take(&mut self.segments);
        let mut owed = Owed::of(&lagrangian.budgets());
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
                let weighed = (file.size_bytes, file.demand);
                let offer = owed
                    .settle(weighed, &segment.shares, |class| self.offer(lagrangian, &file, class));
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

    fn budgets(disk: f64, throughput: f64) -> Rows {
        let (disk, throughput) = ([disk; MAX_CLASSES], [throughput; MAX_CLASSES]);
        Rows { disk, throughput, ..Rows::default() }
    }

    #[test]
    fn what_is_owed_stays_within_a_file() {
        let mut shares = Shares::default();
        shares.classes[..2].copy_from_slice(&[0.5, 0.3]);
        let mut owed = Owed::of(&budgets(1.0, 0.0));
        let mut taken = [0.0; 2];
        for at in 1..1000u32 {
            let size = u64::from(at % 17 + 1);
            if let Some(class) = owed.settle((size, 0.0), &shares, Some) {
                taken[class] += size as f64;
            }
            assert!(owed.bytes.iter().all(|owed| owed.abs() <= 2.0 * 17.0), "{owed:?}");
        }
        assert!(taken[0] > 1.6 * taken[1]);
    }

    #[test]
    fn so_does_demand_where_it_is_another_for_each_byte() {
        let mut shares = Shares::default();
        shares.classes[..2].copy_from_slice(&[0.5, 0.5]);
        let mut owed = Owed::of(&budgets(1.0, 1.0));
        for at in 1..1000u32 {
            let (size, demand) = (u64::from(at % 17 + 1), f64::from(at * 7 % 23));
            owed.settle((size, demand), &shares, Some).expect("a class");
            let errors = owed.bytes.iter().chain(&owed.demand);
            assert!(errors.into_iter().all(|owed| owed.abs() <= 2.0 * 23.0), "{owed:?}");
        }
    }

    #[test]
    fn who_makes_no_offer_gets_nothing() {
        let mut shares = Shares::default();
        shares.classes[1] = 1.0;
        let mut owed = Owed::of(&budgets(1.0, 1.0));
        assert_eq!(owed.settle((5, 1.0), &shares, |_| None::<usize>), None);
    }
}
