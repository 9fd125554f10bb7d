//! The HTTP layer under test: a real server over a real cache, in this process, with keys
//! of its own; foreign clients and a foreign server to compare it with.
//!
//! [`world`] is the server, [`shelf`] what it holds, [`keys`] who everybody is; [`client`]
//! sends raw octets over TLS; [`apart`] is the server in another process; [`table`], [`curl`] and [`nginx`] run the table of requests.

pub mod apart;
pub mod client;
pub mod curl;
pub mod keys;
pub mod nginx;
pub mod shelf;
pub mod table;
pub mod world;
