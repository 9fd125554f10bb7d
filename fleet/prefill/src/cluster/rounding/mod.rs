//! From a mixture of cut-offs to whole files, never over a budget.
//!
//! Read in this order: [`segments`] (where the mixed solutions agree, and where they do not),
//! [`mixed`] (file by file where they do not), [`single`] (files that are weighed one by one),
//! [`fill`] (what is left goes to the next densities).
//!
//! Files are held as bits by rank, so that where all solutions agree a segment is a few words
//! and a sum. What rounding loses is a file or two for each budget.

mod fill;
mod mixed;
mod segments;
mod single;

use super::bitmap::reset;
use super::dual::Lagrangian;
use super::master::Master;
use super::sums::Files;
use super::terms::{MAX_CLASSES, Mask, Room, Rows};
use mixed::Shares;
use segments::Segment;
use single::Single;
use std::cmp::Ordering;

/// Weights below this are what rounding leaves of a zero.
const NO_WEIGHT: f64 = 1e-9;

/// Shares below this part of a file's demand are what rounding leaves of nothing, and not worth a
/// copy.
const NO_SHARE: f64 = 1e-9;

/// A placement in the making.
#[derive(Debug, Clone, Default)]
pub(super) struct Rounding {
    /// What is left of the budgets.
    pub(super) room: Room,
    /// By run, by class, by block: which files are held.
    pub(super) held: [[Vec<u64>; MAX_CLASSES]; 2],
    /// Files of the runs that are served in part, or by more than one class.
    pub(super) parts: Vec<Part>,
    /// As the exceptions.
    pub(super) singles: Vec<Single>,
    /// The indices of the exceptions, the densest first.
    singles_order: Vec<usize>,
    mixture: Vec<(Rows, f64)>,
    /// What tells equal offers apart.
    prices: Rows,
    segments: Vec<Segment>,
    bounds: Vec<f64>,
}

/// A share of a file's demand that a class serves, where that is not simply all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Part {
    pub(super) run: usize,
    pub(super) rank: usize,
    pub(super) class: usize,
    pub(super) served: f64,
}

/// A file of a run, as it is placed.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    run: usize,
    rank: usize,
    mask: Mask,
    size_bytes: u64,
    demand: f64,
}

impl Candidate {
    fn new(files: &Files, run: usize, rank: usize, mask: Mask) -> Self {
        let size_bytes = files.run.sizes_bytes[rank];
        Self { run, rank, mask, size_bytes, demand: files.demand(rank) }
    }
}

impl Rounding {
    /// Rounds the master's mixture. Of equal offers the one that takes least, at these prices, is
    /// taken.
    pub(super) fn round(&mut self, lagrangian: &Lagrangian, master: &Master, prices: &Rows) {
        self.prices = *prices;
        self.begin(lagrangian, master);
        self.place_singles(lagrangian);
        self.cut_segments(lagrangian);
        self.place_agreed(lagrangian);
        self.place_mixed(lagrangian);
        self.share_parts(lagrangian);
        self.fill_singles(lagrangian);
        self.fill(lagrangian);
    }

    fn begin(&mut self, lagrangian: &Lagrangian, master: &Master) {
        self.room = lagrangian.terms.room;
        self.parts.clear();
        for (held, files) in self.held.iter_mut().zip(&lagrangian.runs) {
            for words in &mut held[..lagrangian.terms.classes] {
                reset(words, files.run.blocks(), 0);
            }
        }
        self.mixture.clear();
        let mixed = master.mixture().filter(|(_, weight)| *weight > NO_WEIGHT);
        self.mixture.extend(mixed.map(|(column, weight)| (column.prices, weight)));
    }

    /// What a class would serve of a file, what that takes, and what is gained; `None` when it
    /// does not fit or gains nothing.
    fn offer(&self, lagrangian: &Lagrangian, file: &Candidate, class: usize) -> Option<Offer> {
        let terms = lagrangian.terms;
        if !terms.is_open(class, file.mask) {
            return None;
        }
        let new_copies = terms.new_copies(class, file.mask);
        let disk_bytes = file.size_bytes.saturating_mul(terms.copies[class].into());
        let new_bytes = file.size_bytes.saturating_mul(new_copies.into());
        let served = file.demand.min(self.room.throughput[class]);
        let gain = served - terms.churn_price * new_bytes as f64;
        let offer = Offer { class, disk_bytes, new_bytes, served, gain, price: 0.0 };
        self.good(file.demand, offer)
    }

    /// An offer that fits, gains something, and serves a part of the demand that is worth a copy;
    /// with its price.
    fn good(&self, demand: f64, offer: Offer) -> Option<Offer> {
        let is_good = offer.served > NO_SHARE * demand
            && offer.gain > 0.0
            && self.room.fits(offer.class, offer.disk_bytes, offer.new_bytes);
        is_good.then(|| self.priced(offer))
    }

    fn priced(&self, offer: Offer) -> Offer {
        let (prices, class) = (&self.prices, offer.class);
        let price = offer.disk_bytes as f64 * prices.disk[class]
            + offer.new_bytes as f64 * prices.new[class]
            + offer.served * prices.throughput[class];
        Offer { price, ..offer }
    }

    /// Takes an offer for a file that may be served in part.
    fn take(&mut self, file: &Candidate, offer: &Offer) {
        self.room.take(offer.class, offer.disk_bytes, offer.new_bytes, offer.served);
        self.held[file.run][offer.class][file.rank / 64] |= 1 << (file.rank % 64);
        if offer.served < file.demand {
            let Candidate { run, rank, .. } = *file;
            self.parts.push(Part { run, rank, class: offer.class, served: offer.served });
        }
    }

    /// The shares in which the mixed solutions place something, given where each places it.
    fn shares(&self, place: impl Fn(&Rows) -> Option<usize>) -> Shares {
        let mut shares = Shares::default();
        for (prices, weight) in &self.mixture {
            if let Some(class) = place(prices) {
                shares.classes[class] += weight;
            }
        }
        shares
    }
}

/// What a class would do for a file.
#[derive(Debug, Clone, Copy)]
struct Offer {
    class: usize,
    disk_bytes: u64,
    new_bytes: u64,
    served: f64,
    gain: f64,
    /// What others would pay for what it takes.
    price: f64,
}

impl Offer {
    /// The best offer is the greatest; of equal ones that with the lesser price, then the class
    /// that stands first.
    fn against(&self, other: &Offer) -> Ordering {
        let by_price = other.price.total_cmp(&self.price);
        self.gain.total_cmp(&other.gain).then(by_price).then(other.class.cmp(&self.class))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_offers_the_cheapest_then_the_first() {
        let offer = |class, gain, price| Offer {
            class,
            disk_bytes: 1,
            new_bytes: 0,
            served: gain,
            gain,
            price,
        };
        let best =
            |offers: [Offer; 3]| offers.into_iter().max_by(Offer::against).map(|offer| offer.class);
        assert_eq!(best([offer(0, 5.0, 2.0), offer(1, 5.0, 1.0), offer(2, 4.0, 0.0)]), Some(1));
        assert_eq!(best([offer(0, 5.0, 1.0), offer(1, 5.0, 1.0), offer(2, 5.0, 1.0)]), Some(0));
    }
}
