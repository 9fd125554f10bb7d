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
        let is_plain = |ordinal| !problem.bans.contains(ordinal) && !exceptions.contains(ordinal);
        sort_into(&mut self.sorted, problem, is_plain);
        self.run.refill(self.sorted.iter().copied());
    }
}

/// Fills a list with the deviated files of a kind, with their sizes and demand, by density.
pub(super) fn sort_into(
    sorted: &mut Vec<(Ordinal, u64, f32)>,
    problem: &Problem,
    mut is_wanted: impl FnMut(Ordinal) -> bool,
) {
    sorted.clear();
    for deviation in problem.deviations.iter().filter(|deviation| is_wanted(deviation.ordinal)) {
        let size_bytes = problem.region.sizes_bytes[deviation.ordinal as usize];
        sorted.push((deviation.ordinal, size_bytes, deviation.demand));
    }
    sorted.sort_unstable_by(|a, b| denser_first(*a, *b));
}
