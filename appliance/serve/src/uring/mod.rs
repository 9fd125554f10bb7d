//! The engine on io_uring: a thread for each core, a ring for each thread, and no system
//! call beside entering the ring.
//!
//! It carries HTTP/1.1 over TLS, which is how bulk video travels. What a request means it
//! asks [`crate::http`]; the handshake is rustls's; from there records are sealed in one
//! pass from the RAM tier into a small area, many to a send.
//!
//! Read in this order: [`probe`] (can it be?), [`tls`], `ring` (what is asked of the
//! kernel), `token`, `slots`, `wheel`, `inbox`, `scratch` (what a thread is made of),
//! `worker` (its loop), `reads` (blocks off a disk), `accept`, `connection`, `input`, `requests`, `answer`, `output`,
//! `pacer`, `clock` (a client from first to last), `crew`, `program` and `steer` (the threads).

mod accept;
mod answer;
mod clock;
mod connection;
mod core;
mod crew;
mod inbox;
mod input;
mod output;
mod pacer;
pub mod probe;
mod program;
mod reads;
mod requests;
mod ring;
mod scratch;
mod slots;
pub(crate) mod steer;
pub mod tls;
mod token;
mod wheel;
mod worker;

pub(crate) use core::Entrance;
pub(crate) use crew::Crew;

/// The name of this engine in reports, metrics and logs.
pub const ENGINE: &str = "uring";
