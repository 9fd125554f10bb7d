//! Which object belongs on which appliance, and from whom it gets it: a pure planner.
//!
//! Today's policy is «everything everywhere that fits»: objects in rank order, onto the disk
//! with the most room, until nothing fits. Demand plays no part yet, and neither does what a
//! box holds already: the order is a function of the catalogue alone, so a plan made twice is
//! the same plan. It reads no clock, no network, no database.
//!
//! Read in this order: [`Problem`] and [`Solution`], [`rank`] (which objects come first),
//! [`place`] (what fits), [`source`] (who shares it with whom).
//!
//! What is to take that policy's place, and is in force nowhere yet: [`forecast`] (how much will be
//! watched where), [`backtest`] (how good that was on weeks that were observed), [`demand`] (how
//! often each file will be played tomorrow, from counters of boxes), [`cluster`], which places by
//! demand, within the budgets of one cluster's hardware, and says how near to the best that is, and
//! [`plan`], which does so for all clusters of a fleet, parents included.

pub mod backtest;
pub mod cluster;
pub mod demand;
pub mod forecast;
mod place;
pub mod plan;
pub mod question;
mod rank;
mod source;

pub use place::{BoxPlan, NotPlaced, Reason, Solution, solve};
pub use rank::rank;
pub use source::{BoxSources, SharedBatch, fill_sources};

use contract::catalogue::Ordinal;
use contract::names::{DeviceName, GroupName, SiteName};
use std::sync::Arc;

/// What is to be placed, and where it could go.
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
}

#[cfg(test)]
mod tests;
