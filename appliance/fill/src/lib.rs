//! Brings missing objects into the cache: what the manifest wants and the box lacks, in
//! the manifest's order, from the best source that has it.
//!
//! Not here: deciding what to hold (the fleet) and whether bytes are right (the cache
//! compares BLAKE3 before anything becomes visible). This crate moves bytes and remembers
//! which source gave what.
//!
//! Read in this order: [`routes`] (which sources serve an object), [`upstream`] (what is asked
//! of a source) and [`fetch`] (over HTTP), [`slicer`] (pieces into slices), [`offload`] (what
//! blocks), [`window`] and [`gate`] (who may fill now), [`caps`] (how fast, with `bucket` and
//! `arrivals` behind it), [`grant`] (what may be drawn), [`waiting`] (and why not),
//! [`transfer`] (one object, source after source), [`ledger`] (who gave what), [`filler`] (all of
//! it, in parallel, until told to stop).

pub mod admission;
mod arrivals;
mod bucket;
pub mod caps;
pub mod fetch;
pub mod filler;
pub mod gate;
pub mod grant;
pub mod ledger;
pub mod offload;
mod pace;
pub mod routes;
mod slicer;
pub mod transfer;
pub mod upstream;
pub mod waiting;
pub mod window;

pub use filler::{Filler, Setup};
pub use ledger::Ledger;
pub use offload::{Offload, Threads};
pub use routes::Routes;
pub use transfer::{Failure, FillEvent, FillWatch};
pub use upstream::{Body, FetchFailed, Promise, Upstream};
