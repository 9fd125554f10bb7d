//! Calls to libssh2, each with a deadline.
//!
//! They do not block. A call that cannot go on is made again, the same, after something has come or
//! gone; in between we look at the clock. A device that drips a byte a second keeps nobody.

use crate::relay::Relay;
use crate::{Cancel, During, Why};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use ssh2::{BlockDirections, ErrorCode};
use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// What may come beyond what is asked for: banners, keys, messages that mean nothing. libssh2 keeps those
/// that nobody fetches.
const ALLOWANCE_BYTES: u64 = 1 << 20;

/// A byte that comes alone is this many on the way.
const WORST_OVERHEAD: u64 = 96;

/// What libssh2's numbers mean (libssh2.h).
pub(crate) mod codes {
    pub(crate) const KEX_FAILURE: i32 = -5;
    pub(crate) const KEY_EXCHANGE_FAILURE: i32 = -8;
    pub(crate) const SOCKET_SEND: i32 = -7;
    pub(crate) const TIMEOUT: i32 = -9;
    pub(crate) const SOCKET_DISCONNECT: i32 = -13;
    pub(crate) const METHOD_NONE: i32 = -17;
    pub(crate) const AUTHENTICATION_FAILED: i32 = -18;
    pub(crate) const PUBLICKEY_UNVERIFIED: i32 = -19;
    pub(crate) const EAGAIN: i32 = -37;
    pub(crate) const SOCKET_RECV: i32 = -43;
}

/// Something that has to be done in time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    during: During,
    begun: Instant,
    limit: Duration,
}

impl Step {
    pub(crate) fn begin(during: During, limit: Duration) -> Self {
        Self { during, begun: Instant::now(), limit }
    }

    /// Until one of these is ready, or the time is over.
    pub(crate) fn wait(&self, fds: &mut [PollFd<'_>], cancel: &Cancel) -> Result<(), Why> {
        self.check(cancel)?;
        let left = self.limit.saturating_sub(self.begun.elapsed());
        let left = Timespec::try_from(left).map_err(|err| self.protocol(err.to_string()))?;
        match poll(fds, Some(&left)) {
            Ok(_) | Err(Errno::INTR) => self.check(cancel),
            Err(err) => Err(self.protocol(err.to_string())),
        }
    }

    /// Whether there is time left.
    pub(crate) fn check(&self, cancel: &Cancel) -> Result<(), Why> {
        if cancel.is_cancelled() {
            return Err(Why::Cancelled { during: self.during });
        }
        if self.begun.elapsed() >= self.limit {
            return Err(self.deadline());
        }
        Ok(())
    }

    pub(crate) fn deadline(&self) -> Why {
        Why::Deadline { during: self.during, after: self.limit }
    }

    pub(crate) fn protocol(&self, why: String) -> Why {
        Why::Protocol { during: self.during, why }
    }

    /// What an answer of libssh2's means, where nobody knows better.
    pub(crate) fn why(&self, snag: Snag) -> Why {
        match snag {
            Snag::Ended(why) => why,
            Snag::Said { code: codes::TIMEOUT, .. } => self.deadline(),
            Snag::Said {
                code: codes::SOCKET_SEND | codes::SOCKET_DISCONNECT | codes::SOCKET_RECV,
                ..
            } => Why::Closed { during: self.during },
            Snag::Said { why, .. } => self.protocol(why),
        }
    }
}

/// A call that did not succeed.
#[derive(Debug)]
pub(crate) enum Snag {
    /// It came to no end.
    Ended(Why),
    /// libssh2 says why.
    Said { code: i32, why: String },
}

impl From<ssh2::Error> for Snag {
    fn from(err: ssh2::Error) -> Self {
        let (ErrorCode::Session(code) | ErrorCode::SFTP(code)) = err.code();
        Self::Said { code, why: err.message().to_owned() }
    }
}

/// As streams say it, which have lost the number.
impl From<io::Error> for Snag {
    fn from(err: io::Error) -> Self {
        let code = match err.kind() {
            ErrorKind::WouldBlock => codes::EAGAIN,
            ErrorKind::TimedOut => codes::TIMEOUT,
            _ => codes::SOCKET_RECV,
        };
        Self::Said { code, why: err.to_string() }
    }
}

/// A connection, and libssh2 on it. The relay goes first: what libssh2 still has open then ends at once.
pub(crate) struct Wire {
    relay: Relay,
    ssh: ssh2::Session,
    cancel: Cancel,
    allowed_bytes: u64,
}

impl Wire {
    pub(crate) fn new(tcp: TcpStream, cancel: &Cancel) -> io::Result<Self> {
        let (relay, far) = Relay::new(tcp)?;
        let mut ssh = ssh2::Session::new()?;
        ssh.set_blocking(false);
        ssh.set_tcp_stream(far);
        Ok(Self { relay, ssh, cancel: cancel.clone(), allowed_bytes: ALLOWANCE_BYTES })
    }

