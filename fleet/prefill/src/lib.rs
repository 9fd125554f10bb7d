//! Which object belongs on which appliance, and from whom it gets it: a pure planner.
//!
//! It reads no clock, no network, no database; what is asked twice has the same answer.
//!
//! What viewers will want is forecast from what they watched: [`demand`] (how often each file will be
//! played tomorrow, from counters of boxes); [`forecast`] (how much will be watched of titles that
//! are listed, and where), which [`backtest`] tries on weeks that were observed. [`question`] is all
//! that one placement follows from, and its answer: which titles each box is to hold. It is found by
//! [`cluster`], which places by demand, within the budgets of one cluster's hardware, and says how
//! near to the best that is, and [`plan`], which does so for all clusters of a fleet, parents
//! included.
//!
//! Whether another way of placing is better is found out at some sites, beside others that are like
//! them: [`trial`].
//!
//! What is left then is here: [`rank`] (in which order a box fetches the objects of a title),
//! [`solve`] (what fits onto its disks), [`fill_sources`] (who shares it with whom).

pub mod backtest;
pub mod cluster;
pub mod demand;
pub mod forecast;
mod place;
pub mod plan;
pub mod question;
mod rank;
mod source;
pub mod trial;

pub use place::{BoxPlan, NotPlaced, Reason, Solution, footprint, solve};
pub use rank::rank;
pub use source::{BoxSources, SharedBatch, fill_sources};

use contract::catalogue::Ordinal;
use contract::names::{DeviceName, GroupName, SiteName};
use std::sync::Arc;

/// What is to be put onto disks, and which of it where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The objects, in any order.
    pub objects: Vec<Item>,
    /// The boxes.
    pub boxes: Vec<BoxRoom>,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its number.
    pub ordinal: Ordinal,
    /// Its content group.
    pub group: GroupName,
    /// The place of its title among all titles; smaller comes first.
    pub title_rank: u32,
    /// Its path.
    pub path: Arc<str>,
    /// Its length.
    pub size_bytes: u64,
}

/// One box and the room it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxRoom {
    /// Its name.
    pub device: DeviceName,
    /// Where it stands.
    pub site: SiteName,
    /// What objects may take, disk by disk.
    pub disks_bytes: Vec<u64>,
    /// The titles that it is to hold, by their places among all titles, best first.
    pub titles: Vec<u32>,
}

#[cfg(test)]
mod tests;
