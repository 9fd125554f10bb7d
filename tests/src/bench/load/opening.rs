//! Opens connections: rustls shakes hands, and hands its keys over.

use crate::bench::record::Direction;
use crate::bench::site::HOST;
use anyhow::{Context, Result};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// A server that says nothing for so long has failed.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Handshakes under way at once, so that the server works on some while the client works on
/// others. The floor does one after the other, in the order of their coming.
const AT_ONCE: usize = 32;

/// What records are opened and sealed with after the handshake.
pub(super) struct Keys {
    pub(super) reads: Direction,
    pub(super) writes: Direction,
}

/// A socket that does not block, and its keys if it speaks TLS.
type Opened = (TcpStream, Option<Keys>);

/// Opens connections, with TLS or without.
pub(super) fn open(
    address: SocketAddr,
    tls: Option<&Arc<ClientConfig>>,
    connections: usize,
) -> Result<Vec<Opened>> {
    let mut opened = Vec::with_capacity(connections);
    while opened.len() < connections {
        let count = (connections - opened.len()).min(AT_ONCE);
        let begun: Result<Vec<_>> = (0..count).map(|_| begin(address, tls)).collect();
        for (mut socket, handshake) in begun? {
            let keys = handshake.map(|tls| finish(&mut socket, tls)).transpose()?;
            socket.set_nonblocking(true)?;
            opened.push((socket, keys));
        }
    }
    Ok(opened)
}

/// Connects and says hello.
fn begin(
    address: SocketAddr,
    tls: Option<&Arc<ClientConfig>>,
) -> Result<(TcpStream, Option<ClientConnection>)> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let Some(tls) = tls else { return Ok((socket, None)) };
    let mut handshake = ClientConnection::new(Arc::clone(tls), ServerName::try_from(HOST)?)?;
    while handshake.wants_write() {
        handshake.write_tls(&mut socket)?;
    }
    Ok((socket, Some(handshake)))
}

fn finish(socket: &mut TcpStream, mut handshake: ClientConnection) -> Result<Keys> {
    while handshake.is_handshaking() || handshake.wants_write() {
        handshake.complete_io(socket).context("the handshake")?;
    }
    let secrets = handshake.dangerous_extract_secrets()?;
    Ok(Keys { reads: Direction::new(secrets.rx)?, writes: Direction::new(secrets.tx)? })
}
