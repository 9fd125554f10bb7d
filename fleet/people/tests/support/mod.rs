//! A box that people come to: OpenSSH's server with a configuration of its own, and its client.

#![allow(dead_code, reason = "each test uses some of it")]

pub(crate) mod keys;
pub(crate) mod server;
