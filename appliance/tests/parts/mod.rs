//! A box under test, with all that stands around it: a place on the disk, an origin, a fleet
//! that only counts who knocks, viewers.

pub(crate) mod changing_origin;
pub(crate) mod documents;
pub(crate) mod guest;
pub(crate) mod image;
pub(crate) mod origin;
pub(crate) mod place;
pub(crate) mod running;
pub(crate) mod viewer;

use contract::object::Digest;
use std::time::{Duration, Instant};

/// Waits until something is so.
pub(crate) fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Bytes that differ at every offset.
pub(crate) fn content(path: &str, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 32);
    let mut block = Digest::of(path.as_bytes()).0;
    // A tenth of a megabyte that repeats at no block's length, so that no two blocks agree.
    while bytes.len() < length.min(100_003) {
        bytes.extend_from_slice(&block);
        block = Digest::of(&block).0;
    }
    let some = bytes.clone();
    while bytes.len() < length {
        bytes.extend_from_slice(&some);
    }
    bytes.truncate(length);
    bytes
}
