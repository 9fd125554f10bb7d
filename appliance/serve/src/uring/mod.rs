//! The engine on io_uring: a thread for each core, a ring for each thread, and no system
//! call beside entering the ring.
//!
//! It carries HTTP/1.1 over TLS, which is how bulk video travels. What a request means it
//! asks [`crate::http`]; the handshake is rustls's; from there records are sealed in one
//! pass from the RAM tier into a small area, many to a send.
//!
//! Read in this order: [`probe`] (can it be?), `ring` (what is asked of the
//! kernel), `token`, `slots`, `wheel`, `inbox`, `scratch`, `areas`, `spare` (what a thread is
//! made of), `worker` (its loop), `reads` (blocks off a disk), `accept`, `connection`, `input`,
//! `requests`, `answer`, `batch`, `output`, `replies`, `flights`, `pacer`, `clock` (a client
//! from first to last), `crew`, `program` and `steer` (the threads).

mod accept;
mod answer;
mod areas;
mod batch;
mod clock;
mod connection;
mod core;
mod crew;
mod flights;
mod inbox;
mod input;
mod output;
mod pacer;
pub mod probe;
mod program;
mod reads;
mod replies;
mod requests;
mod ring;
mod scratch;
mod slots;
mod spare;
pub(crate) mod steer;
mod token;
mod wheel;
mod worker;

pub(crate) use core::Entrance;
pub(crate) use crew::Crew;

/// Who seals, and how it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct How {
    /// The kernel seals.
    pub(crate) kernel_tls: Option<probe::KernelTls>,
    pub(crate) zero_copy: contract::config::ZeroCopy,
}

/// The name of this engine in reports, metrics and logs.
pub const ENGINE: &str = "uring";
