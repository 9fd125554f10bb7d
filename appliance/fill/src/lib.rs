//! Brings missing objects into the cache: what the manifest wants and the box lacks, in
//! the manifest's order, from the best source that has it.
//!
//! Not here: deciding what to hold (the fleet) and whether bytes are right (the cache
//! compares BLAKE3 before anything becomes visible). This crate moves bytes and remembers
//! which source gave what.
//!
//! Read in this order: [`routes`] (which sources serve an object), `widening` (when those further
//! away are asked), `health` (who does not answer) and `trust` (what lies cost), with `back_off`
//! behind both, [`upstream`] (what is asked of a source) and [`fetch`] (over HTTP, with
//! `read_ahead` below it, and [`pace`] beside), [`window`], [`admission`] and [`gate`] (who may
//! fill now), `urgent` (what cannot wait), `caps` (how fast, with `lanes`, `bucket` and `arrivals` behind
//! it), `grant` and `draw` (bytes, as they are allowed), `slicer` (pieces into slices, in
//! `buffers`), [`offload`] (what blocks), `failure` (why something did not come), [`transfer`] (one
//! object, source after source),
//! [`ledger`] and `board` (who gave what, and how far it has come), [`rules`] (what the
//! configuration says of all this), `backlog` (what is missing), [`filler`] (in parallel, until
//! told to stop), `awaiting` (what viewers wait for, before all of it). And for what nobody
//! ordered: `directives` and `freshness` (what answers allow),
//! [`origins`] (what is asked), [`demand`] (all of it); and [`neighbours`]: who else would serve
//! what a viewer has asked this box for.

pub mod admission;
mod arrivals;
mod awaiting;
mod back_off;
mod backlog;
mod board;
mod boxes;
mod bucket;
mod buffers;
mod caps;
pub mod demand;
mod directives;
mod draw;
mod failure;
pub mod fetch;
pub mod filler;
mod freshness;
pub mod gate;
mod grant;
mod health;
mod homes;
mod lanes;
pub mod ledger;
pub mod neighbours;
pub mod offload;
pub mod origins;
pub mod pace;
mod read_ahead;
pub mod routes;
pub mod rules;
mod slicer;
pub mod transfer;
mod trust;
pub mod upstream;
mod urgent;
mod widening;
pub mod window;

pub use demand::Demand;
pub use failure::Failure;
pub use filler::{Filler, Setup};
pub use ledger::Ledger;
pub use neighbours::{Neighbours, Offers};
pub use offload::{Offload, Threads};
pub use origins::Origins;
pub use routes::{Route, Routes, Standing};
pub use rules::{Clock, Rules};
pub use transfer::{FillEvent, FillWatch};
pub use upstream::{Body, Came, FetchFailed, Manner, Promise, Question, Upstream};
