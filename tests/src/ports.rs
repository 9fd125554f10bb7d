//! Free ports.

use std::net::{Ipv4Addr, TcpListener};

/// A port that nobody uses now, on any loopback address. Ports handed out once by this
/// process do not come back soon: the kernel goes round before it repeats one.
///
/// # Errors
/// When the machine has none left.
pub fn free() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))?.local_addr()?.port())
}
