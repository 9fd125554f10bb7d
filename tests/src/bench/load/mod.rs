//! The clients: real TLS, and cheaper than what they measure.
//!
//! [`asker`] draws requests, [`stream`] is a connection ([`opening`] its handshake),
//! [`answer`] what comes back on it, [`lookout`] tells which have something. On top of
//! these, [`closed`] asks again as soon as it has its answer, [`timed`] asks at fixed
//! times, [`paced`] takes long answers from very many connections, and [`handshakes`]
//! only connects, with [`tickets`] beside it.

pub mod answer;
pub mod asker;
pub mod closed;
pub mod handshakes;
mod lookout;
mod opening;
pub mod paced;
pub mod stream;
mod tickets;
pub mod timed;

use anyhow::Result;
use std::time::Duration;

/// What a round of load brought.
#[derive(Debug, Clone, Copy)]
pub struct Brought {
    /// Answers taken whole, or handshakes.
    pub answers: u64,
    /// Their content.
    pub bytes: u64,
    /// How fast content came, until the last request was sent.
    pub bytes_per_s: f64,
    /// For how long the load had nothing to do.
    pub idle: Duration,
}

/// Load on one server.
pub trait Drive {
    /// Loads the server for as long as told, and waits for what is under way then.
    ///
    /// # Errors
    /// When an answer is wrong or a connection breaks.
    fn run(&mut self, span: Duration) -> Result<Brought>;
}
