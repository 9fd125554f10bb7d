//! A connection after its handshake: rustls keeps the secrets, we seal and open.

use super::frame::{ContentType, HEADER_LEN};
use super::kernel::{CryptoInfo, KernelSealer};
use super::keys::UnknownSuite;
use super::message::{AlertCode, Reply};
use super::open::{OpenFailed, Opener};
use super::seal::{SealFailed, Sealer};
use super::side::{Server, Side};
use rustls::kernel::KernelConnection;
use rustls::{ExtractedSecrets, ProtocolVersion, SupportedCipherSuite};
use std::ops::Range;

/// The other end may change its key so often before it says anything with it.
const MAX_IDLE_UPDATES: u8 = 16;

/// Records without content that may come in a row.
const MAX_EMPTY: u8 = 32;

/// What came in a record. The other end is the client in what follows, or the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// Content: where it stands in the record.
    Content(Range<usize>),
    /// Something that asks for no answer.
    Nothing,
    /// A message that is to be sent, sealed with the key that is in force now.
    Reply(Reply),
    /// The other end has said that nothing more will come.
    Closed,
}

/// Who makes our records.
enum Transmit {
    Ours(Sealer),
    Kernels(KernelSealer),
}

/// Keys of both directions.
pub struct Session<S: Side = Server> {
    tx: Transmit,
    /// What the kernel is to be given, as soon as it may seal.
    for_kernel: Option<Box<CryptoInfo>>,
    rx: Opener,
    secrets: KernelConnection<S::Data>,
    idle_updates: u8,
    empty_records: u8,
    has_renegotiated: bool,
}

impl<S: Side> Session<S> {
    /// Takes over from a handshake. `for_kernel`: the kernel is to seal what we send.
    ///
    /// # Errors
    /// [`UnknownSuite`].
    pub fn new(
        extracted: ExtractedSecrets,
        secrets: KernelConnection<S::Data>,
        for_kernel: bool,
    ) -> Result<Self, UnknownSuite> {
        let version = secrets.protocol_version();
        let limit = limit_of(secrets.negotiated_cipher_suite());
        let for_kernel = for_kernel.then(|| CryptoInfo::new(version, &extracted.tx.1)).flatten();
        Ok(Self {
            tx: Transmit::Ours(Sealer::new(version, extracted.tx, limit)?),
            for_kernel: for_kernel.map(Box::new),
            rx: Opener::new(version, extracted.rx)?,
            secrets,
            idle_updates: 0,
            empty_records: 0,
            has_renegotiated: false,
        })
    }

    /// Makes records, unless the kernel does.
    pub fn sealer(&mut self) -> Option<&mut Sealer> {
        match &mut self.tx {
            Transmit::Ours(sealer) => Some(sealer),
            Transmit::Kernels(_) => None,
        }
    }

    /// Whether the kernel seals what is sent.
    #[must_use]
    pub fn is_kernels(&self) -> bool {
        matches!(self.tx, Transmit::Kernels(_))
    }

    /// Whether the kernel is to seal, once all that we have sealed was sent.
    #[must_use]
    pub fn awaits_kernel(&self) -> bool {
        self.for_kernel.is_some()
    }

    /// Gives the key to the kernel. What it does not take stays ours.
    ///
    /// # Errors
    /// As `give` says.
    pub fn hand_over<E>(
        &mut self,
        give: impl FnOnce(&CryptoInfo) -> Result<(), E>,
    ) -> Result<(), E> {
        let (Some(mut info), Transmit::Ours(sealer)) = (self.for_kernel.take(), &self.tx) else {
            return Ok(());
        };
        info.begin_at(sealer.records());
        give(&info)?;
        self.tx = Transmit::Kernels(KernelSealer::new(sealer.records(), self.limit()));
        Ok(())
    }

    /// Before more is given to the kernel: whether its key may seal on.
    ///
    /// # Errors
    /// When it has sealed all that it may.
    pub fn kernel_may_go_on(&self) -> Result<(), SealFailed> {
        match &self.tx {
            Transmit::Ours(_) => Ok(()),
            Transmit::Kernels(kernel) => kernel.may_go_on(),
        }
    }

    /// The kernel was given so much at once to seal.
    pub fn kernel_took(&mut self, bytes: usize) {
        if let Transmit::Kernels(kernel) = &mut self.tx {
            kernel.took(bytes);
        }
    }

