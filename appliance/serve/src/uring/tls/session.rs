//! A connection after its handshake: rustls keeps the secrets, we seal and open.

use super::frame::{ContentType, HEADER_LEN};
use super::keys::UnknownSuite;
use super::open::{OpenFailed, Opener};
use super::seal::{SealFailed, Sealer};
use rustls::kernel::KernelConnection;
use rustls::server::ServerConnectionData;
use rustls::{ExtractedSecrets, ProtocolVersion, SupportedCipherSuite};
use std::ops::Range;

/// A client may change its key so often before it says anything with it.
const MAX_IDLE_UPDATES: u8 = 16;

/// Records without content that a client may send in a row.
const MAX_EMPTY: u8 = 32;

/// What came in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// Content: where it stands in the record.
    Content(Range<usize>),
    /// Something that asks for no answer.
    Nothing,
    /// A message that is to be sent, sealed with the key that is in force now.
    Reply(Reply),
    /// The client has said that nothing more will come.
    Closed,
}

/// What is sent beside content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// Our key changes, as the client asked.
    KeyUpdate,
    /// TLS 1.2: there will be no second handshake.
    NoRenegotiation,
    /// Nothing more will come from us.
    CloseNotify,
    /// The client broke the protocol: the alert's description.
    Fatal(AlertCode),
}

/// Alerts that we send (RFC 8446 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum AlertCode {
    /// A message that may not come now.
    UnexpectedMessage = 10,
    /// A record that does not open.
    BadRecordMac = 20,
    /// A record that is too long.
    RecordOverflow = 22,
    /// A message that makes no sense.
    DecodeError = 50,
}

/// Keys of both directions.
pub struct Session {
    tx: Sealer,
    rx: Opener,
    secrets: KernelConnection<ServerConnectionData>,
    idle_updates: u8,
    empty_records: u8,
    has_renegotiated: bool,
}

impl Session {
    /// Takes over from a handshake.
    ///
    /// # Errors
    /// [`UnknownSuite`].
    pub fn new(
        extracted: ExtractedSecrets,
        secrets: KernelConnection<ServerConnectionData>,
    ) -> Result<Self, UnknownSuite> {
        let version = secrets.protocol_version();
        let limit = confidentiality_limit(secrets.negotiated_cipher_suite());
        Ok(Self {
            tx: Sealer::new(version, extracted.tx, limit)?,
            rx: Opener::new(version, extracted.rx)?,
            secrets,
            idle_updates: 0,
            empty_records: 0,
            has_renegotiated: false,
        })
    }

    /// Makes records.
    pub fn sealer(&mut self) -> &mut Sealer {
        &mut self.tx
    }

    /// Opens a whole record and says what it means.
    pub fn receive(&mut self, record: &mut [u8]) -> Incoming {
        let (kind, content) = match self.rx.open(record) {
            Ok(opened) => opened,
            Err(failed) => return fatal(alert_of(failed)),
        };
        match kind {
            ContentType::ApplicationData if content.is_empty() => self.empty(),
            ContentType::ApplicationData => {
                (self.idle_updates, self.empty_records) = (0, 0);
                Incoming::Content(content)
            }
            ContentType::Alert => alert(record.get(content).unwrap_or_default()),
            ContentType::Handshake if self.is_tls13() => {
                self.handshake(record.get(content).unwrap_or_default())
            }
            ContentType::Handshake => self.renegotiation(),
            ContentType::ChangeCipherSpec => fatal(AlertCode::UnexpectedMessage),
        }
    }

    fn is_tls13(&self) -> bool {
        self.secrets.protocol_version() == ProtocolVersion::TLSv1_3
    }

    fn empty(&mut self) -> Incoming {
        self.empty_records += 1;
        if self.empty_records > MAX_EMPTY {
            return fatal(AlertCode::UnexpectedMessage);
        }
        Incoming::Nothing
    }

    /// Of all handshake messages only KeyUpdate may come now (RFC 8446 §4.6.3); it ends its
    /// record, because what follows is under another key.
    fn handshake(&mut self, message: &[u8]) -> Incoming {
        let wants_ours = match message {
            [24, 0, 0, 1, 0] => false,
            [24, 0, 0, 1, 1] => true,
            [24, ..] => return fatal(AlertCode::DecodeError),
            _ => return fatal(AlertCode::UnexpectedMessage),
        };
        self.idle_updates += 1;
        if self.idle_updates > MAX_IDLE_UPDATES {
            return fatal(AlertCode::UnexpectedMessage);
        }
        let updated = self.secrets.update_rx_secret().ok();
        let version = self.secrets.protocol_version();
        match updated.and_then(|secrets| Opener::new(version, secrets).ok()) {
            Some(rx) => self.rx = rx,
            None => return fatal(AlertCode::UnexpectedMessage),
        }
        if wants_ours { Incoming::Reply(Reply::KeyUpdate) } else { Incoming::Nothing }
    }

