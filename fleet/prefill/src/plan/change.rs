//! What would be different: two plans, of which the second is solved only where it differs.

use super::check::BadFleet;
use super::fleet::{BoxPlace, FleetProblem, PlannedBox, Report};
use super::in_force::InForce;
use super::outcome::{Plan, Totals};
use super::site::PlannedCluster;
use crate::cluster::Deviation;
use contract::catalogue::Ordinal;
use std::sync::Arc;

/// A change to a fleet.
#[derive(Debug, Clone)]
pub enum Change {
    /// One more box in a class.
    AddBox {
        /// The cluster.
        cluster: usize,
        /// Its class.
        class: usize,
        /// The box; its seed is no other's.
        new: PlannedBox,
    },
    /// A box less.
    LoseBox {
        /// Which.
        place: BoxPlace,
    },
    /// A box with less room, or with other budgets.
    Budget {
        /// Which.
        place: BoxPlace,
        /// What it can do then.
        budget: crate::cluster::ClusterBox,
    },
    /// A disk less: a box with that much less room.
    LoseDisk {
        /// Of which box.
        place: BoxPlace,
        /// What it held at most.
        room_bytes: u64,
    },
    /// A cluster without boxes. Its viewers go on wanting what they want.
    LoseSite {
        /// Which.
        cluster: usize,
    },
    /// Files that are wanted more, or less, by the viewers of some clusters: a title that doubles.
    Demand {
        /// Whose viewers.
        clusters: Vec<usize>,
        /// Which files, rising.
        files: Vec<Ordinal>,
        /// By how much what is wanted of them is multiplied.
        factor: f64,
    },
}

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// Without it.
    pub before: Totals,
    /// With it.
    pub after: Totals,
    /// How many clusters had to be solved again.
    pub solved: usize,
}

impl Difference {
    /// What more of the demand the origin is spared, as a part of it; negative when less.
    #[must_use]
    pub fn offload(&self) -> f64 {
        self.after.offload() - self.before.offload()
    }

    /// What more the origin must send, in bytes per second at the peak.
    #[must_use]
    pub fn origin_bytes_per_s(&self) -> f64 {
        self.after.origin_bytes_per_s - self.before.origin_bytes_per_s
    }

    /// What more boxes must fetch, in bytes.
    #[must_use]
    pub fn new_bytes(&self) -> i128 {
        i128::from(self.after.new_bytes) - i128::from(self.before.new_bytes)
    }
}

impl Change {
    /// The fleet with the change, and the clusters that it touches. What names a place that is not
    /// there changes nothing.
    #[must_use]
    pub fn applied<'a>(&self, to: &FleetProblem<'a>) -> (FleetProblem<'a>, Vec<usize>) {
        let mut after = to.clone();
        let touched: Vec<usize> = match self {
            Self::AddBox { cluster, .. } | Self::LoseSite { cluster } => vec![*cluster],
            Self::LoseBox { place } | Self::Budget { place, .. } | Self::LoseDisk { place, .. } => {
                vec![place.cluster]
            }
            Self::Demand { clusters, .. } => clusters.clone(),
        };
        let known = after.clusters.len();
        for at in touched.iter().copied().filter(|at| *at < known) {
            self.apply(&mut after, at);
        }
        (after, touched)
    }

    fn apply(&self, fleet: &mut FleetProblem, at: usize) {
        let regions = fleet.regions;
        let cluster = Arc::make_mut(&mut fleet.clusters[at]);
        let mut one = |place: &BoxPlace, change: &dyn Fn(&mut PlannedBox)| {
            let class = cluster.classes.get_mut(place.class);
            class.and_then(|class| class.boxes.get_mut(place.index)).into_iter().for_each(change);
        };
        match self {
            Self::AddBox { class, new, .. } => {
                if let Some(class) = cluster.classes.get_mut(*class) {
                    class.boxes.push(new.clone());
                }
            }
            Self::LoseBox { place } => one(place, &|one| one.report = Report::Lost),
            Self::Budget { place, budget } => one(place, &|one| one.budget = *budget),
            Self::LoseDisk { place, room_bytes } => one(place, &|one| {
                one.budget.room_bytes = one.budget.room_bytes.saturating_sub(*room_bytes);
            }),
            Self::LoseSite { .. } => {
                let boxes = cluster.classes.iter_mut().flat_map(|class| &mut class.boxes);
                boxes.for_each(|one| one.report = Report::Lost);
            }
            Self::Demand { files, factor, .. } => {
                let Some(audience) = &mut cluster.audience else { return };
                let order = &regions[audience.region].order;
                for ordinal in files.iter().copied() {
                    let regional = audience.share * order.demand(ordinal);
                    multiply(&mut audience.deviations, ordinal, regional, *factor);
                }
            }
        }
    }
}

/// What is wanted of a file, as in the region where it does not deviate yet, times a factor.
fn multiply(deviations: &mut Vec<Deviation>, ordinal: Ordinal, regional: f64, factor: f64) {
    match deviations.binary_search_by_key(&ordinal, |one| one.ordinal) {
        Ok(at) => deviations[at].demand = times(deviations[at].demand.into(), factor),
        Err(at) => {
            let demand = times(regional, factor);
            deviations.insert(at, Deviation { ordinal, demand });
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "demand is kept in single precision")]
fn times(demand: f64, factor: f64) -> f32 {
    (demand * factor) as f32
}

impl Plan {
    /// What would be different with some changes, one after the other: nothing is shown to anybody.
    ///
    /// # Errors
    /// As [`Plan::new`], of the changed fleet.
    pub fn what_if(
        &self,
        problem: &FleetProblem,
        changes: &[Change],
        in_force: &dyn InForce,
        threads: usize,
    ) -> Result<Difference, BadFleet> {
        let (mut after, mut touched) = (problem.clone(), Vec::new());
        for change in changes {
            let (changed, its) = change.applied(&after);
            after = changed;
            touched.extend(its);
        }
        let solved = std::sync::atomic::AtomicUsize::new(0);
        let count = |_: &PlannedCluster| {
            solved.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        };
        let plan = self.replanned((problem, &after), &touched, in_force, threads, &count)?;
        let (before, after) = (self.totals(), plan.totals());
        Ok(Difference { before, after, solved: solved.into_inner() })
    }
}
