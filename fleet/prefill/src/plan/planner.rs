//! All clusters, level by level, on as many threads as are given.

use super::asked::{Asked, Sign};
use super::check::{BadFleet, check};
use super::fleet::FleetProblem;
use super::in_force::InForce;
use super::levels::Levels;
use super::outcome::Plan;
use super::site::{Desk, Sink, Site};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

impl Plan {
    /// Plans a fleet on that many threads. The plan is the same for any number of them.
    ///
    /// # Errors
    /// A fleet that makes no sense; nothing was shown to the sink then.
    pub fn new(
        problem: &FleetProblem,
        in_force: &dyn InForce,
        threads: usize,
        sink: &dyn Sink,
    ) -> Result<Self, BadFleet> {
        check(problem)?;
        let levels = Levels::of(problem)?;
        let mut plan = Self::unsolved(problem);
        for clusters in &levels.clusters {
            plan.solve(problem, in_force, threads, clusters, sink);
        }
        Ok(plan)
    }

    /// What there is before anything is solved.
    pub(super) fn unsolved(problem: &FleetProblem) -> Self {
        let clusters = &problem.clusters;
        let mut asked = vec![None; clusters.len()];
        for parent in clusters.iter().filter_map(|cluster| cluster.parent) {
            asked[parent].get_or_insert_with(Arc::<Asked>::default);
        }
        let in_all: Vec<f64> =
            problem.regions.iter().map(|region| region.order.demand_in_all()).collect();
        let wanted = clusters.iter().map(|cluster| {
            cluster.audience.as_ref().map_or(0.0, |audience| {
                let order = &problem.regions[audience.region].order;
                let apart = audience.deviations.iter().map(|deviation| {
                    let regional = audience.share * order.demand(deviation.ordinal);
                    f64::from(deviation.demand) - regional
                });
                (audience.share * in_all[audience.region] + apart.sum::<f64>()).max(0.0)
            })
        });
        Self {
            outcomes: vec![Arc::default(); clusters.len()],
            wanted: wanted.collect(),
            asks_origin: clusters.iter().map(|cluster| cluster.parent.is_none()).collect(),
            asked,
        }
    }

    /// Solves clusters of one level, and adds what they miss to what their parents are asked for.
    pub(super) fn solve(
        &mut self,
        problem: &FleetProblem,
        in_force: &dyn InForce,
        threads: usize,
        clusters: &[usize],
        sink: &dyn Sink,
    ) {
        let sums = Sums::of(self, problem, clusters);
        let asked = &self.asked;
        let outcomes = on_threads(threads, clusters, |desk, at| {
            let site = Site { fleet: problem, in_force, at, asked: asked[at].as_deref() };
            let parent = problem.clusters[at].parent;
            site.solve(desk, Some(sink), |add| sums.add(parent, Sign::More, add))
        });
        sums.store(self);
        for (at, outcome) in outcomes {
            self.outcomes[at] = Arc::new(outcome);
        }
    }
}

/// What parents are asked for, while their children are solved. Whole numbers: who comes first does
/// not matter.
pub(super) struct Sums {
    /// By cluster.
    parents: Vec<Option<Mutex<Asked>>>,
}

impl Sums {
    /// Those of the parents of some clusters, taken out of a plan (or copied, where another plan
    /// has them as well).
    pub(super) fn of(plan: &mut Plan, problem: &FleetProblem, clusters: &[usize]) -> Self {
        let mut parents: Vec<Option<Mutex<Asked>>> = Vec::new();
        parents.resize_with(plan.asked.len(), || None);
        for parent in clusters.iter().filter_map(|at| problem.clusters[*at].parent) {
            if let Some(asked) = plan.asked.get_mut(parent).and_then(Option::take) {
                parents[parent] = Some(Mutex::new(Arc::unwrap_or_clone(asked)));
            }
        }
        Self { parents }
    }

    pub(super) fn add(&self, parent: Option<usize>, sign: Sign, add: &dyn Fn(&mut Asked, Sign)) {
        let asked = parent.and_then(|parent| self.parents.get(parent)?.as_ref());
        if let Some(asked) = asked {
            add(&mut asked.lock().unwrap_or_else(PoisonError::into_inner), sign);
        }
    }

    pub(super) fn store(self, plan: &mut Plan) {
        for (into, asked) in plan.asked.iter_mut().zip(self.parents) {
            if let Some(asked) = asked {
                let asked = asked.into_inner().unwrap_or_else(PoisonError::into_inner);
                *into = Some(Arc::new(asked));
            }
        }
    }
}

/// Does the same for each of many clusters; in no order.
pub(super) fn on_threads<T: Send>(
    threads: usize,
    clusters: &[usize],
    work: impl Fn(&mut Desk, usize) -> T + Sync,
) -> Vec<(usize, T)> {
    let next = AtomicUsize::new(0);
    let take = || clusters.get(next.fetch_add(1, Ordering::Relaxed)).copied();
    let run = || {
        let mut desk = Desk::default();
        let mut done = Vec::new();
        while let Some(at) = take() {
            done.push((at, work(&mut desk, at)));
        }
        done
    };
    let threads = threads.clamp(1, clusters.len().max(1));
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        let mut done = run();
        for other in others {
            match other.join() {
                Ok(of_other) => done.extend(of_other),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    })
}
