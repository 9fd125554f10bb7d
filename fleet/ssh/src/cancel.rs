//! Calling visits off.

use rustix::event::{EventfdFlags, eventfd};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Ends the visits that it was given to, at once, wherever they wait. Clones are the same.
#[derive(Debug, Clone)]
pub struct Cancel(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    is_cancelled: AtomicBool,
    /// Readable from the cancellation on: those who wait for a device wait for this as well.
    event: OwnedFd,
}

impl Cancel {
    /// Nothing is called off yet.
    ///
    /// # Errors
    /// When this process may have no more descriptors.
    pub fn new() -> io::Result<Self> {
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self(Arc::new(Inner { is_cancelled: AtomicBool::new(false), event })))
    }

    /// Calls it off, once and for all.
    pub fn cancel(&self) {
        self.0.is_cancelled.store(true, Ordering::Release);
        // Fails only when it was called off 2^64 times.
        let _ = rustix::io::write(&self.0.event, &1_u64.to_ne_bytes());
    }

    /// Whether it is called off.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled.load(Ordering::Acquire)
    }
}

impl AsFd for Cancel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.event.as_fd()
    }
}