    pub(crate) fn ssh(&self) -> &ssh2::Session {
        &self.ssh
    }

    /// Something new begins: its share of what nobody asks for.
    pub(crate) fn begin(&mut self, during: During, limit: Duration) -> Step {
        self.allowed_bytes = self.relay.received_bytes() + ALLOWANCE_BYTES;
        Step::begin(during, limit)
    }

    /// So much of what came was wanted.
    pub(crate) fn wanted(&mut self, bytes: usize) {
        self.allowed_bytes += bytes as u64 * WORST_OVERHEAD;
    }

    /// Calls until it is done.
    pub(crate) fn until<T, E: Into<Snag>>(
        &mut self,
        step: &Step,
        call: impl FnMut(&mut ssh2::Session) -> Result<T, E>,
    ) -> Result<T, Why> {
        self.until_said(step, call).map_err(|snag| step.why(snag))
    }

    /// The same for who knows what libssh2's numbers mean.
    pub(crate) fn until_said<T, E: Into<Snag>>(
        &mut self,
        step: &Step,
        mut call: impl FnMut(&mut ssh2::Session) -> Result<T, E>,
    ) -> Result<T, Snag> {
        loop {
            match self.attempt(step, &mut call)? {
                Some(done) => return Ok(done),
                None => self.rest(step).map_err(Snag::Ended)?,
            }
        }
    }

    /// Calls, and comes back without a result only where the device has to say something first. What
    /// waits to be sent has to be sent by the same call: libssh2 takes no other before.
    pub(crate) fn attempt<T, E: Into<Snag>>(
        &mut self,
        step: &Step,
        mut call: impl FnMut(&mut ssh2::Session) -> Result<T, E>,
    ) -> Result<Option<T>, Snag> {
        loop {
            match call(&mut self.ssh).map_err(Into::into) {
                Ok(done) => return Ok(Some(done)),
                Err(Snag::Said { code: codes::EAGAIN, .. }) => {}
                Err(snag) => return Err(snag),
            }
            if matches!(
                self.ssh.block_directions(),
                BlockDirections::Inbound | BlockDirections::None
            ) {
                return Ok(None);
            }
            self.rest(step).map_err(Snag::Ended)?;
        }
    }

    /// Waits until something has come or gone.
    pub(crate) fn rest(&mut self, step: &Step) -> Result<(), Why> {
        while !self.relay.carry() {
            if self.relay.is_ended() {
                return Err(Why::Closed { during: step.during });
            }
            let mut fds = [self.relay.awaited(), PollFd::new(&self.cancel, PollFlags::IN)];
            step.wait(&mut fds, &self.cancel)?;
        }
        if self.relay.received_bytes() > self.allowed_bytes {
            return Err(Why::TooMuch {
                limit_bytes: usize::try_from(ALLOWANCE_BYTES).unwrap_or(usize::MAX),
            });
        }
        step.check(&self.cancel)
    }
}

impl Drop for Wire {
    /// Says goodbye, if that takes no waiting: else the connection says it.
    fn drop(&mut self) {
        let _ = self.ssh.disconnect(None, "done", None);
        self.relay.carry();
    }
}
