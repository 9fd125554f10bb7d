//! Seals and sends.

use super::Shared;
use crate::bench::record::{Direction, HEADER, PLAINTEXT, TRAILER};
use crate::http_harness::keys::Issued;
use anyhow::Result;
use rustls::ServerConnection;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

/// The answer, and where records are sealed: one place for all connections, so that it
/// stays in the cache.
pub(super) struct Sealed {
    tls: Arc<rustls::ServerConfig>,
    answer: Vec<u8>,
    scratch: Vec<u8>,
    records: usize,
}

impl Sealed {
    pub(super) fn new(issued: &Issued, answer: Vec<u8>, records: usize) -> Result<Self> {
        let (chain, key) = issued.load()?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        tls.enable_secret_extraction = true;
        let scratch = vec![0; records * (HEADER + PLAINTEXT + TRAILER)];
        Ok(Self { tls: Arc::new(tls), answer, scratch, records })
    }
}

impl Shared for Sealed {
    type Client = Client;

    fn accept(&mut self, socket: TcpStream) -> Option<Client> {
        // Whoever only looks whether somebody listens goes away without a handshake.
        Client::shake_hands(socket, &self.tls).ok()
    }
}

pub(super) struct Client {
    socket: TcpStream,
    writes: Direction,
    /// How far into the answer sealing has come; its length when nothing is asked.
    sealed: usize,
    /// What is sealed and not sent yet, and how much of it was sent since.
    unsent: Vec<u8>,
    sent: usize,
    is_asked: bool,
}

impl Client {
    fn shake_hands(mut socket: TcpStream, tls: &Arc<rustls::ServerConfig>) -> Result<Self> {
        socket.set_nodelay(true)?;
        let mut connection = ServerConnection::new(Arc::clone(tls))?;
        while connection.is_handshaking() || connection.wants_write() {
            connection.complete_io(&mut socket)?;
        }
        // The first request may have come together with the end of the handshake.
        let is_asked = matches!(connection.reader().read(&mut [0; 4096]), Ok(count) if count > 0);
        let writes = Direction::new(connection.dangerous_extract_secrets()?.tx)?;
        Ok(Self { socket, writes, sealed: 0, unsent: Vec::new(), sent: 0, is_asked })
    }

    /// Sends what the socket did not take before; whether it is all gone.
    fn flush(&mut self) -> Result<bool> {
        self.sent += write(&self.socket, &self.unsent[self.sent..])?;
        let is_done = self.sent == self.unsent.len();
        if is_done {
            self.unsent.clear();
            self.sent = 0;
        }
        Ok(is_done)
    }

    /// Seals the next records into the scratch; gives their length.
    fn seal(&mut self, shared: &mut Sealed) -> Result<usize> {
        let mut length = 0;
        for piece in shared.answer[self.sealed..].chunks(PLAINTEXT).take(shared.records) {
            let room = length..length + HEADER + piece.len() + TRAILER;
            length = room.end;
            self.writes.seal(piece, &mut shared.scratch[room])?;
            self.sealed += piece.len();
        }
        Ok(length)
    }
}

impl super::Client<Sealed> for Client {
    fn socket(&self) -> &TcpStream {
        &self.socket
    }

    fn is_asked(&mut self) {
        self.is_asked = true;
    }

    fn send(&mut self, shared: &mut Sealed) -> Result<()> {
        while self.is_asked {
            if !self.flush()? {
                return Ok(());
            }
            let length = self.seal(shared)?;
            let sent = write(&self.socket, &shared.scratch[..length])?;
            self.unsent.extend_from_slice(&shared.scratch[sent..length]);
            if self.sealed == shared.answer.len() && self.unsent.is_empty() {
                self.sealed = 0;
                self.is_asked = false;
            }
        }
        Ok(())
    }
}

/// As much as the socket takes.
fn write(mut socket: &TcpStream, bytes: &[u8]) -> Result<usize> {
    if bytes.is_empty() {
        return Ok(0);
    }
    match socket.write(bytes) {
        Ok(count) => Ok(count),
        Err(err) if err.kind() == ErrorKind::WouldBlock => Ok(0),
        Err(err) => Err(err.into()),
    }
}