    /// TLS 1.2: a client that asks for a second handshake is told no, once.
    fn renegotiation(&mut self) -> Incoming {
        if std::mem::replace(&mut self.has_renegotiated, true) {
            return fatal(AlertCode::UnexpectedMessage);
        }
        Incoming::Reply(Reply::NoRenegotiation)
    }

    /// Seals a message behind what `out` holds. It must be sent before anything that is
    /// sealed later, and never be sealed again.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn reply(&mut self, reply: Reply, out: &mut Vec<u8>) -> Result<(), SealFailed> {
        const WARNING: u8 = 1;
        const FATAL: u8 = 2;
        match reply {
            Reply::KeyUpdate => self.update_key(out),
            Reply::NoRenegotiation => self.append(ContentType::Alert, &[WARNING, 100], out),
            Reply::CloseNotify => self.append(ContentType::Alert, &[WARNING, 0], out),
            Reply::Fatal(code) => self.append(ContentType::Alert, &[FATAL, code as u8], out),
        }
    }

    /// Before a run of records: replaces a key that has sealed enough, where the version
    /// allows that.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn refresh(&mut self, out: &mut Vec<u8>) -> Result<(), SealFailed> {
        if self.tx.is_worn() && self.is_tls13() { self.update_key(out) } else { Ok(()) }
    }

    /// Whether the key has sealed enough and cannot be replaced, as in TLS 1.2: the
    /// connection is to end with the next answer, and the player comes again.
    #[must_use]
    pub fn is_worn(&self) -> bool {
        self.tx.is_worn() && !self.is_tls13()
    }

    fn update_key(&mut self, out: &mut Vec<u8>) -> Result<(), SealFailed> {
        if !self.is_tls13() {
            return Err(SealFailed);
        }
        self.append(ContentType::Handshake, &[24, 0, 0, 1, 0], out)?;
        let secrets = self.secrets.update_tx_secret().map_err(|_| SealFailed)?;
        let limit = confidentiality_limit(self.secrets.negotiated_cipher_suite());
        let version = self.secrets.protocol_version();
        self.tx = Sealer::new(version, secrets, limit).map_err(|_| SealFailed)?;
        Ok(())
    }

    fn append(
        &mut self,
        kind: ContentType,
        plain: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), SealFailed> {
        let start = out.len();
        out.resize(start + plain.len() + self.tx.overhead(), 0);
        let room = out.get_mut(start..).unwrap_or_default();
        self.tx.seal(kind, plain, room).map(drop)
    }
}

fn fatal(code: AlertCode) -> Incoming {
    Incoming::Reply(Reply::Fatal(code))
}

/// RFC 8446 §6: close_notify ends the client's side, user_canceled is a courtesy, and every
/// other alert means that it has given up: there is nobody to answer.
fn alert(content: &[u8]) -> Incoming {
    match content {
        [_, 90] => Incoming::Nothing,
        [_, _] => Incoming::Closed,
        _ => fatal(AlertCode::DecodeError),
    }
}

fn alert_of(failed: OpenFailed) -> AlertCode {
    match failed {
        OpenFailed::BadMac => AlertCode::BadRecordMac,
        OpenFailed::NoType => AlertCode::UnexpectedMessage,
        OpenFailed::TooLong => AlertCode::RecordOverflow,
    }
}

fn confidentiality_limit(suite: SupportedCipherSuite) -> u64 {
    match suite {
        SupportedCipherSuite::Tls13(suite) => suite.common.confidentiality_limit,
        SupportedCipherSuite::Tls12(suite) => suite.common.confidentiality_limit,
    }
}

/// How many bytes of content a record of this session has room for in `room` bytes.
#[must_use]
pub fn content_room(room: usize, overhead: usize) -> usize {
    debug_assert!(overhead > HEADER_LEN);
    room.saturating_sub(overhead).min(super::frame::MAX_PLAIN_LEN)
}
