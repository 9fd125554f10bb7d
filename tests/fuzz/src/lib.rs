//! Parsers of what strangers send, under arbitrary octets.
//!
//! Each module is a target: a function that takes octets and panics when a parser does, or
//! when what it says cannot be true. `tests/fuzz/run` drives them with libFuzzer, guided by
//! the coverage of our own crates; the tests here run the seeds that are kept, and the
//! crashes that were found.

pub mod cmcd;
pub mod head;
pub mod range;
pub mod records;
