//! How commands get to the chip, and answers back: octets over a descriptor, and no waiting for ever.

use crate::error::TpmError;
use crate::place::Place;
use crate::wire::Answer;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// All that is said about one secret has so long: chips take up to a few seconds for a key, and a
/// process that takes over from another has 30 s to say hello, in which it may ask twice.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest answer, as the kernel's driver has it.
const MAX_ANSWER_BYTES: usize = 4096;

/// A tag, a length and a code (part 1, §18.3).
pub(crate) const HEAD_BYTES: usize = 10;

/// One who answers commands.
pub(crate) trait Exchange {
    /// Says one; gives the answer, which is as long as it says.
    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TpmError>;

    /// Waits before something is said again; `false` where there is no time for that.
    fn wait(&mut self) -> bool;
}

/// A chip, or what stands in for one.
pub(crate) struct Open {
    file: File,
    until: Instant,
}

impl Open {
    pub(crate) fn at(place: &Place) -> Result<Self, TpmError> {
        let file = open(place).map_err(TpmError::Open)?;
        Ok(Self { file, until: Instant::now() + PATIENCE })
    }

    /// Waits until the descriptor is ready.
    fn ready(&self, flags: PollFlags) -> Result<(), TpmError> {
        loop {
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(TpmError::Silent(PATIENCE));
            }
            let left = Timespec::try_from(left).map_err(|_| TpmError::Silent(PATIENCE))?;
            match poll(&mut [PollFd::new(&self.file, flags)], Some(&left)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(err) => return Err(TpmError::Way(err.into())),
            }
        }
    }

    fn say(&mut self, mut octets: &[u8]) -> Result<(), TpmError> {
        while !octets.is_empty() {
            self.ready(PollFlags::OUT)?;
            match self.file.write(octets) {
                // The kernel's driver takes a command whole.
                Ok(count) => octets = octets.get(count..).unwrap_or_default(),
                Err(err) if is_passing(&err) => {}
                Err(err) => return Err(TpmError::Way(err)),
            }
        }
        Ok(())
    }

    fn hear(&mut self) -> Result<Zeroizing<Vec<u8>>, TpmError> {
        let mut heard = Zeroizing::new(vec![0; MAX_ANSWER_BYTES]);
        let mut count = 0;
        loop {
            self.ready(PollFlags::IN)?;
            let room = heard.get_mut(count..).unwrap_or_default();
            match self.file.read(room) {
                Ok(0) => return Err(TpmError::Way(ErrorKind::UnexpectedEof.into())),
                Ok(more) => count += more,
                Err(err) if is_passing(&err) => continue,
                Err(err) => return Err(TpmError::Way(err)),
            }
            if let Some(len) = len(heard.get(..count).unwrap_or_default())?
                && count >= len
            {
                heard.truncate(len);
                return Ok(heard);
            }
        }
    }
}

impl Exchange for Open {
    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TpmError> {
        self.say(command)?;
        self.hear()
    }

    fn wait(&mut self) -> bool {
        let moment = Duration::from_millis(50);
        let is_time = Instant::now() + moment < self.until;
        if is_time {
            std::thread::sleep(moment);
        }
        is_time
    }
}

fn open(place: &Place) -> io::Result<File> {
    match place {
        Place::Device(path) => {
            let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
            OpenOptions::new().read(true).write(true).custom_flags(nonblocking).open(path)
        }
        Place::Socket(path) => {
            let stream = UnixStream::connect(path)?;
            stream.set_nonblocking(true)?;
            Ok(File::from(OwnedFd::from(stream)))
        }
    }
}

fn is_passing(err: &io::Error) -> bool {
    matches!(err.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// How long an answer is, once it has said so.
fn len(heard: &[u8]) -> Result<Option<usize>, TpmError> {
    if heard.len() < HEAD_BYTES {
        return Ok(None);
    }
    let mut head = Answer::new(heard);
    head.u16()?;
    let len = usize::try_from(head.u32()?).unwrap_or(usize::MAX);
    match (HEAD_BYTES..=MAX_ANSWER_BYTES).contains(&len) {
        true => Ok(Some(len)),
        false => Err(TpmError::Garbled("its length makes no sense")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(patience: Duration) -> (Open, UnixStream) {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        ours.set_nonblocking(true).expect("set");
        let file = File::from(OwnedFd::from(ours));
        (Open { file, until: Instant::now() + patience }, theirs)
    }

    #[test]
    fn an_answer_may_come_in_pieces() {
        let (mut open, mut chip) = pair(Duration::from_secs(20));
        let answering = std::thread::spawn(move || {
            let mut command = [0; 4];
            chip.read_exact(&mut command).expect("a command");
            for part in [b"\x80\x01\0\0\0".as_slice(), b"\x0c\0\0\0\0a", b"b"] {
                chip.write_all(part).expect("said");
            }
            command
        });
        let heard = open.exchange(b"ping").expect("an answer");
        assert_eq!(heard.as_slice(), b"\x80\x01\0\0\0\x0c\0\0\0\0ab");
        assert_eq!(&answering.join().expect("ended"), b"ping");
    }

    #[test]
    fn who_says_nothing_or_nonsense_is_given_up() {
        let (mut open, _chip) = pair(Duration::from_millis(20));
        assert!(matches!(open.exchange(b"ping"), Err(TpmError::Silent(_))));
        for nonsense in [b"\x80\x01\0\0\0\x09\0\0\0\0", b"\x80\x01\xff\xff\xff\xff\0\0\0\0"] {
            let (mut open, mut chip) = pair(Duration::from_secs(20));
            chip.write_all(nonsense).expect("said");
            assert!(matches!(open.exchange(b"ping"), Err(TpmError::Garbled(_))));
        }
        let (mut open, chip) = pair(Duration::from_secs(20));
        drop(chip);
        assert!(matches!(open.exchange(b"ping"), Err(TpmError::Way(_))));
    }
}
