//! Looks out for what has come, and does not sleep while it drives as hard as it can.
//!
//! A load that sleeps is woken by the server's core: on a loopback the sender carries the
//! packet to the receiver's door, and an interrupt for the other core costs it microseconds,
//! a thousand times and more a gigabyte. Over a network that is the work of another machine.

use anyhow::{Result, ensure};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::time::TimeSpec;
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// A server that says nothing for so long has failed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Pauses between two looks that saw nothing: a microsecond or two, in which the server's
/// core need not wait for the lock of what is looked at.
const PAUSES: usize = 64;

/// How much is taken in at a look.
const EVENTS: usize = 64;

/// The connections that are looked at.
pub(super) struct Lookout {
    epoll: Epoll,
    events: [EpollEvent; EVENTS],
    idle: Duration,
}

impl Lookout {
    pub(super) fn new() -> Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::empty())?;
        Ok(Self { epoll, events: [EpollEvent::empty(); EVENTS], idle: Duration::ZERO })
    }

    /// Looks at a connection too, until it is closed.
    pub(super) fn add(&self, socket: &TcpStream, key: usize) -> Result<()> {
        Ok(self.epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN, key as u64))?)
    }

    /// The keys of those on which something has come, maybe none.
    pub(super) fn look(&mut self) -> Result<impl Iterator<Item = usize> + use<>> {
        let count = match self.epoll.wait(&mut self.events, EpollTimeout::ZERO) {
            // The end of a server that was measured before.
            Err(Errno::EINTR) => 0,
            looked => looked?,
        };
        let events = self.events;
        Ok(events.into_iter().take(count).filter_map(|event| usize::try_from(event.data()).ok()))
    }

    /// Sleeps until something has come, and not for longer than this. Virtual processors
    /// that are always busy may be made to stand still for milliseconds: more than the figure
    /// wants to show where it is the worst in a hundred that counts.
    pub(super) fn doze(&self, most: Duration) -> Result<()> {
        let mut epoll = [PollFd::new(self.epoll.0.as_fd(), PollFlags::POLLIN)];
        match ppoll(&mut epoll, Some(TimeSpec::from_duration(most)), None) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(err) => Err(err.into()),
        }
    }

    /// The keys of those on which something has come, once there are any.
    pub(super) fn wait(&mut self) -> Result<impl Iterator<Item = usize> + use<>> {
        let mut keys = self.look()?.peekable();
        if keys.peek().is_some() {
            return Ok(keys);
        }
        let begun = Instant::now();
        loop {
            keys = self.look()?.peekable();
            if keys.peek().is_some() {
                self.idle += begun.elapsed();
                return Ok(keys);
            }
            ensure!(begun.elapsed() < PATIENCE, "nothing has come for {} s", PATIENCE.as_secs());
            (0..PAUSES).for_each(|_| std::hint::spin_loop());
        }
    }

    /// For how long there was nothing to do, since this was last asked.
    pub(super) fn take_idle(&mut self) -> Duration {
        std::mem::take(&mut self.idle)
    }
}
