//! The dual function: what all files together gain at given multipliers.
//!
//! `L(λ, μ, ν) = Σ_f max(0, max_c gain_fc) + Σ_c (λ_c disk_c + μ_c throughput_c + ν_c new_c)`:
//! for no multipliers is it less than the value of any placement, so its least value is the
//! bound that is printed. It is convex; where it is smooth its gradient is what the budgets leave
//! over.

use super::copies::Exception;
use super::envelope::Envelope;
use super::order::Sum;
use super::sums::Files;
use super::terms::{MAX_CLASSES, Mask, Rows, Terms};

/// The placement problem of a cluster, ready to be asked for its dual function.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lagrangian<'a> {
    pub(super) terms: &'a Terms,
    /// The region's files, and those that are wanted otherwise here.
    pub(super) runs: [Files<'a>; 2],
    pub(super) exceptions: &'a [Exception],
}

/// What is best for every file at some prices, whatever the budgets.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Column {
    pub(super) prices: Rows,
    /// Served, less the churn price of new bytes.
    pub(super) value: f64,
    /// How much of each budget it takes.
    pub(super) uses: Rows,
}

impl Lagrangian<'_> {
    /// Lets every file go where it gains most at these prices.
    pub(super) fn at(&self, prices: &Rows) -> Column {
        let mut column = Column { prices: *prices, ..Column::default() };
        for mask in 0..self.terms.masks() {
            self.add_mask(&mut column, mask);
        }
        for file in self.exceptions {
            let Some(class) = file.best(prices, self.terms.churn_price) else { continue };
            let choice = &file.choices[class];
            let new_bytes = choice.new_bytes as f64;
            column.uses.disk[class] += choice.disk_bytes as f64;
            column.uses.new[class] += new_bytes;
            column.uses.throughput[class] += file.demand;
            column.value += file.demand - self.terms.churn_price * new_bytes;
        }
        column
    }

    fn add_mask(&self, column: &mut Column, mask: Mask) {
        let envelope = self.envelope(mask, &column.prices);
        for files in self.runs.iter().filter(|files| files.has(mask)) {
            let mut denser = Sum::default();
            for step in envelope.steps() {
                let sum = files.above(mask, files.rank_below(step.above));
                self.add(column, step.class, mask, sum.without(denser));
                denser = sum;
            }
        }
    }

    fn add(&self, column: &mut Column, class: usize, mask: Mask, sum: Sum) {
        let bytes = sum.bytes as f64;
        let new_bytes = bytes * f64::from(self.terms.new_copies(class, mask));
        column.uses.disk[class] += bytes * f64::from(self.terms.copies[class]);
        column.uses.new[class] += new_bytes;
        column.uses.throughput[class] += sum.demand;
        column.value += sum.demand - self.terms.churn_price * new_bytes;
    }

    /// The budgets, none larger than all files together could use: beyond that they mean nothing,
    /// and sums with them would lose their last digits.
    pub(super) fn budgets(&self) -> Rows {
        let mut all = Sum::default();
        self.runs.iter().for_each(|files| all.add(files.all()));
        let demand = all.demand + self.exceptions.iter().map(|file| file.demand).sum::<f64>();
        let mut rows = self.terms.room.rows();
        for class in 0..self.terms.classes {
            let single = self.exceptions.iter().map(|file| file.choices[class].disk_bytes as f64);
            let bytes = all.bytes as f64 * f64::from(self.terms.copies[class]);
            let usable = bytes + single.sum::<f64>();
            rows.disk[class] = rows.disk[class].min(usable);
            rows.throughput[class] = rows.throughput[class].min(demand);
            rows.new[class] = rows.new[class].min(usable);
        }
        rows
    }

    /// Where files of that mask go at these prices.
    pub(super) fn envelope(&self, mask: Mask, prices: &Rows) -> Envelope {
        Envelope::of(&self.terms.lines(mask, prices))
    }
}

impl Column {
    /// The dual function at these prices.
    pub(super) fn bound(&self, budgets: &Rows) -> f64 {
        let mut left = *budgets;
        for class in 0..MAX_CLASSES {
            left.disk[class] -= self.uses.disk[class];
            left.throughput[class] -= self.uses.throughput[class];
            left.new[class] -= self.uses.new[class];
        }
        self.value + self.prices.dot(&left)
    }
}
