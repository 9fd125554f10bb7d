//! The master problem: the best mixture of whole solutions that keeps the budgets.
//!
//! `max Σ_k value_k w_k` subject to `Σ_k uses_kr w_k ≤ budget_r`, `Σ_k w_k ≤ 1`, `w ≥ 0`: a linear
//! program with a dozen rows, solved by the primal simplex method with an explicit inverse. What
//! is in the basis stays feasible when columns are added, so that each solution begins where the
//! last one ended. Its dual values are the next prices to try.

use super::dual::Column;
use super::multipliers::MAX_ROUNDS;
use super::terms::{ROWS, Rows};

/// One row a budget, and one that says that weights are a mixture.
const M: usize = ROWS + 1;

/// Columns at most: the first, and one for each round of both searches ([`super::multipliers`]).
const MAX_COLUMNS: usize = 1 + 2 * MAX_ROUNDS;

/// Pivots in one solution at most: a column or two come in at a time, a few pivots each. Beyond,
/// the basis is degenerate and cycling; what stands then is feasible, only not the best.
const MAX_PIVOTS: usize = 200;

/// What counts as zero, where budgets and the best value are of the size of 1.
const EPSILON: f64 = 1e-11;

type Row = [f64; M];

/// Columns, and the best mixture of them.
#[derive(Debug, Clone)]
pub(super) struct Master {
    columns: Vec<Column>,
    /// The same, each use divided by its budget.
    scaled: Vec<Row>,
    costs: Vec<f64>,
    /// By row: the column in it, or what the budget of a row leaves over.
    basis: [Basic; M],
    inverse: [Row; M],
    /// By row: how much of what is in it.
    amounts: Row,
    per_budget: Row,
    value_scale: f64,
    /// What each budget costs beside the dual values, at least ([`Master::charge`]).
    floors: Rows,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Basic {
    Slack(usize),
    Column(usize),
}

impl Default for Master {
    fn default() -> Self {
        Self {
            columns: Vec::with_capacity(MAX_COLUMNS),
            scaled: Vec::with_capacity(MAX_COLUMNS),
            costs: Vec::with_capacity(MAX_COLUMNS),
            basis: std::array::from_fn(Basic::Slack),
            inverse: identity(),
            amounts: [1.0; M],
            per_budget: [0.0; M],
            value_scale: 1.0,
            floors: Rows::default(),
        }
    }
}

impl Master {
    /// Begins anew, with nothing held.
    pub(super) fn reset(&mut self, budgets: &Rows, value_scale: f64) {
        self.columns.clear();
        self.scaled.clear();
        self.costs.clear();
        self.basis = std::array::from_fn(Basic::Slack);
        self.per_budget = [0.0; M];
        for (per_budget, budget) in self.per_budget.iter_mut().zip(budgets.flat()) {
            // What has no budget is used by nothing.
            *per_budget = if budget > 0.0 { 1.0 / budget } else { 0.0 };
        }
        self.value_scale = value_scale;
        self.floors = Rows::default();
        self.refactor();
    }

    /// How many columns there are.
    pub(super) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// Adds a column.
    pub(super) fn add(&mut self, column: Column) {
        let mut scaled = [1.0; M];
        for (row, uses) in column.uses.flat().iter().enumerate() {
            scaled[row] = uses * self.per_budget[row];
        }
        self.costs.push(self.cost(&column));
        self.columns.push(column);
        self.scaled.push(scaled);
    }

    /// From now on every use costs something, needed or not.
    pub(super) fn charge(&mut self, floors: Rows) {
        self.floors = floors;
        for at in 0..self.columns.len() {
            self.costs[at] = self.cost(&self.columns[at]);
        }
    }

    fn cost(&self, column: &Column) -> f64 {
        (column.value - self.floors.dot(&column.uses)) / self.value_scale
    }

    /// Finds the best mixture.
    pub(super) fn solve(&mut self) {
        self.refactor();
        for _ in 0..MAX_PIVOTS {
            let Some(entering) = self.entering() else { return };
            if !self.pivot(entering) {
                return;
            }
        }
    }

    /// The value of the mixture, floors paid.
    pub(super) fn value(&self) -> f64 {
        let rows = self.basis.iter().zip(&self.amounts);
        rows.map(|(basic, amount)| self.cost_of(*basic) * amount).sum::<f64>() * self.value_scale
    }

    /// The prices at which the mixture is the best, above the floors.
    pub(super) fn prices(&self) -> Rows {
        let mut prices = [0.0; ROWS];
        let duals = self.duals();
        for (row, price) in prices.iter_mut().enumerate() {
            *price = duals[row].max(0.0) * self.per_budget[row] * self.value_scale;
        }
        Rows::from_flat(&prices)
    }

    /// The solutions that are mixed, with their weights.
    pub(super) fn mixture(&self) -> impl Iterator<Item = (&Column, f64)> {
        let rows = self.basis.iter().zip(&self.amounts);
        rows.filter_map(|(basic, amount)| match basic {
            Basic::Column(at) => Some((&self.columns[*at], *amount)),
            Basic::Slack(_) => None,
        })
    }

    fn cost_of(&self, basic: Basic) -> f64 {
        match basic {
            Basic::Slack(_) => 0.0,
            Basic::Column(at) => self.costs[at],
        }
    }

    fn vector(&self, basic: Basic) -> Row {
        match basic {
            Basic::Slack(row) => std::array::from_fn(|at| f64::from(at == row)),
            Basic::Column(at) => self.scaled[at],
        }
    }

