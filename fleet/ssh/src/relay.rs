//! What stands between libssh2 and the network.
//!
//! libssh2 reads from its socket whatever there is, and forgets what a device has said when that reading
//! ends in an error: from a switch that hangs up right behind the last line, the configuration is
//! lost. So it gets one end of a pair of sockets, which does not end; and of what has come it gets the
//! last bytes only when it was asked for all that stood before, since they may be a goodbye
//! (SSH_MSG_DISCONNECT). The bytes are carried to and fro here, by the same thread, when it waits.
//! That also lets us count what comes.

use rustix::event::{PollFd, PollFlags};
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

/// As much as libssh2 reads at a time.
const BUFFER_BYTES: usize = 16 << 10;

/// Shorter than a goodbye and the channel's end before it: 36 and 52 bytes at least, whatever the cipher.
/// What a device has said does not reach into the last of these.
const GOODBYE_BYTES: usize = 64;

/// Both ends of what libssh2 does not see.
#[derive(Debug)]
pub(crate) struct Relay {
    tcp: TcpStream,
    near: UnixStream,
    inbound: Buffer,
    outbound: Buffer,
    received_bytes: u64,
    is_ended: bool,
}

impl Relay {
    /// Around a connection that does not block; gives libssh2's end as well.
    pub(crate) fn new(tcp: TcpStream) -> io::Result<(Self, UnixStream)> {
        let (near, far) = UnixStream::pair()?;
        near.set_nonblocking(true)?;
        far.set_nonblocking(true)?;
        let (inbound, outbound) = (Buffer::new(), Buffer::new());
        Ok((Self { tcp, near, inbound, outbound, received_bytes: 0, is_ended: false }, far))
    }

    /// Carries what can be carried without waiting, inwards once. Says whether that was anything: then
    /// libssh2 is asked before it is given more.
    pub(crate) fn carry(&mut self) -> bool {
        let mut is_any = false;
        while self.outwards() {
            is_any = true;
        }
        is_any | self.inwards()
    }

    /// Whether the device has hung up, and everything that it said was handed over.
    pub(crate) fn is_ended(&self) -> bool {
        self.is_ended && self.inbound.is_empty()
    }

    /// How much has come.
    pub(crate) fn received_bytes(&self) -> u64 {
        self.received_bytes
    }

    /// What to wait for, after [`Self::carry`]: what can then be carried.
    pub(crate) fn awaited(&self) -> PollFd<'_> {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, self.inbound.is_empty() && !self.is_ended);
        flags.set(PollFlags::OUT, !self.outbound.is_empty());
        PollFd::new(&self.tcp, flags)
    }

    fn outwards(&mut self) -> bool {
        let taken =
            self.outbound.is_empty() && matches!(self.outbound.fill(&self.near), Got::Some(_));
        match self.outbound.empty_into(&self.tcp, BUFFER_BYTES) {
            Ok(is_moved) => taken | is_moved,
            // What it has said before may still have come.
            Err(_) => {
                self.outbound.forget();
                taken
            }
        }
    }

    fn inwards(&mut self) -> bool {
        let got = match self.inbound.is_empty() && !self.is_ended {
            true => self.inbound.fill(&self.tcp),
            false => Got::Nothing,
        };
        match got {
            Got::Some(bytes) => self.received_bytes += bytes as u64,
            Got::End => self.is_ended = true,
            Got::Nothing => {}
        }
        let left = self.inbound.left();
        let piece = if left > GOODBYE_BYTES { left - GOODBYE_BYTES } else { left };
        let is_moved = self.inbound.empty_into(&self.near, piece).unwrap_or(false);
        is_moved | !matches!(got, Got::Nothing)
    }
}

/// What a read gave.
enum Got {
    Some(usize),
    Nothing,
    End,
}

/// What was taken on one side, and not yet by the other.
#[derive(Debug)]
struct Buffer {
    bytes: Box<[u8]>,
    begin: usize,
    end: usize,
}

impl Buffer {
    fn new() -> Self {
        Self { bytes: vec![0; BUFFER_BYTES].into_boxed_slice(), begin: 0, end: 0 }
    }

    fn is_empty(&self) -> bool {
        self.begin == self.end
    }

    fn left(&self) -> usize {
        self.end - self.begin
    }

    fn forget(&mut self) {
        (self.begin, self.end) = (0, 0);
    }

    /// An empty one, once.
    fn fill(&mut self, mut from: impl Read) -> Got {
        let got = match from.read(&mut self.bytes) {
            Ok(0) => return Got::End,
            Ok(bytes) => bytes,
            Err(err) if is_for_later(&err) => return Got::Nothing,
            Err(_) => return Got::End,
        };
        (self.begin, self.end) = (0, got);
        Got::Some(got)
    }

    /// Once, and no more than this; says whether anything went.
    fn empty_into(&mut self, mut to: impl Write, most_bytes: usize) -> io::Result<bool> {
        if self.is_empty() {
            return Ok(false);
        }
        match to.write(&self.bytes[self.begin..self.end.min(self.begin + most_bytes)]) {
            Ok(bytes) => {
                self.begin += bytes;
                Ok(bytes > 0)
            }
            Err(err) if is_for_later(&err) => Ok(false),
            Err(err) => Err(err),
        }
    }
}

fn is_for_later(err: &io::Error) -> bool {
    matches!(err.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let ours = TcpStream::connect(listener.local_addr().expect("bound")).expect("connected");
        ours.set_nonblocking(true).expect("set");
        (ours, listener.accept().expect("accepted").0)
    }

    fn wait(relay: &Relay) {
        rustix::event::poll(&mut [relay.awaited()], None).expect("polled");
    }

    #[test]
    fn what_was_said_before_the_end_is_handed_over_before_the_end() {
        let (ours, mut theirs) = pair();
        let (mut relay, mut far) = Relay::new(ours).expect("a relay");
        let said: Vec<u8> = (0..200_000_u32).map(|at| at.to_le_bytes()[0]).collect();
        let speaker = {
            let said = said.clone();
            std::thread::spawn(move || theirs.write_all(&said).expect("written"))
        };
        let mut heard = Vec::new();
        while !relay.is_ended() {
            if !relay.carry() {
                wait(&relay);
            }
            let err = far.read_to_end(&mut heard).expect_err("an end");
            assert_eq!(err.kind(), ErrorKind::WouldBlock);
        }
        speaker.join().expect("said");
        let _ = far.read_to_end(&mut heard);
        assert_eq!(heard, said);
        assert_eq!(relay.received_bytes(), said.len() as u64);
    }

    #[test]
    fn a_device_that_does_not_listen_stops_who_speaks() {
        let (ours, theirs) = pair();
        let (mut relay, mut far) = Relay::new(ours).expect("a relay");
        let mut sent = 0;
        let chunk = [7_u8; 8192];
        loop {
            match far.write(&chunk) {
                Ok(bytes) => sent += bytes,
                Err(_) if relay.carry() => {}
                Err(_) => break,
            }
        }
        assert!(!relay.outbound.is_empty());
        let reader = std::thread::spawn(move || {
            let mut heard = vec![0; sent];
            (&theirs).read_exact(&mut heard).expect("read");
            heard.iter().all(|byte| *byte == 7)
        });
        while !reader.is_finished() {
            if !relay.carry() && !relay.outbound.is_empty() {
                wait(&relay);
            }
        }
        assert!(reader.join().expect("heard"));
    }
}
