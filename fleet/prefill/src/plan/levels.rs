//! Who is solved before whom.

use super::check::BadFleet;
use super::fleet::FleetProblem;
use std::sync::Arc;

/// The clusters by level: leaves first, and each parent after all that ask it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Levels {
    /// By cluster.
    pub(super) level: Vec<usize>,
    /// By level: the clusters, rising.
    pub(super) clusters: Vec<Vec<usize>>,
}

impl Levels {
    /// Finds them.
    ///
    /// # Errors
    /// A cluster that is above itself.
    pub(super) fn of(problem: &FleetProblem) -> Result<Self, BadFleet> {
        let parent = |at: usize| problem.clusters[at].parent;
        let count = problem.clusters.len();
        let mut children = vec![0usize; count];
        (0..count).filter_map(parent).for_each(|above| children[above] += 1);
        let mut level = vec![0; count];
        let mut ready: Vec<usize> = (0..count).filter(|at| children[*at] == 0).collect();
        let mut done = 0;
        while let Some(at) = ready.pop() {
            done += 1;
            let Some(above) = parent(at) else { continue };
            level[above] = level[above].max(level[at] + 1);
            children[above] -= 1;
            if children[above] == 0 {
                ready.push(above);
            }
        }
        if done < count {
            // Whoever is left is on a cycle or above one.
            let on = (0..count).find(|at| children[*at] > 0).unwrap_or(0);
            return Err(cycle(problem, on));
        }
        let mut clusters = vec![Vec::new(); level.iter().max().map_or(0, |most| most + 1)];
        level.iter().enumerate().for_each(|(at, level)| clusters[*level].push(at));
        Ok(Self { level, clusters })
    }
}

/// Names a cycle that is on the way up from a cluster.
fn cycle(problem: &FleetProblem, from: usize) -> BadFleet {
    let parent = |at: usize| problem.clusters[at].parent.unwrap_or(at);
    let mut at = from;
    (0..problem.clusters.len()).for_each(|_| at = parent(at));
    let mut names = vec![&*problem.clusters[at].name];
    let mut next = parent(at);
    while next != at {
        names.push(&problem.clusters[next].name);
        next = parent(next);
    }
    BadFleet::Cycle { cluster: Arc::clone(&problem.clusters[at].name), names: names.join(", ") }
}
