//! Word from other threads: a block has arrived, the server is to end.

use super::token::Place;
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// A message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letter {
    /// A block that this connection waits for has arrived, or cannot be had.
    Block(Place),
    /// Accept nothing more, finish what is in flight.
    Drain,
    /// End now.
    End,
}

/// Where the letters of a thread lie.
#[derive(Debug)]
pub(super) struct Inbox {
    letters: Mutex<Vec<Letter>>,
    bell: EventFd,
}

impl Inbox {
    pub(super) fn new() -> nix::Result<Arc<Self>> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let bell = EventFd::from_value_and_flags(0, flags)?;
        Ok(Arc::new(Self { letters: Mutex::default(), bell }))
    }

    fn letters(&self) -> MutexGuard<'_, Vec<Letter>> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Readable when letters lie here.
    pub(super) fn descriptor(&self) -> RawFd {
        self.bell.as_fd().as_raw_fd()
    }

    /// Leaves a letter, and rings where none lay here before.
    pub(super) fn leave(&self, letter: Letter) {
        let was_empty = {
            let mut letters = self.letters();
            letters.push(letter);
            letters.len() == 1
        };
        if was_empty {
            // The counter of an eventfd does not overflow by ones.
            let _ = self.bell.write(1);
        }
    }

    /// Takes all letters.
    pub(super) fn collect(&self, into: &mut Vec<Letter>) {
        into.clear();
        // First the bell: whoever leaves a letter from now on rings again.
        let _ = self.bell.read();
        std::mem::swap(into, &mut *self.letters());
    }

    /// Leaves a letter when a block has arrived.
    pub(super) fn waker(self: &Arc<Self>, place: Place) -> Waker {
        Waker::from(Arc::new(Waiting { inbox: Arc::clone(self), place }))
    }
}

struct Waiting {
    inbox: Arc<Inbox>,
    place: Place,
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.inbox.leave(Letter::Block(self.place));
    }
}
