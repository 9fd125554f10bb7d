//! The files that a cluster wants otherwise than its region: a short run of their own.

use super::copies::Exceptions;
use super::order::{Run, denser_first};
use super::problem::Problem;
use contract::catalogue::Ordinal;

/// The deviated files of one cluster, by density.
#[derive(Debug, Clone, Default)]
pub(super) struct Deviated {
    pub(super) run: Run,
    sorted: Vec<(Ordinal, u64, f32)>,
}

impl Deviated {
    /// Sorts them. Banned files, and those that are weighed one by one, are left out.
    pub(super) fn sort(&mut self, problem: &Problem, exceptions: &Exceptions) {
        self.sorted.clear();
        for deviation in problem.deviations {
            let ordinal = deviation.ordinal;
            if !problem.bans.contains(ordinal) && !exceptions.contains(ordinal) {
                let size_bytes = problem.region.sizes_bytes[ordinal as usize];
                self.sorted.push((ordinal, size_bytes, deviation.demand.abs()));
            }
        }
        self.sorted.sort_unstable_by(|a, b| denser_first(*a, *b));
        self.run.refill(self.sorted.iter().copied());
    }
}
