//! What a parent is asked for: the sum of what the clusters below it do not serve, in whole numbers.
//!
//! Whole numbers add up to the same whoever comes first, and what was added can be taken away
//! again without a trace: so a plan does not hang on its threads, and a change in one cluster costs
//! that cluster. Most of what a site misses is wanted as in its region. Of that only its share is
//! added, file by file in the region's order, and for whole blocks of the tail, which nobody holds,
//! once a block. Where files are wanted otherwise, or served in part, demand itself is added.

use super::check::{MAX_FLEET_BYTES_PER_S, MAX_SHARES};
use super::fleet::Region;
use crate::cluster::{Missed, RegionOrder, bits};
use contract::catalogue::Ordinal;
use std::collections::BTreeMap;

/// A share of 1. A site of a ten-thousandth of its region keeps seven digits.
const SHARE_UNIT: f64 = (1u64 << 40) as f64;

/// A byte per second. What is rounded away of a file is less than one view in a century.
const DEMAND_UNIT: f64 = (1u64 << 13) as f64;

const _: () = assert!(MAX_SHARES * SHARE_UNIT < u64::MAX as f64 / 2.0);
const _: () = assert!(MAX_FLEET_BYTES_PER_S * DEMAND_UNIT < u64::MAX as f64 / 2.0);

/// What one parent is asked for by those directly below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// By region.
    regions: BTreeMap<usize, Shares>,
    /// Demand that is not a share of a region's.
    apart: BTreeMap<Ordinal, u64>,
    /// The same, of clusters that are asked themselves: by ordinal, empty where there are none.
    dense: Vec<u64>,
}

/// Shares of a region that are asked for, by rank.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Shares {
    /// By block: of all its files.
    blocks: Vec<u64>,
    /// By rank: of that file, beside its block's.
    files: Vec<u64>,
}

/// Whether something is asked for, or no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    More,
    Less,
}

impl Sign {
    fn apply(self, to: &mut u64, amount: u64) {
        *to = match self {
            Self::More => to.wrapping_add(amount),
            Self::Less => to.wrapping_sub(amount),
        };
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 or more, bounded")]
fn whole(number: f64, unit: f64) -> u64 {
    (number * unit).round() as u64
}

impl Asked {
    /// Adds what a cluster misses whose viewers want a share of a region.
    pub(super) fn by_region(
        &mut self,
        region: usize,
        share: f64,
        order: &RegionOrder,
        missed: &Missed,
        sign: Sign,
    ) {
        let files = order.files();
        let shares = self.regions.entry(region).or_default();
        shares.blocks.resize(missed.words.len(), 0);
        shares.files.resize(files, 0);
        let share = whole(share, SHARE_UNIT);
        for (at, word) in missed.words.iter().copied().enumerate() {
            if word == u64::MAX {
                sign.apply(&mut shares.blocks[at], share);
            } else if word != 0 {
                let to = files.min(at * 64 + 64);
                add_bits(&mut shares.files[at * 64..to], word, share, sign);
            }
        }
        self.add_apart(missed, sign);
    }

    /// Adds what a cluster misses that is asked itself: its order is its own, and its share all of
    /// it.
    pub(super) fn by_order(&mut self, order: &RegionOrder, missed: &Missed, sign: Sign) {
        self.dense.resize(order.files(), 0);
        for (at, word) in missed.words.iter().copied().enumerate() {
            for (_, ordinal, demand) in order.wanted_of(at, word) {
                let demand = whole(f64::from(demand), DEMAND_UNIT);
                sign.apply(&mut self.dense[ordinal as usize], demand);
            }
        }
        self.add_apart(missed, sign);
    }

    fn add_apart(&mut self, missed: &Missed, sign: Sign) {
        for (ordinal, demand) in &missed.apart {
            let demand = whole(*demand, DEMAND_UNIT);
            let entry = self.apart.entry(*ordinal).or_default();
            sign.apply(entry, demand);
            if *entry == 0 {
                self.apart.remove(ordinal);
            }
        }
    }

    /// Adds all that is asked for to a list by ordinal, in bytes per second.
    pub(super) fn add_to(&self, regions: &[Region], demand: &mut [f64]) {
        for (region, shares) in &self.regions {
            let order = &regions[*region].order;
            for (at, block) in shares.blocks.iter().enumerate() {
                for (rank, ordinal, wanted) in order.wanted_of(at, u64::MAX) {
                    let share = block.wrapping_add(shares.files[rank]) as f64 / SHARE_UNIT;
                    demand[ordinal as usize] += share * f64::from(wanted);
                }
            }
        }
        for (demand, asked) in demand.iter_mut().zip(&self.dense) {
            *demand += *asked as f64 / DEMAND_UNIT;
        }
        for (ordinal, asked) in &self.apart {
            demand[*ordinal as usize] += *asked as f64 / DEMAND_UNIT;
        }
    }
}

/// Without a branch where many files of a block are missed.
fn add_bits(files: &mut [u64], word: u64, share: u64, sign: Sign) {
    if word.count_ones() < 16 {
        bits(word).for_each(|bit| sign.apply(&mut files[bit as usize], share));
        return;
    }
    for (bit, file) in files.iter_mut().enumerate() {
        sign.apply(file, share & (word >> bit & 1).wrapping_neg());
    }
}
