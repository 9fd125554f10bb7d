//! A connection from accept to close: handshake, then the protocol that was chosen.

use super::drain::Drain;
use super::h1::Http1;
use super::h2;
use crate::http::client::ClientPrefix;
use crate::shared::{Shared, Via};
use crate::tls::protocol_of;
use contract::config::{ListenerRole, Protocol};
use rustls::HandshakeKind;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What a listener gives to each of its connections.
#[derive(Clone)]
pub(crate) struct Entrance {
    pub(crate) shared: Arc<Shared>,
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) role: ListenerRole,
    pub(crate) protocols: Vec<Protocol>,
}

impl Entrance {
    /// Serves one connection until it ends.
    pub(super) async fn serve(self, socket: TcpStream, client: SocketAddr, drain: Drain) {
        let Some(stream) = self.handshake(socket).await else { return };
        let alpn = stream.get_ref().1.alpn_protocol();
        let Some(protocol) = protocol_of(alpn, &self.protocols) else { return };
        let client = ClientPrefix::of(client.ip());
        let connection = self.shared.tally.next_connection();
        let via = Via { role: self.role, client, protocol, engine: super::ENGINE, connection };
        match protocol {
            Protocol::Http1 => Http1::new(stream, &self.shared, via, drain).serve().await,
            Protocol::Http2 => h2::serve(stream, self.shared, via, drain).await,
        }
    }

    async fn handshake(&self, socket: TcpStream) -> Option<TlsStream<TcpStream>> {
        let patience = self.shared.limits.handshake_timeout_s.duration();
        let counters = &self.shared.counters;
        match timeout(patience, self.acceptor.accept(socket)).await {
            Ok(Ok(stream)) => {
                match stream.get_ref().1.handshake_kind() {
                    Some(HandshakeKind::Resumed) => counters.handshakes_resumed.one(),
                    _ => counters.handshakes_full.one(),
                }
                Some(stream)
            }
            Ok(Err(err)) => {
                counters.handshakes_failed.one();
                tracing::debug!(%err, "a handshake failed");
                None
            }
            Err(_) => {
                counters.timeouts.handshake.one();
                None
            }
        }
    }
}
