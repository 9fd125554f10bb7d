//! Reads request heads off a connection, against the clock.

use super::drain::Drain;
use crate::http::head::{BadHead, HeadLimits, Scanner};
use bytes::{Buf, BytesMut};
use contract::config::Limits;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, sleep, sleep_until};

/// A request of a player with its CMCD fits; longer ones make the buffer grow.
const ROOM: usize = 4096;

/// How long a server that drains waits for the first request of a connection: a client does
/// not ask twice on a new one, and on the far side of the world it has asked by then.
const FIRST_REQUEST: Duration = Duration::from_secs(2);

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A head of this many bytes, at the front of the buffer.
    Head(usize),
    /// A head that is refused.
    Refused(BadHead),
    /// A head that began and did not end in time.
    TooSlow,
    /// Nothing was asked in time.
    Idle,
    /// The client went away, or the server drains and nothing was asked.
    Ended,
}

/// The bytes of a connection that were read and not yet answered.
#[derive(Debug)]
pub(super) struct HeadReader {
    buffer: BytesMut,
    scanner: Scanner,
    limits: HeadLimits,
    header_timeout: Duration,
    idle_timeout: Duration,
    /// A request was answered.
    has_asked: bool,
}

impl HeadReader {
    pub(super) fn new(limits: &Limits) -> Self {
        let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        Self {
            buffer: BytesMut::new(),
            scanner: Scanner::default(),
            limits: HeadLimits {
                request_line_bytes: size(limits.max_request_line_bytes.0),
                fields_bytes: size(limits.max_header_bytes.0),
            },
            header_timeout: limits.header_timeout_s.duration(),
            idle_timeout: limits.idle_timeout_s.duration(),
            has_asked: false,
        }
    }

    /// Waits for a head. Requests that were sent ahead are taken from the buffer first.
    pub(super) async fn next(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        drain: &mut Drain,
    ) -> Next {
        let mut has_begun = !self.buffer.is_empty();
        let mut deadline = Instant::now() + self.timeout(has_begun);
        loop {
            match self.scanner.scan(&self.buffer, self.limits) {
                Ok(Some(end)) => return Next::Head(end),
                Ok(None) => {}
                Err(bad) => return Next::Refused(bad),
            }
            if !has_begun && !self.buffer.is_empty() {
                has_begun = true;
                deadline = Instant::now() + self.header_timeout;
            }
            self.buffer.reserve(ROOM);
            let read = tokio::select! {
                biased;
                read = stream.read_buf(&mut self.buffer) => read,
                () = unwanted(drain, self.has_asked), if !has_begun => return Next::Ended,
                () = sleep_until(deadline) => {
                    return if has_begun { Next::TooSlow } else { Next::Idle };
                }
            };
            if !matches!(read, Ok(count) if count > 0) {
                return Next::Ended;
            }
        }
    }

    fn timeout(&self, has_begun: bool) -> Duration {
        if has_begun { self.header_timeout } else { self.idle_timeout }
    }

    /// The first bytes, as [`Next::Head`] counted them.
    pub(super) fn head(&self, length: usize) -> &[u8] {
        self.buffer.get(..length).unwrap_or_default()
    }

    /// The head has been answered.
    pub(super) fn consume(&mut self, length: usize) {
        self.buffer.advance(length.min(self.buffer.len()));
        self.scanner = Scanner::default();
        self.has_asked = true;
    }
}

/// Returns once the server drains and nobody waits for a request any more.
async fn unwanted(drain: &mut Drain, has_asked: bool) {
    drain.begun().await;
    if !has_asked {
        sleep(FIRST_REQUEST).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";

    #[tokio::test(start_paused = true)]
    async fn begun_and_not_begun_are_told_apart() {
        let (mut client, mut server) = tokio::io::duplex(64);
        let (_keep, mut drain) = super::super::drain::channel();
        let mut reader = HeadReader::new(&Limits::default());
        assert_eq!(reader.next(&mut server, &mut drain).await, Next::Idle);
        client.write_all(b"G").await.unwrap();
        assert_eq!(reader.next(&mut server, &mut drain).await, Next::TooSlow);
    }

    #[tokio::test(start_paused = true)]
    async fn a_trickle_does_not_move_the_deadline() {
        let (mut client, mut server) = tokio::io::duplex(64);
        let (_keep, mut drain) = super::super::drain::channel();
        let mut reader = HeadReader::new(&Limits::default());
        let trickle = tokio::spawn(async move {
            for octet in b"GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" {
                client.write_all(&[*octet]).await.unwrap();
                sleep(Duration::from_secs(1)).await;
            }
        });
        let before = Instant::now();
        assert_eq!(reader.next(&mut server, &mut drain).await, Next::TooSlow);
        assert_eq!(before.elapsed(), Limits::default().header_timeout_s.duration());
        trickle.abort();
    }

    #[tokio::test]
    async fn requests_sent_ahead_come_one_by_one() {
        let (mut client, mut server) = tokio::io::duplex(4096);
        let (drainer, mut drain) = super::super::drain::channel();
        let mut reader = HeadReader::new(&Limits::default());
        client.write_all(&REQUEST.repeat(3)).await.unwrap();
        drainer.begin();
        for _ in 0..3 {
            assert_eq!(reader.next(&mut server, &mut drain).await, Next::Head(REQUEST.len()));
            assert_eq!(reader.head(REQUEST.len()), REQUEST);
            reader.consume(REQUEST.len());
        }
        assert_eq!(reader.next(&mut server, &mut drain).await, Next::Ended, "it drains");
    }

    #[tokio::test(start_paused = true)]
    async fn a_drain_waits_for_the_first_request_but_not_long() {
        let (mut client, mut server) = tokio::io::duplex(4096);
        let (drainer, mut drain) = super::super::drain::channel();
        drainer.begin();
        let mut reader = HeadReader::new(&Limits::default());
        let asking = async {
            sleep(FIRST_REQUEST / 2).await;
            client.write_all(REQUEST).await.unwrap();
        };
        let (next, ()) = tokio::join!(reader.next(&mut server, &mut drain), asking);
        assert_eq!(next, Next::Head(REQUEST.len()));
        let mut reader = HeadReader::new(&Limits::default());
        assert_eq!(reader.next(&mut server, &mut drain).await, Next::Ended, "it never asks");
    }
}
