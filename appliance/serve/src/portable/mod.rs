//! The engine on tokio: any kernel, any protocol.
//!
//! It serves where io_uring is forbidden, and everything that is not bulk HTTP/1.1. What
//! a request means it asks [`crate::http`]; here are sockets, TLS, framing, time-outs,
//! limits and drain.
//!
//! Read in this order: [`Server`], `bind` and `tls` (before the first client), `listener`
//! and `connection` (one client), `head_reader`, `h1` and `h1_writer` (HTTP/1.1), `h2`,
//! `h2_body` and `h2_activity` (HTTP/2), `open` and `pull` (under both).

mod bind;
mod certificates;
mod connection;
mod drain;
mod error;
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
mod server;
mod tls;

pub use error::BindError;
pub use server::{BoundAddress, Server};

/// The name of this engine in reports, metrics and logs.
pub const ENGINE: &str = "portable";
