//! Many connections on one thread, each asking again as soon as it has its answer.

use super::asker::Asker;
use super::lookout::Lookout;
use super::stream::Stream;
use super::{Brought, Drive};
use anyhow::{Context, Result};
use rustls::ClientConfig;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where content passes through, and the most that the kernel throws away at once.
pub(super) const BUFFER: usize = 1 << 18;

/// Connections, ready to ask.
pub struct Closed {
    streams: Vec<Stream>,
    lookout: Lookout,
    asker: Asker,
    buffer: Vec<u8>,
}

impl Closed {
    /// Opens the connections, with TLS or without.
    ///
    /// # Errors
    /// When one cannot be opened.
    pub fn open(
        address: SocketAddr,
        tls: Option<&Arc<ClientConfig>>,
        asker: Asker,
        connections: usize,
    ) -> Result<Self> {
        let lookout = Lookout::new()?;
        let streams = Stream::open(address, tls, connections)?;
        for (at, stream) in streams.iter().enumerate() {
            lookout.add(stream.socket(), at)?;
        }
        Ok(Self { streams, lookout, asker, buffer: vec![0; BUFFER] })
    }

    /// Asks once for all of each object and compares it, so that it is in RAM.
    ///
    /// # Errors
    /// When an answer is wrong.
    pub fn warm(mut self) -> Result<Self> {
        let stream = self.streams.first_mut().context("no connection")?;
        for ask in self.asker.each() {
            stream.fetch(ask, &mut self.buffer)?;
        }
        Ok(self)
    }

    fn taken(&self) -> u64 {
        self.streams.iter().map(|stream| stream.taken).sum()
    }
}

impl Drive for Closed {
    fn run(&mut self, span: Duration) -> Result<Brought> {
        let taken = self.taken();
        let begun = Instant::now();
        for stream in &mut self.streams {
            stream.ask(self.asker.draw())?;
        }
        let mut brought =
            Brought { answers: 0, bytes: 0, bytes_per_s: f64::NAN, idle: Duration::ZERO };
        let mut open = self.streams.len();
        while open > 0 {
            let ready = self.lookout.wait()?;
            let is_over = begun.elapsed() >= span;
            if is_over && brought.bytes_per_s.is_nan() {
                brought.bytes_per_s = rate(self.taken() - taken, begun.elapsed());
            }
            for at in ready {
                let stream = self.streams.get_mut(at).context("a stream")?;
                let Some(answered) = stream.advance(&mut self.buffer)? else { continue };
                brought.answers += 1;
                brought.bytes += answered.bytes as u64;
                if is_over {
                    open -= 1;
                } else {
                    stream.ask(self.asker.draw())?;
                }
            }
        }
        brought.idle = self.lookout.take_idle();
        Ok(brought)
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn rate(bytes: u64, span: Duration) -> f64 {
    bytes as f64 / span.as_secs_f64()
}
