//! Very many connections, each taking one long answer at the server's pace. The load looks
//! at them in turn a few times a second, rather than at each whenever a packet comes.

use super::asker::Asker;
use super::stream::Stream;
use anyhow::Result;
use rustls::ClientConfig;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Between two looks at a connection.
const LOOK: Duration = Duration::from_millis(200);

/// What may wait at a connection: some five times what a paced one gets between two looks.
/// It also bounds what a server that does not pace can bring about.
const WAITING: usize = 64 << 10;

/// The connections.
pub struct Paced {
    takers: Vec<Taker>,
    buffer: Vec<u8>,
}

struct Taker {
    stream: Stream,
    is_verified: bool,
    /// What has come, and when it was looked at.
    bytes: u64,
    looked: Instant,
    /// The same when the window began.
    window: (u64, Instant),
}

impl Paced {
    /// Opens connections and asks on each.
    ///
    /// # Errors
    /// When one cannot be opened.
    pub fn open(
        address: SocketAddr,
        tls: &Arc<ClientConfig>,
        mut asker: Asker,
        connections: usize,
    ) -> Result<Self> {
        let mut takers = Vec::with_capacity(connections);
        for mut stream in Stream::open(address, Some(tls), connections)? {
            stream.limit_waiting(WAITING)?;
            let ask = asker.draw();
            let is_verified = ask.content.is_some();
            stream.ask(ask)?;
            let now = Instant::now();
            takers.push(Taker { stream, is_verified, bytes: 0, looked: now, window: (0, now) });
        }
        Ok(Self { takers, buffer: vec![0; 1 << 18] })
    }

    /// Takes what comes for so long; the rate of each connection, in bytes a second.
    ///
    /// # Errors
    /// When an answer is wrong or a connection breaks.
    pub fn window(&mut self, span: Duration) -> Result<Vec<f64>> {
        let begun = Instant::now();
        while begun.elapsed() < span {
            let look = Instant::now();
            for taker in &mut self.takers {
                taker.take(&mut self.buffer)?;
            }
            std::thread::sleep(LOOK.saturating_sub(look.elapsed()));
        }
        Ok(self.takers.iter_mut().map(Taker::rate).collect())
    }
}

impl Taker {
    fn take(&mut self, buffer: &mut [u8]) -> Result<()> {
        self.looked = Instant::now();
        if !self.is_verified {
            self.bytes += self.stream.drain(buffer)? as u64;
        } else if self.stream.is_busy() {
            self.stream.advance(buffer)?;
            self.bytes = self.stream.taken;
        }
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    fn rate(&mut self) -> f64 {
        let (bytes, begun) = std::mem::replace(&mut self.window, (self.bytes, self.looked));
        (self.bytes - bytes) as f64 / (self.looked - begun).as_secs_f64()
    }
}
