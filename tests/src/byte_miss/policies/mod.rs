//! Who decides what a cache keeps: one file for each.

pub mod belady;
pub mod fifo;
pub mod lru;
pub mod ours;
pub mod s3_fifo;
pub mod sketch;
pub mod tiny_lfu;

use super::sequence::Request;

/// A cache of content that is brought when it is asked for. It says of each request whether
/// the object was there, and keeps at most its capacity.
pub trait Policy {
    /// Asks for the object whose turn it is in the sequence; whether it was there.
    fn request(&mut self, request: &Request) -> bool;

    /// What it holds now.
    fn used_bytes(&self) -> u64;
}
