//! What the answer is.

use super::bitmap::Bitmap;
use super::problem::{Pin, Problem};
use super::terms::{MAX_CLASSES, Rows};
use contract::catalogue::Ordinal;

/// What a class holds, or is to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holding {
    /// Which files.
    pub held: Bitmap,
    /// How many copies each of them has.
    pub copies_each: u16,
    /// Those that have another number of copies, rising by ordinal, each once and held.
    pub more: Vec<(Ordinal, u16)>,
}

impl Holding {
    /// How many copies there are of a file; 0 when it is not held.
    #[must_use]
    pub fn copies(&self, ordinal: Ordinal) -> u16 {
        if !self.held.contains(ordinal) {
            return 0;
        }
        let at = self.more.binary_search_by_key(&ordinal, |more| more.0);
        at.map_or(self.copies_each, |at| self.more[at].1)
    }

    fn set_copies(&mut self, ordinal: Ordinal, copies: u16) {
        match (self.more.binary_search_by_key(&ordinal, |more| more.0), copies) {
            (Ok(at), 0) => drop(self.more.remove(at)),
            (Ok(at), _) => self.more[at].1 = copies,
            (Err(at), 1..) => self.more.insert(at, (ordinal, copies)),
            (Err(_), 0) => {}
        }
        if copies == 0 {
            self.held.remove(ordinal);
        }
    }
}

/// What one class is to hold and to serve.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClassSolution {
    /// The files.
    pub holding: Holding,
    /// What they take on its disks, copies counted.
    pub disk_bytes: u64,
    /// What of that is not there yet.
    pub new_bytes: u64,
    /// What it serves at the peak.
    pub served_bytes_per_s: f64,
    /// How many files have fewer copies than they should (also than
    /// [`Problem::least_copies`]), since no box had room for another
    /// ([`super::Workspace::spread`]).
    pub short_files: usize,
}

/// A file that is not simply served by the one class that holds it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServedShare {
    /// Which file.
    pub ordinal: Ordinal,
    /// Which class.
    pub class: usize,
    /// What of the file's demand this class serves, in bytes per second.
    pub served_bytes_per_s: f64,
}

/// What every class of a cluster is to hold, and how near to the best that is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Solution {
    /// By class.
    pub classes: Vec<ClassSolution>,
    /// Every share of the files that are served in part, or by more than one of the classes that
    /// hold them; rising by ordinal, then by class. Any other file that is held is held by one
    /// class and served by it wholly.
    pub shares: Vec<ServedShare>,
    /// What the cluster serves of its viewers' peak.
    pub served_bytes_per_s: f64,
    /// That, less the price of new bytes: what was made as large as it could be. Copies that found
    /// no box are paid all the same, as long as the file has any: it has fewer than it should,
    /// and is worth no more for that.
    pub value: f64,
    /// What no placement within these budgets can exceed.
    pub dual_bound: f64,
    /// The price of the new bytes of pins, which both of these have paid.
    pub pin_cost: f64,
    /// What the budgets are worth at the margin.
    pub multipliers: Multipliers,
}

impl Solution {
    /// How far the value may be from the best there is, as a part of what could be won at most:
    /// the bound without the price of new pins, which is paid in any case. 0 (the best) to 1.
    #[must_use]
    pub fn gap(&self) -> f64 {
        let most = self.dual_bound + self.pin_cost;
        let missing = self.dual_bound - self.value;
        debug_assert!(missing >= -1e-9 * (most + self.pin_cost), "{self:?}");
        if most <= 0.0 || missing < 0.0 { 0.0 } else { missing / most }
    }

    /// What the cluster serves of a file whose whole demand is given, in bytes per second.
    #[must_use]
    pub fn served(&self, ordinal: Ordinal, demand: f64) -> f64 {
        let shares = self.shares_of(ordinal);
        if !shares.is_empty() {
            return shares.iter().map(|share| share.served_bytes_per_s).sum();
        }
        let is_held = self.classes.iter().any(|class| class.holding.held.contains(ordinal));
        if is_held { demand } else { 0.0 }
    }

    /// The shares of one file; none where it is simply served.
    pub(super) fn shares_of(&self, ordinal: Ordinal) -> &[ServedShare] {
        let from = &self.shares[self.shares.partition_point(|share| share.ordinal < ordinal)..];
        &from[..from.partition_point(|share| share.ordinal == ordinal)]
    }

    /// Gives up copies that found no box: each file has so many as are named. The value gets a
    /// price back only where a file is given up, and was not a pin, whose price stands in the
    /// bound as well.
    pub(super) fn shorten(&mut self, problem: &Problem, class: usize, short: &[(Ordinal, u16)]) {
        for (ordinal, copies) in short.iter().copied() {
            let size_bytes = problem.region.sizes_bytes[ordinal as usize];
            let of_class = &mut self.classes[class];
            let there = problem.classes[class].there(ordinal, of_class.holding.copies_each);
            let before = of_class.holding.copies(ordinal);
            let new = |copies: u16| size_bytes * u64::from(copies.saturating_sub(there));
            of_class.disk_bytes -= size_bytes * u64::from(before - copies);
            of_class.new_bytes -= new(before) - new(copies);
            of_class.holding.set_copies(ordinal, copies);
            if copies > 0 {
                of_class.short_files += 1;
                continue;
            }
            let unserved = self.unserve(problem, class, ordinal);
            self.served_bytes_per_s -= unserved;
            self.value -= unserved;
            if problem.pins.binary_search(&Pin { ordinal, class }).is_err() {
                self.value += problem.churn_price * new(before) as f64;
            }
        }
    }

    /// A class serves a file no more; how much that was.
    fn unserve(&mut self, problem: &Problem, class: usize, ordinal: Ordinal) -> f64 {
        let at = self.shares.binary_search_by_key(&(ordinal, class), |s| (s.ordinal, s.class));
        let served = match at {
            Ok(at) => self.shares.remove(at).served_bytes_per_s,
            Err(_) => problem.demand(ordinal),
        };
        self.classes[class].served_bytes_per_s -= served;
        served
    }
}

/// What one more of each budget would bring, in bytes per second served: the multipliers of the
/// Lagrangian whose cut-offs the placement follows. None is quite 0: where budgets leave a choice,
/// a small floor under each decides it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Multipliers {
    pub(super) rows: Rows,
}

impl Multipliers {
    /// By class: of one more byte of disk.
    #[must_use]
    pub fn disk_byte(&self) -> [f64; MAX_CLASSES] {
        self.rows.disk
    }

    /// By class: of one more byte per second of throughput.
    #[must_use]
    pub fn throughput(&self) -> [f64; MAX_CLASSES] {
        self.rows.throughput
    }

    /// By class: of one more new byte a day.
    #[must_use]
    pub fn new_byte(&self) -> [f64; MAX_CLASSES] {
        self.rows.new
    }
}
