//! The engine on tokio: any kernel, any protocol.
//!
//! It serves where io_uring is forbidden, and everything that is not bulk HTTP/1.1. What
//! a request means it asks [`crate::http`]; here are sockets, TLS, framing, time-outs,
//! limits and drain.
//!
//! Read in this order: `crew` (all of it), `listener` and `connection` (one client), `head_reader`, `h1` and `h1_writer` (HTTP/1.1), `h2`,
//! `h2_body` and `h2_activity` (HTTP/2), `open` and `pull` (under both).

mod connection;
mod crew;
mod drain;
mod h1;
mod h1_writer;
mod h2;
mod h2_activity;
mod h2_body;
mod h2_request;
mod head_reader;
mod linger;
mod listener;
mod open;
mod pull;

pub(crate) use connection::Entrance;
pub(crate) use crew::Crew;

/// The name of this engine in reports, metrics and logs.
pub const ENGINE: &str = "portable";
