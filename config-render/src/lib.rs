//! From what the inventory intends to the text that a device reads, and to a device that runs it.
//!
//! ```text
//! inventory ── facts ──┐
//! contexts ── values ──┼─ files (which, by role) ─ workers, engine (templates) ─> texts ─ lint, checkers
//! fleet ───── intent ──┘                                                            │
//!                                                    device (a change that comes back), apply <┘
//! ```
//!
//! Read in this order: [`values`] (settings, and who has said them), [`Facts`] (what the inventory has of a
//! device), [`files`] (which files it has), [`engine`] and [`workers`] (templates, within limits, and where they
//! can do no harm), [`appliance_values`] (what an appliance's own file is made of), [`lint`] (what is wrong
//! though each device would take its own); then [`device`] (a change that comes back by itself), [`apply`]
//! (brought there); [`reading`] (what a device is asked), [`archive`] (what it says, fit to be kept),
//! [`revisions`] (where that is kept, and a git repository of it).

mod appliance;
pub mod apply;
pub mod archive;
pub mod device;
mod digest;
pub mod engine;
mod facts;
pub mod files;
mod intent;
pub mod lint;
pub mod reading;
pub mod revisions;
pub mod values;
pub mod workers;

pub use appliance::{NoValues, appliance_values};
pub use facts::{Facts, all_facts, facts_of};
pub use intent::{Files, FleetAddress, Intent, Origin};

#[cfg(test)]
mod tests;
