//! How long a device may take, and how much it may say.

use std::time::Duration;

/// What no device gets beyond. Each time is for the whole of its step, however little comes at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For TCP.
    pub connect: Duration,
    /// For version, key exchange and the host's key.
    pub handshake: Duration,
    /// For all ways to log in together.
    pub authenticate: Duration,
    /// For a command, from its channel to its end; of a [`Screen`](crate::Screen), for each line.
    pub command: Duration,
    /// For what a command says, on both ways together.
    pub output_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Three SYNs that were lost, and the one that was not.
            connect: Duration::from_secs(10),
            // An old switch takes five seconds for its exponentiations.
            handshake: Duration::from_secs(20),
            // Where the device asks a TACACS server, and that one another.
            authenticate: Duration::from_secs(20),
            // `show running-config` of a large chassis takes half of that.
            command: Duration::from_secs(120),
            // Three times the longest configuration of a provider's edge router.
            output_bytes: 16 << 20,
        }
    }
}
