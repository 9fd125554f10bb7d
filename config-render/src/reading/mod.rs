//! What a device is asked to know what it runs: which commands, and which files.
//!
//! Read in this order: [`ToRead`] (what is asked of whom), `platform.rs` (what is usual for each), `read.rs` (at the
//! device, and made fit to be kept).

mod platform;
mod read;
mod to_read;

pub use platform::complaints;
pub use read::{ReadFailure, Said};
pub use to_read::{NothingToRead, ToRead};

#[cfg(test)]
mod tests;
