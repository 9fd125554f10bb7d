//! How many bytes a cache must bring: request sequences replayed through policies.
//!
//! Read in this order: [`sequence`] (requests whose objects have numbers), [`trace`] (read
//! from a file) and [`sequences`] (made from observed demand, or from a seed alone),
//! [`policies`], [`replay`] (what each misses at five sizes), [`rules`] (what ours has to
//! reach) and [`table`]. The program is `src/bin/byte_miss.rs`.

pub mod observed;
pub mod policies;
pub mod replay;
pub mod rules;
pub mod sequence;
pub mod sequences;
pub mod table;
pub mod trace;
