//! Many connections on one thread, each asking again as soon as it has its answer.

use super::stream::{Question, Stream};
use anyhow::{Context, Result};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One in so many connections decrypts and compares everything it gets.
const VERIFIED_SHARE: usize = 16;

/// What a round of load brought.
#[derive(Debug, Clone, Copy)]
pub struct Brought {
    /// Answers taken whole.
    pub answers: u64,
    /// Their content.
    pub bytes: u64,
    /// For how long.
    pub span: Duration,
}

/// Connections, ready to ask.
pub struct Load {
    streams: Vec<Stream>,
    epoll: Epoll,
    body_bytes: u64,
}

impl Load {
    /// Opens the connections.
    ///
    /// # Errors
    /// When one cannot be opened or an answer is wrong.
    pub fn open(
        question: &Arc<Question>,
        tls: &Arc<rustls::ClientConfig>,
        connections: usize,
    ) -> Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::empty())?;
        let mut streams = Vec::new();
        for at in 0..connections {
            let stream = Stream::open(question, tls, at % VERIFIED_SHARE == 0)?;
            streams.push(stream);
        }
        let load = Self { streams, epoll, body_bytes: question.body.len() as u64 };
        load.watch()?;
        Ok(load)
    }

    fn watch(&self) -> Result<()> {
        for (at, stream) in self.streams.iter().enumerate() {
            let event = EpollEvent::new(EpollFlags::EPOLLIN, at as u64);
            self.epoll.add(stream.socket(), event)?;
        }
        Ok(())
    }

    /// Asks for as long as told; counts answers that are complete by then.
    ///
    /// # Errors
    /// When an answer is wrong or a connection breaks.
    pub fn run(&mut self, span: Duration) -> Result<Brought> {
        let begun = Instant::now();
        let mut answers = 0;
        for stream in &mut self.streams {
            stream.ask()?;
        }
        let mut events = [EpollEvent::empty(); 64];
        let mut open = self.streams.len();
        while open > 0 {
            let count = self.epoll.wait(&mut events, EpollTimeout::from(5000u16))?;
            anyhow::ensure!(count > 0, "the server has said nothing for 5 s");
            for event in &events[..count] {
                let stream =
                    usize::try_from(event.data()).ok().and_then(|at| self.streams.get_mut(at));
                let stream = stream.context("a stream")?;
                if !stream.advance()? {
                    continue;
                }
                answers += 1;
                if begun.elapsed() < span {
                    stream.ask()?;
                } else {
                    open -= 1;
                }
            }
        }
        let bytes = answers * self.body_bytes;
        Ok(Brought { answers, bytes, span: begun.elapsed() })
    }
}
