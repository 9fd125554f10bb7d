//! Connections that are opened and closed: nothing but handshakes.
//!
//! The client says goodbye as soon as it may, and a handshake counts once the server has
//! closed: by then it has done all of its part, tickets included.

use super::lookout::Lookout;
use super::tickets::Tickets;
use super::{Brought, Drive};
use crate::bench::site::{HOST, Site};
use anyhow::{Context, Result, ensure};
use rustls::client::{ClientSessionStore, Resumption};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, HandshakeKind};
use std::io::ErrorKind;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Handshakes under way at once.
const AT_ONCE: usize = 32;

/// Opens connections to one server.
pub struct Handshakes {
    address: SocketAddr,
    tls: Arc<ClientConfig>,
    tickets: Arc<Tickets>,
    kind: HandshakeKind,
    lookout: Lookout,
}

/// One handshake.
struct Attempt {
    socket: TcpStream,
    tls: ClientConnection,
    has_said_goodbye: bool,
}

impl Handshakes {
    /// With full handshakes, or with resumed ones.
    ///
    /// # Errors
    /// When the first full handshakes, which fetch tickets, fail.
    pub fn new(address: SocketAddr, site: &Site, kind: HandshakeKind) -> Result<Self> {
        let tickets = Arc::new(Tickets::default());
        let mut tls = ClientConfig::clone(&*site.client()?);
        let store: Arc<dyn ClientSessionStore> = Arc::clone(&tickets) as _;
        tls.resumption = Resumption::store(store);
        let lookout = Lookout::new()?;
        let tls = Arc::new(tls);
        let mut this = Self { address, tls, tickets, kind: HandshakeKind::Full, lookout };
        // Tickets for as many as are under way at once, with some to spare.
        this.run_until(|done, _| done >= 2 * AT_ONCE as u64)?;
        this.tickets.hand_out(kind == HandshakeKind::Resumed);
        this.kind = kind;
        Ok(this)
    }

    fn begin(&self, at: usize) -> Result<Attempt> {
        let socket = TcpStream::connect(self.address)?;
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        self.lookout.add(&socket, at)?;
        let name = ServerName::try_from(HOST)?;
        let tls = ClientConnection::new(Arc::clone(&self.tls), name)?;
        let mut attempt = Attempt { socket, tls, has_said_goodbye: false };
        attempt.flush()?;
        Ok(attempt)
    }

    fn run_until(&mut self, is_over: impl Fn(u64, Duration) -> bool) -> Result<u64> {
        let begun = Instant::now();
        let mut attempts: Vec<Option<Attempt>> = Vec::new();
        for at in 0..AT_ONCE {
            attempts.push(Some(self.begin(at)?));
        }
        let (mut done, mut open) = (0, AT_ONCE);
        while open > 0 {
            for at in self.lookout.wait()? {
                let Some(attempt) = attempts[at].as_mut() else { continue };
                if !attempt.advance()? {
                    continue;
                }
                ensure!(
                    attempt.tls.handshake_kind() == Some(self.kind),
                    "the handshake was {:?}, not {:?}",
                    attempt.tls.handshake_kind(),
                    self.kind
                );
                done += 1;
                // Closing takes the socket out of the set.
                attempts[at] = None;
                if is_over(done, begun.elapsed()) {
                    open -= 1;
                } else {
                    attempts[at] = Some(self.begin(at)?);
                }
            }
        }
        Ok(done)
    }
}

impl Drive for Handshakes {
    fn run(&mut self, span: Duration) -> Result<Brought> {
        self.lookout.take_idle();
        let answers = self.run_until(|_, elapsed| elapsed >= span)?;
        let idle = self.lookout.take_idle();
        Ok(Brought { answers, bytes: 0, bytes_per_s: 0.0, idle })
    }
}

impl Attempt {
    fn flush(&mut self) -> Result<()> {
        while self.tls.wants_write() {
            self.tls.write_tls(&mut self.socket).context("a handshake")?;
        }
        Ok(())
    }

    /// Takes what has come; whether the server has done its part and closed.
    fn advance(&mut self) -> Result<bool> {
        match self.tls.read_tls(&mut self.socket) {
            Ok(0) => {
                ensure!(self.has_said_goodbye, "the server ended the handshake");
                return Ok(true);
            }
            Ok(_) => {}
            Err(err) if err.kind() == ErrorKind::WouldBlock => return Ok(false),
            // The server did not read the goodbye before it closed.
            Err(err) if err.kind() == ErrorKind::ConnectionReset && self.has_said_goodbye => {
                return Ok(true);
            }
            Err(err) => return Err(err).context("a handshake"),
        }
        self.tls.process_new_packets().context("a handshake")?;
        let says_goodbye = !self.tls.is_handshaking() && !self.has_said_goodbye;
        if says_goodbye {
            self.tls.send_close_notify();
        }
        self.flush()?;
        if says_goodbye {
            // h2o does not look at a goodbye that came with the end of the handshake before
            // something else comes.
            self.socket.shutdown(Shutdown::Write)?;
            self.has_said_goodbye = true;
        }
        Ok(false)
    }
}
