//! TLS and HTTP for video: what a request means, and the engines that move its bytes.
//!
//! Two layers. [`http`] is the meaning: method, range, conditions, keys, CORS and CMCD in;
//! status, fields and spans of bytes out. It is pure and knows no engine. [`portable`] is
//! an engine: sockets, TLS, framing, time-outs and drain on tokio, for every protocol and
//! every kernel. Both look into the same [`cache::Cache`].
//!
//! It is not a proxy: nothing is fetched here. What the cache does not hold is answered
//! from its index, with 404 and the reason; bringing it in is the business of `fill`.
//! The admin listener belongs to the appliance, which reads [`counters`].
//!
//! Read [`http`] first, then [`portable`].

pub mod access_log;
mod account;
pub mod counters;
pub mod http;
pub mod portable;
mod shared;

pub use access_log::AccessLog;
pub use counters::Counters;
pub use portable::{BindError, Server};
