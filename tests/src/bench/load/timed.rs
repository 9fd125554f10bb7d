//! Requests at fixed times, however fast the answers are: how long each takes to begin is
//! then a matter of the server and not of what was asked before.

use super::answer::Answered;
use super::asker::Asker;
use super::closed::BUFFER;
use super::lookout::Lookout;
use super::stream::Stream;
use crate::bench::core;
use anyhow::{Context, Result, ensure};
use rustls::ClientConfig;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An answer that does not come within this time never will.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connections that ask for the same kind of thing.
pub struct Group {
    streams: Vec<Stream>,
    asker: Asker,
    /// Between two requests on one connection.
    period: Duration,
}

impl Group {
    /// Opens the connections; together they ask so often a second.
    ///
    /// # Errors
    /// When one cannot be opened.
    pub fn open(
        address: SocketAddr,
        tls: &Arc<ClientConfig>,
        asker: Asker,
        connections: u32,
        requests_per_s: u32,
    ) -> Result<Self> {
        let streams = Stream::open(address, Some(tls), usize::try_from(connections)?)?;
        let period = Duration::from_secs(1) * connections / requests_per_s;
        Ok(Self { streams, asker, period })
    }

    /// Asks once for all of each object, so that it is in RAM.
    ///
    /// # Errors
    /// When an answer is wrong.
    pub fn warm(&mut self) -> Result<()> {
        let mut buffer = vec![0; BUFFER];
        let stream = self.streams.first_mut().context("no connection")?;
        for ask in self.asker.each() {
            stream.fetch(ask, &mut buffer)?;
        }
        Ok(())
    }
}

/// When a connection asks next, and which it is.
struct Turn {
    due: Duration,
    which: usize,
    at: usize,
}

/// Lets groups ask at the same time, before all else that wants this core; the answers of each.
///
/// # Errors
/// When an answer is wrong or does not come.
pub fn run(groups: &mut [&mut Group], span: Duration) -> Result<Vec<Vec<Answered>>> {
    let ask = || core::come_first().and_then(|()| ask_and_listen(groups, span));
    let asking = std::thread::scope(|scope| scope.spawn(ask).join());
    asking.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn ask_and_listen(groups: &mut [&mut Group], span: Duration) -> Result<Vec<Vec<Answered>>> {
    let mut lookout = Lookout::new()?;
    let mut buffer = vec![0; BUFFER];
    let mut answers = vec![Vec::new(); groups.len()];
    let begun = Instant::now();
    let mut turns = Vec::new();
    for (which, group) in groups.iter().enumerate() {
        let count = u32::try_from(group.streams.len())?;
        for (at, (stream, nth)) in group.streams.iter().zip(0u32..).enumerate() {
            lookout.add(stream.socket(), turns.len())?;
            // Spread over the period at first.
            turns.push(Turn { due: group.period * nth / count, which, at });
        }
    }
    loop {
        let now = begun.elapsed();
        ensure!(now < span + PATIENCE, "no answer within {} s", PATIENCE.as_secs());
        if now < span {
            for turn in turns.iter_mut().filter(|turn| turn.due <= now) {
                let Group { streams, asker, period } = &mut *groups[turn.which];
                if !streams[turn.at].is_busy() {
                    streams[turn.at].ask(asker.draw())?;
                    turn.due += *period;
                }
            }
        } else if !groups.iter().any(|group| group.streams.iter().any(Stream::is_busy)) {
            return Ok(answers);
        }
        let next = turns.iter().map(|turn| turn.due).filter(|due| *due > now).min();
        lookout.doze(next.map_or(PATIENCE, |due| due - now))?;
        for key in lookout.look()? {
            let Turn { which, at, .. } = turns[key];
            let stream = &mut groups[which].streams[at];
            // Tickets wait on those that have not asked yet.
            if stream.is_busy() {
                answers[which].extend(stream.advance(&mut buffer)?);
            }
        }
    }
}

/// How long the first byte took that one in a hundred had to wait longer for, in microseconds.
#[must_use]
pub fn p99_us(answers: &[Answered]) -> f64 {
    let mut waits: Vec<Duration> = answers.iter().map(|answer| answer.first_byte).collect();
    waits.sort();
    waits.get(waits.len() * 99 / 100).map_or(f64::NAN, |wait| wait.as_secs_f64() * 1e6)
}
