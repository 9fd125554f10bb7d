//! One connection to a box: a question at a time, and each answer read to its end before the next.

use super::head::{self, Head};
use super::stream::Stream;
use contract::exchange::SIBLING_CONNECTION_AGE;
use hyper::Response;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::time::Instant;

/// A connection.
pub(super) struct Connection {
    stream: Stream,
    /// Of the answer's content, what has not come.
    left: u64,
    may_go_on: bool,
    since: Instant,
}

impl Connection {
    /// Connects, and shakes hands.
    pub(super) async fn open(
        tls: Arc<ClientConfig>,
        address: SocketAddr,
        name: ServerName<'static>,
    ) -> io::Result<Self> {
        let stream = Stream::open(tls, address, name).await?;
        Ok(Self { stream, left: 0, may_go_on: true, since: Instant::now() })
    }

    /// Asks, and waits for the head of the answer.
    pub(super) async fn ask(&mut self, request: &[u8]) -> io::Result<Response<()>> {
        self.stream.send(request).await?;
        let mut came = Vec::new();
        loop {
            let piece = self.stream.opened().await?;
            let Some(piece) = piece else { return Err(io::ErrorKind::UnexpectedEof.into()) };
            let (before, room) = (came.len(), head::MAX_LEN - came.len());
            came.extend_from_slice(piece.split_at(piece.len().min(room)).0);
            let Some(Head { answer, content_bytes, may_go_on, len }) = head::parse(&came)? else {
                self.stream.consume(came.len() - before);
                continue;
            };
            // What stands behind the head is content, and stays.
            self.stream.consume(len - before);
            (self.left, self.may_go_on) = (content_bytes, may_go_on);
            return Ok(answer);
        }
    }

    /// How much content is still to come.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Whether another question may follow once all content has come.
    pub(super) fn may_go_on(&self) -> bool {
        let is_young = self.since.elapsed() < SIBLING_CONNECTION_AGE;
        self.may_go_on && is_young && self.left == 0 && self.stream.is_at_rest()
    }

    /// Reads content into `room`; nothing only at its end.
    pub(super) async fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(room.len());
        if most == 0 {
            return Ok(0);
        }
        let room = room.split_at_mut(most).0;
        let count = self.stream.read(room).await?;
        self.left -= count as u64;
        Ok(count)
    }
}
