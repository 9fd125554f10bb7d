//! A plan after a change: only what changed, and what is above it, is solved again.

use super::asked::Sign;
use super::check::{BadFleet, check};
use super::fleet::FleetProblem;
use super::in_force::InForce;
use super::levels::Levels;
use super::outcome::Plan;
use super::planner::{Sums, on_threads};
use super::site::{Sink, Site};
use std::sync::Arc;

impl Plan {
    /// The plan of `after`, given that this is the plan of `before` and that the two differ in the
    /// clusters `changed` and in no others (those that are new stand at the end of the list). What
    /// boxes hold is what it was. It is the plan that [`Plan::new`] would make of `after`, to the
    /// last bit; the sink sees the clusters that were solved again.
    ///
    /// It costs each changed cluster twice, each parent above them twice and the topmost once; all
    /// clusters of a region, where that region itself is another: [`Plan::new`] is better then.
    ///
    /// # Errors
    /// As [`Plan::new`], of `after`.
    pub fn replanned(
        &self,
        (before, after): (&FleetProblem, &FleetProblem),
        changed: &[usize],
        in_force: &dyn InForce,
        threads: usize,
        sink: &dyn Sink,
    ) -> Result<Self, BadFleet> {
        check(after)?;
        let levels = Levels::of(after)?;
        let again = above(&[before, after], changed);
        let mut plan = Self::unsolved(after);
        for (at, asked) in plan.asked.iter_mut().enumerate().filter(|(_, asked)| asked.is_some()) {
            if let Some(before) = self.asked.get(at).and_then(Option::as_ref) {
                *asked = Some(Arc::clone(before));
            }
        }
        for (at, outcome) in self.outcomes.iter().enumerate().take(plan.outcomes.len()) {
            plan.outcomes[at] = Arc::clone(outcome);
        }
        self.take_back(&mut plan, before, &again, in_force, threads);
        for clusters in &levels.clusters {
            let clusters: Vec<usize> = clusters.iter().copied().filter(|at| again[*at]).collect();
            if !clusters.is_empty() {
                plan.solve(after, in_force, threads, &clusters, sink);
            }
        }
        Ok(plan)
    }

    /// Takes back what clusters asked their parents for before. It is found by solving them once
    /// more as they were: what they asked for is a megabyte each, and not kept.
    fn take_back(
        &self,
        plan: &mut Plan,
        before: &FleetProblem,
        again: &[bool],
        in_force: &dyn InForce,
        threads: usize,
    ) {
        let asks = |at: &usize| again[*at] && before.clusters[*at].parent.is_some();
        let clusters: Vec<usize> = (0..before.clusters.len()).filter(asks).collect();
        let sums = Sums::of(plan, before, &clusters);
        on_threads(threads, &clusters, |desk, at| {
            let asked = self.asked[at].as_deref();
            let site = Site { fleet: before, in_force, at, asked };
            let parent = before.clusters[at].parent;
            site.solve(desk, None, |add| sums.add(parent, Sign::Less, add));
        });
        sums.store(plan);
    }
}

/// By cluster of either fleet: whether it is one of those, or above one.
fn above(fleets: &[&FleetProblem; 2], changed: &[usize]) -> Vec<bool> {
    let count = fleets.iter().map(|fleet| fleet.clusters.len()).max().unwrap_or(0);
    let mut again = vec![false; count];
    for fleet in fleets {
        for at in changed.iter().copied().filter(|at| *at < count) {
            again[at] = true;
            let mut next = fleet.clusters.get(at).and_then(|cluster| cluster.parent);
            while let Some(at) = next.filter(|at| !std::mem::replace(&mut again[*at], true)) {
                next = fleet.clusters.get(at).and_then(|cluster| cluster.parent);
            }
        }
    }
    again
}
