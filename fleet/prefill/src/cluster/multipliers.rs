//! The least value of the dual function, and the mixture of cut-offs that goes with it.
//!
//! Dantzig–Wolfe decomposition, which is Kelley's cutting planes seen from the other side: the
//! master mixes the solutions known so far ([`super::master`]), its prices are tried on all files
//! ([`super::dual`]), the answer is one more solution to mix, and once more until the mixture is
//! worth what the dual function says nothing can exceed. Prices are tried between the master's
//! and the best so far (Wentges 1997), which keeps them from swinging.
//!
//! Then the same once more with a small floor under all prices. Where budgets leave a choice, it
//! falls on fewer bytes, on what is there already, and on the class that feels it least: the
//! cut-offs then mean something where they would not have mattered.

use super::dual::Lagrangian;
use super::master::Master;
use super::terms::{MAX_CLASSES, Rows, Terms};

/// The first search ends when the mixture is this near to the bound, as a part of it: a hundredth
/// of the gap that is asked for.
const NEAR: f64 = 1e-6;

/// What the floors may cost, as a part of the value: a tenth of the gap that is asked for.
const FLOOR: f64 = 1e-5;

/// The second search ends when it is this near. Far below [`FLOOR`], or the floors would decide
/// nothing, and mixtures would reach over many files that are then weighed one by one.
const NEARER: f64 = 1e-10;

/// Questions to the dual function, at most, in each of the two searches. Two classes take about
/// thirty; beyond this the bound is printed as far as it came.
pub(super) const MAX_ROUNDS: usize = 200;

/// How far to the best prices so far the next ones are drawn.
const DRAWN: f64 = 0.4;

/// Where the search ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Minimum {
    /// The least value of the dual function that was seen.
    pub(super) bound: f64,
    /// The best prices with their floors: at the least bound itself some may be nothing that
    /// the floors make something, and the cut-offs of the mixture are not those there.
    pub(super) prices: Rows,
}

/// Minimises the dual function; leaves the mixture in the master, with a column for each time that
/// the function was asked.
pub(super) fn minimise(lagrangian: &Lagrangian, master: &mut Master) -> Minimum {
    let budgets = lagrangian.budgets();
    let first = lagrangian.at(&guess(lagrangian));
    let bound = first.bound(&budgets);
    let minimum = Minimum { bound, prices: first.prices };
    master.reset(&budgets, if bound > 0.0 { bound } else { 1.0 });
    master.add(first);
    // A bound of nothing: there is nothing to gain.
    if bound <= 0.0 {
        return minimum;
    }
    let mut search = Search { lagrangian, master, budgets, minimum };
    if let Some(prices) = search.descend(Rows::default(), NEAR) {
        search.minimum.prices = prices;
    }
    let floors = floors(lagrangian.terms, &budgets, search.master.value());
    search.master.charge(floors);
    if let Some(prices) = search.descend(floors, NEARER) {
        search.minimum.prices = sum(&prices, &floors);
    }
    search.minimum
}

/// As if all disks were one and nothing else scarce: the density at which it is full.
fn guess(lagrangian: &Lagrangian) -> Rows {
    let terms = lagrangian.terms;
    let mut prices = Rows::default();
    let [region, _] = lagrangian.runs;
    let disk_bytes: u64 =
        terms.room.disk_bytes.iter().fold(0, |sum, bytes| sum.saturating_add(*bytes));
    let mut bytes = 0;
    let full = region.run.totals.iter().position(|total| {
        bytes += total.bytes;
        bytes > disk_bytes
    });
    if let Some(block) = full {
        prices.disk = [region.density(block * super::order::BLOCK); MAX_CLASSES];
    }
    prices
}

/// A small price on every use, less than [`FLOOR`] of the value in all.
///
/// From the class with most throughput for its disk to the one with least, that of throughput
/// rises and that of disk falls: where nothing else decides between classes, the densest files go
/// to the fastest, and there is one cut-off between two classes and no mixture.
fn floors(terms: &Terms, budgets: &Rows, value: f64) -> Rows {
    let classes = terms.classes;
    let each = FLOOR * value / (3 * classes) as f64;
    let floor = |budget: f64| if budget > 0.0 { each / budget } else { 0.0 };
    let speed = |class: usize| terms.room.throughput[class] / budgets.disk[class].max(1.0);
    let demand = budgets.throughput.iter().copied().fold(0.0, f64::max);
    let mut floors = Rows::default();
    for class in 0..classes {
        let is_faster = |other: &usize| {
            let order = speed(*other).total_cmp(&speed(class));
            order.then(class.cmp(other)).is_gt()
        };
        let faster = (0..classes).filter(is_faster).count();
        floors.throughput[class] = floor(demand) * (faster + 1) as f64 / classes as f64;
        floors.disk[class] =
            floor(budgets.disk[class]) * (classes - faster) as f64 / classes as f64;
        floors.new[class] = floor(budgets.new[class]);
    }
    floors
}

struct Search<'a> {
    lagrangian: &'a Lagrangian<'a>,
    master: &'a mut Master,
    budgets: Rows,
    minimum: Minimum,
}

impl Search<'_> {
    /// Adds columns until the mixture is near to the bound. Returns the best prices above the
    /// floors.
    fn descend(&mut self, floors: Rows, near: f64) -> Option<Rows> {
        let paid = floors.dot(&self.budgets);
        // The prices above the floors at which the bound was the least, and that bound less what
        // the floors add to it.
        let mut best: Option<(Rows, f64)> = None;
        for _ in 0..MAX_ROUNDS {
            self.master.solve();
            let newest = self.master.prices();
            if best.is_some_and(|(_, bound)| bound - self.master.value() <= near * bound) {
                break;
            }
            let tried = best.map_or(newest, |(prices, _)| between(&newest, &prices));
            let column = self.lagrangian.at(&sum(&tried, &floors));
            let bound = column.bound(&self.budgets);
            self.minimum.bound = self.minimum.bound.min(bound);
            if best.is_none_or(|(_, least)| bound - paid < least) {
                best = Some((tried, bound - paid));
            }
            self.master.add(column);
        }
        best.map(|(prices, _)| prices)
    }
}

fn between(newest: &Rows, best: &Rows) -> Rows {
    let (newest, mut drawn) = (newest.flat(), best.flat());
    for (drawn, newest) in drawn.iter_mut().zip(newest) {
        *drawn = DRAWN * *drawn + (1.0 - DRAWN) * newest;
    }
    Rows::from_flat(&drawn)
}

fn sum(a: &Rows, b: &Rows) -> Rows {
    let (mut sum, b) = (a.flat(), b.flat());
    for (sum, b) in sum.iter_mut().zip(b) {
        *sum += b;
    }
    Rows::from_flat(&sum)
}
