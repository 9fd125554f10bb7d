//! TLS and HTTP for video: what a request means, and the engines that move its bytes.
//!
//! Two layers. [`http`] is the meaning: method, range, conditions, keys, CORS and CMCD in;
//! status, fields and spans of bytes out. It is pure and knows no engine. Below it are two
//! engines, over the same [`cache::Cache`]: [`uring`] carries HTTP/1.1, which is how bulk
//! video travels, on a ring for each core; [`portable`] carries every protocol on every
//! kernel, on tokio.
//!
//! It is not a proxy: nothing is fetched here. What the cache does not hold is answered
//! from its index, with 404 and the reason, or with 307 where another box holds it
//! ([`Siblings`]); bringing it in is the business of `fill`.
//! The admin listener belongs to the appliance, which reads [`counters`] and takes from [`titles`].
//!
//! Read [`http`] first, then [`Server`] with `engine`, `bind`, `listening`, `tls`,
//! `tickets` and `certificates` (before the first client), [`topology`] (which thread serves
//! where), then an engine.

pub mod access_log;
mod account;
mod bind;
mod certificates;
pub mod counters;
mod engine;
mod error;
pub mod http;
mod listening;
pub mod portable;
mod private_keys;
mod room;
mod same_site;
mod server;
mod shared;
mod siblings;
mod sockopt;
mod tickets;
pub mod titles;
mod tls;
pub mod topology;
pub mod uring;
mod viewed;

pub use access_log::AccessLog;
pub use certificates::{Certificates, dns_names};
pub use counters::{AllCounters, Counters};
pub use engine::{Engine, TlsEngine};
pub use error::BindError;
pub use listening::{Door, Inherited, Listening};
pub use private_keys::{PemFiles, PrivateKeys};
pub use room::most_bytes_per_connection;
pub use server::{BoundAddress, Prepared, Server, Setup};
pub use siblings::{Sibling, Siblings};
pub use tickets::TicketSecrets;
pub use titles::Tallies;
