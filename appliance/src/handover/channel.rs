//! How messages travel between the two processes: over a socket pair, descriptors behind the
//! text (`SCM_RIGHTS`, unix(7)).

use super::message::{BadMessage, HEADER, Message, sizes};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use tokio::io::Interest;
use tokio::net::UnixStream;

/// Descriptors in one piece: the kernel takes 253 at most. One octet goes with each piece.
const BATCH: usize = 64;

const SPACE: usize = rustix::cmsg_space!(ScmRights(BATCH));

/// Why nothing came.
#[derive(Debug, thiserror::Error)]
pub(super) enum ChannelError {
    #[error("it has gone")]
    Gone,
    #[error(transparent)]
    Bad(#[from] BadMessage),
    #[error(transparent)]
    Io(io::Error),
}

impl From<io::Error> for ChannelError {
    fn from(err: io::Error) -> Self {
        match err.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset => Self::Gone,
            _ => Self::Io(err),
        }
    }
}

/// One end.
pub(super) struct Channel(UnixStream);

impl Channel {
    /// Call it on a runtime.
    pub(super) fn new(stream: std::os::unix::net::UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self(UnixStream::from_std(stream)?))
    }

    /// Says something.
    pub(super) async fn send(
        &self,
        message: &Message,
        descriptors: &[OwnedFd],
    ) -> Result<(), ChannelError> {
        let frame = message.encode(descriptors.len())?;
        let mut rest = &frame[..];
        while !rest.is_empty() {
            self.0.writable().await?;
            match self.0.try_write(rest) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => {}
                Err(err) => return Err(err.into()),
            }
        }
        for batch in descriptors.chunks(BATCH) {
            let batch: Vec<_> = batch.iter().map(AsFd::as_fd).collect();
            self.0.async_io(Interest::WRITABLE, || send_batch(&self.0, &batch)).await?;
        }
        Ok(())
    }

    /// Hears something. Nothing must have been heard in part before.
    pub(super) async fn receive(&self) -> Result<(Message, Vec<OwnedFd>), ChannelError> {
        let mut header = [0; HEADER];
        self.fill(&mut header).await?;
        let (bytes, count) = sizes(header)?;
        let mut text = vec![0; bytes];
        self.fill(&mut text).await?;
        let mut descriptors = Vec::new();
        while descriptors.len() < count {
            let batch = self.0.async_io(Interest::READABLE, || receive_batch(&self.0)).await?;
            descriptors.extend(batch);
        }
        if descriptors.len() != count {
            return Err(BadMessage::Descriptors { named: count, found: descriptors.len() }.into());
        }
        Ok((Message::decode(&text)?, descriptors))
    }

    async fn fill(&self, mut into: &mut [u8]) -> io::Result<()> {
        while !into.is_empty() {
            self.0.readable().await?;
            match self.0.try_read(into) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => into = into.get_mut(count..).unwrap_or_default(),
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => {}
                Err(err) => return Err(err),
            }
        }
        Ok(())
    }

    /// Returns once the other side has ended.
    pub(super) async fn gone(&self) {
        // Nothing is said any more: whatever comes is passed over.
        while self.fill(&mut [0]).await.is_ok() {}
    }
}

fn send_batch(socket: &UnixStream, batch: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); SPACE];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(batch)) {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    sendmsg(socket, &[IoSlice::new(&[0])], &mut control, flags)?;
    Ok(())
}

fn receive_batch(socket: &UnixStream) -> io::Result<Vec<OwnedFd>> {
    let mut space = [MaybeUninit::uninit(); SPACE];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut octet = [0];
    let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
    let came = recvmsg(socket, &mut [IoSliceMut::new(&mut octet)], &mut control, flags)?;
    let mut found = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            found.extend(descriptors);
        }
    }
    match (came.bytes, found.is_empty()) {
        (0, _) => Err(io::ErrorKind::UnexpectedEof.into()),
        // This process may not open as many, or the other side sent none.
        _ if came.flags.contains(ReturnFlags::CTRUNC) => {
            Err(io::Error::other("descriptors were lost on the way: RLIMIT_NOFILE?"))
        }
        (_, true) => Err(io::Error::other("descriptors were named and did not come")),
        (_, false) => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::Write;
    use std::os::unix::net::UnixStream as StdStream;

    fn pair() -> (Channel, Channel) {
        let (one, other) = StdStream::pair().expect("pair");
        (Channel::new(one).expect("channel"), Channel::new(other).expect("channel"))
    }

    fn long() -> Message {
        Message::Failed { reason: "x".repeat(1 << 20) }
    }

    #[tokio::test]
    async fn long_messages_and_many_descriptors_arrive_in_order() {
        let (one, other) = pair();
        for count in [0, 1, BATCH, 2 * BATCH + 1] {
            let file = |at: usize| {
                let file = tempfile::tempfile().expect("file");
                file.set_len(at as u64).expect("room");
                OwnedFd::from(file)
            };
            let descriptors: Vec<_> = (0..count).map(file).collect();
            let message = long();
            let (sent, received) = tokio::join!(one.send(&message, &descriptors), other.receive());
            sent.expect("sent");
            let (heard, found) = received.expect("received");
            assert_eq!((heard, found.len()), (long(), count));
            for (at, each) in found.into_iter().enumerate() {
                let flags = rustix::io::fcntl_getfd(&each).expect("flags");
                assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
                assert_eq!(File::from(each).metadata().expect("file").len(), at as u64);
            }
        }
    }

    #[tokio::test]
    async fn an_end_is_told_from_garbage() {
        let (one, other) = pair();
        drop(one);
        assert!(matches!(other.receive().await, Err(ChannelError::Gone)));
        assert!(matches!(other.send(&Message::Go, &[]).await, Err(ChannelError::Gone)));
        other.gone().await;
        for (garbage, is_bad) in [
            (&b"GET / HTTP/1.1\r\n\r\n"[..], true),
            (b"\0\0\0\x02\0\0\0\0{}", true),
            // Half a message, then the end.
            (b"\0\0\0\x02\0\0\0\0{", false),
            (b"\0\0", false),
        ] {
            let (mut one, other) = StdStream::pair().expect("pair");
            one.write_all(garbage).expect("written");
            drop(one);
            let other = Channel::new(other).expect("channel");
            let said = other.receive().await.expect_err("garbage");
            assert_eq!(matches!(said, ChannelError::Bad(_)), is_bad, "{said}");
        }
    }

    #[tokio::test]
    async fn descriptors_that_are_named_must_come() {
        let (mut one, other) = StdStream::pair().expect("pair");
        one.write_all(b"\0\0\0\x04\0\0\0\x01\"go\"\0").expect("written");
        let other = Channel::new(other).expect("channel");
        let said = other.receive().await.expect_err("none came").to_string();
        assert!(said.contains("did not come"), "{said}");
    }
}
