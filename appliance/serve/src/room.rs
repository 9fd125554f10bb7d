//! How many connections there may be, over all addresses and engines. It is the limit on
//! memory as well: what one can make the server keep is bounded.

use contract::config::Limits;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Buffers for a record of each direction, what is sealed and not sent, what rustls keeps.
const BUFFERS_BYTES: u64 = 136 << 10;

/// The most that one connection takes of this process's memory, whatever its client does:
/// 160 KiB under the limits that are the default. One that says nothing takes some 3 KiB on
/// the `uring` engine.
#[must_use]
pub fn most_bytes_per_connection(limits: &Limits) -> u64 {
    BUFFERS_BYTES + limits.max_request_line_bytes.0 + limits.max_header_bytes.0
}

/// Places for connections.
#[derive(Debug)]
pub(crate) struct Room(AtomicU64);

/// One place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Held(Arc<Room>);

impl Room {
    pub(crate) fn new(places: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(places)))
    }

    /// A place, if there is one.
    pub(crate) fn take(self: &Arc<Self>) -> Option<Held> {
        let taken =
            self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        taken.is_ok().then(|| Held(Arc::clone(self)))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back() {
        let room = Room::new(1);
        let held = room.take();
        assert!(held.is_some() && room.take().is_none());
        drop(held);
        assert!(room.take().is_some());
    }
}
