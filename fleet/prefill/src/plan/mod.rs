//! The plan of a whole fleet: every cluster solved, and what it leaves over asked of its parent.
//!
//! Clusters form trees: sites at the leaves, parents above them, the origin above all. A leaf
//! places what its own viewers want ([`crate::cluster`]). What it does not serve becomes demand of
//! its parent, and so on up. The leaves hinder each other nowhere, so they are solved on as many
//! threads as there are; then the parents, level by level.
//!
//! **The same plan whatever the number of threads.** What parents are asked for is added up in whole
//! numbers ([`asked`]), whose sum has no order. That also makes a change cheap: what a cluster asked
//! for before is subtracted, what it asks for now is added, and only it and those above it are
//! solved again ([`Plan::replanned`]), to the same bits as from the beginning.
//!
//! **Not all in memory.** What a box holds today is asked for when its cluster is solved
//! ([`InForce`]); what it is to hold is shown once ([`Sink`]). Kept are a line for each cluster and
//! what each parent is asked for.
//!
//! Read in this order: `fleet` (what is asked), `check` (what is wrong with it), `levels`,
//! `in_force`, `site` (one cluster), `asked` (of parents), `planner` (all of them), `replan`,
//! `outcome`; then what is made of a plan: `delta` (one box's manifest), `finish` (when it has all),
//! `change` (what would be different), `shortfall` (what will not be enough).

mod asked;
mod change;
mod check;
mod delta;
mod finish;
mod fleet;
mod in_force;
mod levels;
mod outcome;
mod planner;
mod replan;
mod shortfall;
mod site;

pub use change::{Change, Difference};
pub use check::{BadFleet, Remark, remarks};
pub use delta::BoxDelta;
pub use finish::{FillWindow, Finish, finish};
pub use fleet::{
    Audience, BoxPlace, Cluster, FleetProblem, HardwareClass, PlannedBox, Policy, Region, Report,
    Rights,
};
pub use in_force::{InForce, Nothing};
pub use outcome::{BoxOutcome, ClassOutcome, ClusterOutcome, Plan, State, Totals};
pub use shortfall::{Ahead, Budget, Lacking, Prices, Remedy, Shortfall, shortfall};
pub use site::{PlannedCluster, Sink};

#[cfg(test)]
mod tests;
