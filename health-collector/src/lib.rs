//! What boxes say of themselves: taken in, put in order, kept, and judged.
//!
//! A report is checked against who sent it, told apart from repetitions and stragglers, and
//! kept: the newest whole, events as rows. The newest of every box also stays in memory, so
//! that a steering answer costs no query. It raises no alert and heals nothing yet, and
//! decides nothing: whether a box is live is a function of time, worked out when asked.
//!
//! Read in this order: [`state`] (live, late, silent), [`purge`] (done, pending, unreachable),
//! [`order`] (new, repeated, stale), [`Collector`] (the way of a report), `late` (what a box could
//! tell nobody), `demand` (what viewers asked for), `store` (SQL).

mod collector;
mod demand;
mod late;
pub mod order;
pub mod purge;
pub mod state;
mod store;
mod twins;

pub use collector::{Accepted, Collector, Latest, ReportError};
pub use demand::{DemandError, MAX_SOURCE_ROWS, SiteDemand};
pub use late::RecordedLateReport;
pub use purge::PurgeState;
pub use state::State;
pub use store::{HeldTitle, RecordedEvent};
