//! What one client, or all of them together, may cost.

use crate::quantity::{ByteCount, Seconds};
use serde::{Deserialize, Serialize};

/// Limits on clients. The defaults suit a box with a few tens of Gb/s.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Open connections; more are closed as they arrive. One takes some 3 KiB while it says
    /// nothing and 160 KiB at most, so that this limits memory, too.
    pub max_connections: u32,
    /// Method, target and version of a request. Longer: 414.
    pub max_request_line_bytes: ByteCount,
    /// All header fields of a request. Longer: 431.
    pub max_header_bytes: ByteCount,
    /// To complete a TLS handshake.
    pub handshake_timeout_s: Seconds,
    /// From the first byte of a request to the end of its header. Longer: 408.
    pub header_timeout_s: Seconds,
    /// Between two requests on a connection.
    pub idle_timeout_s: Seconds,
    /// For the client to take any byte of an answer.
    pub write_timeout_s: Seconds,
    /// Requests a second for what is not here, per client prefix (/24, /48). More: 429. So many again
    /// for each content group that is filled by demand, of what its origins have not: with more they
    /// are not asked.
    pub misses_per_prefix_per_s: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_request_line_bytes: ByteCount(8 << 10),
            max_header_bytes: ByteCount(16 << 10),
            handshake_timeout_s: Seconds(10),
            header_timeout_s: Seconds(10),
            idle_timeout_s: Seconds(60),
            write_timeout_s: Seconds(30),
            misses_per_prefix_per_s: 100,
        }
    }
}
