//! Fleets to plan, and what boxes of them hold. Read in this order: [`drawn`] (a fleet from a seed),
//! [`kept`] (what its boxes hold, in a file).

pub mod drawn;
pub mod kept;
