//! The handshake: rustls does it, on bytes that we move.

use super::frame::{MAX_RECORD_LEN, record_len};
use super::session::Session;
use super::side::{Client, Server, Side};
use rustls::pki_types::ServerName;
use rustls::unbuffered::{ConnectionState, EncodeError, UnbufferedStatus};
use rustls::{ClientConfig, ServerConfig};
use std::sync::Arc;

/// Who is still shaking hands may have so much under way: certificates of peers take several
/// records, and a request or an answer may come right behind.
const MAX_INCOMING: usize = 4 * MAX_RECORD_LEN;

/// A handshake under way.
///
/// rustls is shown one record at a time. Behind the other end's last message may stand content,
/// and changes of key, which it would answer in its own time: those are not for it.
pub struct Shaking<S: Side = Server> {
    tls: S,
    /// The kernel is to seal once it is over.
    for_kernel: bool,
    incoming: Vec<u8>,
    /// So much of `incoming` rustls may see.
    shown: usize,
}

/// A handshake that is over.
pub struct Shaken<S: Side = Server> {
    /// The keys.
    pub session: Session<S>,
    /// Whether a ticket took the place of a certificate.
    pub is_resumed: bool,
    /// What both ends agreed to speak.
    pub alpn: Option<Vec<u8>>,
    /// What came right behind it, still sealed.
    pub sealed: Vec<u8>,
}

/// Why it came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ShakeFailed {
    /// As rustls says.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    /// More than a handshake takes.
    #[error("too much came during the handshake")]
    TooMuch,
    /// The secrets fit no cipher of ours.
    #[error(transparent)]
    Suite(#[from] super::keys::UnknownSuite),
}

/// How far it has come.
pub enum Progress<S: Side = Server> {
    /// More must come.
    Blocked(Box<Shaking<S>>),
    /// It is over.
    Done(Box<Shaken<S>>),
}

enum Turn {
    GoOn,
    Blocked,
    Done,
}

impl Shaking {
    /// Begins, when a client has connected. `for_kernel`: the kernel is to seal the answers.
    ///
    /// # Errors
    /// When the configuration does not allow it.
    pub fn new(config: Arc<ServerConfig>, for_kernel: bool) -> Result<Box<Self>, ShakeFailed> {
        Ok(Self::of(Server::new(config)?, for_kernel))
    }
}

impl Shaking<Client> {
    /// Begins with a server that is to have this name, when connected to it.
    ///
    /// # Errors
    /// When the configuration does not allow it.
    pub fn with(
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> Result<Box<Self>, ShakeFailed> {
        Ok(Self::of(Client::new(config, name)?, false))
    }
}

impl<S: Side> Shaking<S> {
    fn of(tls: S, for_kernel: bool) -> Box<Self> {
        Box::new(Self { tls, for_kernel, incoming: Vec::new(), shown: 0 })
    }

    /// Takes what came, and appends to `out` what is to be sent: in the case of an error
    /// the alert.
    ///
    /// # Errors
    /// [`ShakeFailed`]; the connection ends once `out` has been sent.
    pub fn advance(
        mut self: Box<Self>,
        came: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<Progress<S>, ShakeFailed> {
        if self.incoming.len() + came.len() > MAX_INCOMING {
            return Err(ShakeFailed::TooMuch);
        }
        self.incoming.extend_from_slice(came);
        loop {
            match self.turn(out) {
                Ok(Turn::GoOn) => {}
                Ok(Turn::Blocked) if self.show_more() => {}
                Ok(Turn::Blocked) => return Ok(Progress::Blocked(self)),
                Ok(Turn::Done) => return Ok(Progress::Done(Box::new(self.finish()?))),
                Err(failed) => {
                    // The alert, where rustls has one for this, comes before it looks at
                    // the bytes again: it must not do that, nor miss them.
                    let _ = self.turn(out);
                    return Err(failed);
                }
            }
        }
    }

    /// Shows the next whole record, if there is one. What is none is shown as well: rustls
    /// knows the alert for it.
    fn show_more(&mut self) -> bool {
        let hidden = self.incoming.get(self.shown..).unwrap_or_default();
        match record_len(hidden) {
            Ok(Some(len)) if len <= hidden.len() => self.shown += len,
            Err(_) if !hidden.is_empty() => self.shown = self.incoming.len(),
            _ => return false,
        }
        true
    }

    fn turn(&mut self, out: &mut Vec<u8>) -> Result<Turn, ShakeFailed> {
        let shown = self.incoming.get_mut(..self.shown).unwrap_or_default();
        let UnbufferedStatus { discard, state } = self.tls.process(shown);
        let turn = match state {
            Err(err) => Err(err.into()),
            Ok(ConnectionState::EncodeTlsData(mut data)) => {
                encode(out, |room| data.encode(room));
                Ok(Turn::GoOn)
            }
            Ok(ConnectionState::TransmitTlsData(data)) => {
                data.done();
                Ok(Turn::GoOn)
            }
            Ok(ConnectionState::WriteTraffic(_)) => Ok(Turn::Done),
            Ok(ConnectionState::BlockedHandshake) => Ok(Turn::Blocked),
            // Early data is not offered; who closes now wants nothing.
            Ok(_) => Err(rustls::Error::HandshakeNotComplete.into()),
        };
        self.incoming.drain(..discard.min(self.shown));
        self.shown -= discard.min(self.shown);
        turn
    }

    fn finish(self) -> Result<Shaken<S>, ShakeFailed> {
        let (is_resumed, alpn) = (self.tls.is_resumed(), self.tls.alpn().map(<[u8]>::to_vec));
        let (extracted, secrets) = self.tls.leave()?;
        let session = Session::new(extracted, secrets, self.for_kernel)?;
        Ok(Shaken { session, is_resumed, alpn, sealed: self.incoming })
    }
}

/// Appends what `encode` writes; it says how much room it needs.
fn encode(out: &mut Vec<u8>, mut encode: impl FnMut(&mut [u8]) -> Result<usize, EncodeError>) {
    let start = out.len();
    let mut room = 512;
    loop {
        out.resize(start + room, 0);
        match encode(out.get_mut(start..).unwrap_or_default()) {
            Ok(count) => return out.truncate(start + count),
            Err(EncodeError::InsufficientSize(needed)) => room = needed.required_size,
            // It was encoded before, and is in `out`.
            Err(EncodeError::AlreadyEncoded) => return out.truncate(start),
        }
    }
}