    /// Opens a whole record and says what it means.
    pub fn receive(&mut self, record: &mut [u8]) -> Incoming {
        match self.rx.open(record) {
            Ok((kind, content)) => self.hear(kind, content, record),
            Err(failed) => fatal(alert_of(failed)),
        }
    }

    /// The same, with what is in the record opened into `out`, where there is
    /// [room](super::open::content_bound) for it: content stands there.
    pub fn receive_into(&mut self, record: &mut [u8], out: &mut [u8]) -> Incoming {
        match self.rx.open_into(record, out) {
            Ok((kind, content)) => self.hear(kind, content, out),
            Err(failed) => fatal(alert_of(failed)),
        }
    }

    fn hear(&mut self, kind: ContentType, content: Range<usize>, within: &[u8]) -> Incoming {
        match kind {
            ContentType::ApplicationData if content.is_empty() => self.empty(),
            ContentType::ApplicationData => {
                (self.idle_updates, self.empty_records) = (0, 0);
                Incoming::Content(content)
            }
            ContentType::Alert => alert(within.get(content).unwrap_or_default()),
            ContentType::Handshake if self.is_tls13() => {
                self.handshake(within.get(content).unwrap_or_default())
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

    /// Of all handshake messages only KeyUpdate may come now (RFC 8446 §4.6.3), and to a client
    /// tickets, of which it makes no use; it ends its record, because what follows is under
    /// another key.
    fn handshake(&mut self, message: &[u8]) -> Incoming {
        let wants_ours = match message {
            [24, 0, 0, 1, 0] => false,
            [24, 0, 0, 1, 1] => true,
            [24, ..] => return fatal(AlertCode::DecodeError),
            [4, ..] if S::HEARS_TICKETS => return self.empty(),
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
        let (kind, message) = reply.message();
        let start = out.len();
        let sealer = self.sealer().ok_or(SealFailed)?;
        out.resize(start + message.len() + sealer.overhead(), 0);
        sealer.seal(kind, &message, out.get_mut(start..).unwrap_or_default())?;
        if reply == Reply::KeyUpdate { self.update_key() } else { Ok(()) }
    }

    /// The key that the kernel is to seal with once it has sent [`Reply::KeyUpdate`].
    ///
    /// # Errors
    /// When the library refuses.
    pub fn next_kernel_key(&mut self) -> Result<CryptoInfo, SealFailed> {
        let (seq, secrets) = self.secrets.update_tx_secret().map_err(|_| SealFailed)?;
        let info = CryptoInfo::new(self.secrets.protocol_version(), &secrets);
        let mut info = info.ok_or(SealFailed)?;
        info.begin_at(seq);
        self.tx = Transmit::Kernels(KernelSealer::new(seq, self.limit()));
        Ok(info)
    }

    /// Before a run of records: replaces a key that has sealed enough, where the version
    /// allows that.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn refresh(&mut self, out: &mut Vec<u8>) -> Result<(), SealFailed> {
        let is_worn = self.sealer().is_some_and(|sealer| sealer.is_worn());
        if is_worn && self.is_tls13() { self.reply(Reply::KeyUpdate, out) } else { Ok(()) }
    }

    /// Whether the key has sealed enough and cannot be replaced, as in TLS 1.2 or by the
    /// kernel: the connection is to end with the next answer, and the player comes again.
    #[must_use]
    pub fn is_worn(&self) -> bool {
        match &self.tx {
            Transmit::Ours(sealer) => sealer.is_worn() && !self.is_tls13(),
            Transmit::Kernels(kernel) => kernel.is_worn(),
        }
    }

    fn update_key(&mut self) -> Result<(), SealFailed> {
        if !self.is_tls13() {
            return Err(SealFailed);
        }
        let secrets = self.secrets.update_tx_secret().map_err(|_| SealFailed)?;
        let version = self.secrets.protocol_version();
        if let Some(info) = &mut self.for_kernel {
            **info = CryptoInfo::new(version, &secrets.1).ok_or(SealFailed)?;
        }
        let sealer = Sealer::new(version, secrets, self.limit()).map_err(|_| SealFailed)?;
        self.tx = Transmit::Ours(sealer);
        Ok(())
    }

    fn limit(&self) -> u64 {
        limit_of(self.secrets.negotiated_cipher_suite())
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

fn limit_of(suite: SupportedCipherSuite) -> u64 {
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