    fn duals(&self) -> Row {
        let mut duals = [0.0; M];
        for (basic, inverse) in self.basis.iter().zip(&self.inverse) {
            let cost = self.cost_of(*basic);
            for (dual, entry) in duals.iter_mut().zip(inverse) {
                *dual += cost * entry;
            }
        }
        duals
    }

    /// What would better the mixture most.
    fn entering(&self) -> Option<Basic> {
        let duals = self.duals();
        let slacks = duals.iter().enumerate().map(|(row, dual)| (Basic::Slack(row), -dual));
        let columns = self.scaled.iter().zip(&self.costs).enumerate();
        let columns =
            columns.map(|(at, (scaled, cost))| (Basic::Column(at), cost - dot(&duals, scaled)));
        let mut best = (None, EPSILON);
        for (basic, gain) in slacks.chain(columns) {
            if gain > best.1 && !self.basis.contains(&basic) {
                best = (Some(basic), gain);
            }
        }
        best.0
    }

    /// Takes it in as far as the budgets allow; false when nothing holds it back, which rounding
    /// alone can bring about.
    fn pivot(&mut self, entering: Basic) -> bool {
        let vector = self.vector(entering);
        let direction: Row = std::array::from_fn(|row| dot(&self.inverse[row], &vector));
        let mut leaving: Option<(usize, f64)> = None;
        for row in (0..M).filter(|row| direction[*row] > EPSILON) {
            let ratio = self.amounts[row].max(0.0) / direction[row];
            let is_first = leaving.is_none_or(|(other, least)| {
                ratio < least || (ratio <= least && self.basis[row] < self.basis[other])
            });
            if is_first {
                leaving = Some((row, ratio));
            }
        }
        let Some((row, ratio)) = leaving else { return false };
        let scaled = self.inverse[row].map(|entry| entry / direction[row]);
        for other in (0..M).filter(|other| *other != row) {
            for (entry, scaled) in self.inverse[other].iter_mut().zip(scaled) {
                *entry -= direction[other] * scaled;
            }
            self.amounts[other] -= direction[other] * ratio;
        }
        self.inverse[row] = scaled;
        self.amounts[row] = ratio;
        self.basis[row] = entering;
        true
    }

    /// Inverts the basis anew, so that rounding does not add up from solution to solution. One
    /// that cannot be inverted (columns that are all but alike) is given up for the empty one.
    fn refactor(&mut self) {
        let columns = self.basis.map(|basic| self.vector(basic));
        let matrix: [Row; M] = std::array::from_fn(|row| columns.map(|column| column[row]));
        self.inverse = inverted(matrix).unwrap_or_else(|| {
            self.basis = std::array::from_fn(Basic::Slack);
            identity()
        });
        self.amounts = self.inverse.map(|row| row.iter().sum());
    }
}

fn dot(a: &Row, b: &Row) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn identity() -> [Row; M] {
    std::array::from_fn(|row| std::array::from_fn(|column| f64::from(row == column)))
}

/// By elimination, the largest pivot first.
fn inverted(mut matrix: [Row; M]) -> Option<[Row; M]> {
    let mut inverse = identity();
    for at in 0..M {
        let largest =
            (at..M).max_by(|a, b| matrix[*a][at].abs().total_cmp(&matrix[*b][at].abs()))?;
        if matrix[largest][at].abs() < EPSILON {
            return None;
        }
        matrix.swap(at, largest);
        inverse.swap(at, largest);
        let pivot = matrix[at][at];
        matrix[at] = matrix[at].map(|entry| entry / pivot);
        inverse[at] = inverse[at].map(|entry| entry / pivot);
        let (row, inverse_row) = (matrix[at], inverse[at]);
        for other in (0..M).filter(|other| *other != at) {
            let factor = matrix[other][at];
            for column in 0..M {
                matrix[other][column] -= factor * row[column];
                inverse[other][column] -= factor * inverse_row[column];
            }
        }
    }
    Some(inverse)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(value: f64, disk: [f64; 2]) -> Column {
        let mut column = Column { value, ..Column::default() };
        column.uses.disk[..2].copy_from_slice(&disk);
        column
    }

    #[test]
    fn the_best_mixture_and_its_prices() {
        let mut budgets = Rows::default();
        budgets.disk[..2].copy_from_slice(&[10.0, 30.0]);
        let mut master = Master::default();
        master.reset(&budgets, 8.0);
        master.solve();
        assert_eq!(master.value(), 0.0);
        // Half of the first, which takes all of the first disk.
        master.add(column(8.0, [20.0, 0.0]));
        master.solve();
        assert!((master.value() - 4.0).abs() < 1e-9);
        // Two thirds of the second beside a third of the first.
        master.add(column(6.0, [5.0, 30.0]));
        master.solve();
        assert!((master.value() - (8.0 / 3.0 + 4.0)).abs() < 1e-9);
        // One more byte of the first disk turns a fifteenth of the second into the first.
        assert!((master.prices().disk[0] - 2.0 / 15.0).abs() < 1e-9);
        assert!(master.prices().disk[1].abs() < 1e-9);
        let weights: f64 = master.mixture().map(|(_, weight)| weight).sum();
        assert!((weights - 1.0).abs() < 1e-9);
    }

    #[test]
    fn floors_make_use_dear() {
        let mut budgets = Rows::default();
        budgets.disk[0] = 10.0;
        let mut master = Master::default();
        master.reset(&budgets, 1.0);
        master.add(column(8.0, [5.0, 0.0]));
        let mut floors = Rows::default();
        floors.disk[0] = 2.0;
        master.charge(floors);
        master.solve();
        assert_eq!(master.value(), 0.0);
    }
}
