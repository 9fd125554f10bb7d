//! A restart without an end: one process takes everything over from the other.
//!
//! The old process starts the binary that stands at its place now, with one end of a socket
//! pair as standard input, and the two say to each other, in this order:
//!
//! | old | new |
//! |---|---|
//! | | `Hello`: the configuration is read and makes sense |
//! | stops filling and speaking to the fleet | |
//! | `Handover`: listening sockets and disk locks, as descriptors | |
//! | | opens memory, disks, sockets; starts its threads; `Ready` |
//! | `Go`: from now on the new one is the appliance | |
//! | drains what is in flight, and ends | accepts, fills, speaks to the fleet |
//!
//! Until `Go` the old one serves, and can go on as if nothing had been: the new one has
//! changed nothing. If it says `Failed`, ends, or says nothing in time, it is ended and the
//! old one takes up again what it had stopped. The new one ends if the old one does.
//!
//! Nothing is closed on the way: a listening socket is the same socket in both processes,
//! and whoever stands in its queue is accepted by one of them.
//!
//! Read in this order: [`message`] (what is said), [`channel`] (how), [`successor`] and
//! [`give`] (the old side), [`predecessor`] (the new side).

mod channel;
pub(crate) mod give;
mod message;
pub(crate) mod predecessor;
pub(crate) mod successor;

pub(crate) use message::Taken;
pub(crate) use predecessor::Predecessor;
pub(crate) use successor::{Program, Successor};

use std::time::Duration;

/// Says to a process that its standard input is the way to the one before.
const VARIABLE: &str = "HEADEND_HANDOVER";

/// How long the old process waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// To start a process that reads a configuration and a few certificates.
    pub(crate) hello: Duration,
    /// For objects that are being taken in to stop where they are: a write to each disk.
    pub(crate) quiet: Duration,
    /// To map the memory of the RAM tier, and to read the head of every object: 10 million of
    /// them, or a terabyte of memory in small pages, take minutes.
    pub(crate) ready: Duration,
    /// To end when told to.
    pub(crate) end: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            hello: Duration::from_secs(30),
            quiet: Duration::from_secs(20),
            ready: Duration::from_secs(15 * 60),
            end: Duration::from_secs(5),
        }
    }
}
