//! Brings missing objects into the cache: what the manifest wants and the box lacks, in
//! the manifest's order, from the best source that has it.
//!
//! Not here: deciding what to hold (the fleet) and whether bytes are right (the cache
//! compares BLAKE3 before anything becomes visible). This crate moves bytes and remembers
//! which source gave what.
//!
//! Read in this order: [`routes`] (which sources serve an object), [`upstream`] (what is asked
//! of a source) and [`fetch`] (over HTTP), [`slicer`] (pieces into slices), [`offload`] (what
//! blocks), [`transfer`] (one object, source after source), [`health`] (who does not answer), [`ledger`] (who gave what),
//! [`filler`] (all of it, in parallel, until told to stop).

pub mod fetch;
pub mod filler;
mod health;
pub mod ledger;
pub mod offload;
mod pace;
pub mod routes;
mod slicer;
pub mod transfer;
pub mod upstream;

pub use filler::{Filler, Setup};
pub use ledger::Ledger;
pub use offload::{Offload, Threads};
pub use routes::{Route, Routes, Standing};
pub use transfer::{Failure, FillEvent, FillWatch};
pub use upstream::{Body, FetchFailed, Promise, Question, Upstream};
