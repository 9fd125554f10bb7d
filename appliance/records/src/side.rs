//! Which end of a connection we are.

use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::kernel::KernelConnection;
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::UnbufferedStatus;
use rustls::{CommonState, ExtractedSecrets, HandshakeKind};

/// The end that players and boxes connect to.
pub type Server = UnbufferedServerConnection;

/// The end that connects.
pub type Client = UnbufferedClientConnection;

/// What a handshake leaves behind.
pub type Left<Data> = (ExtractedSecrets, KernelConnection<Data>);

/// One end of a connection, as rustls has it.
pub trait Side: Sized {
    /// What rustls tells the ends apart by.
    type Data;

    /// Whether the other end may send tickets once the handshake is over (RFC 8446 §4.6.1).
    const HEARS_TICKETS: bool;

    /// Takes records, and says what is to be done.
    fn process<'c, 'i>(
        &'c mut self,
        incoming: &'i mut [u8],
    ) -> UnbufferedStatus<'c, 'i, Self::Data>;

    /// What both ends have.
    fn common(&self) -> &CommonState;

    /// Ends rustls's part of it.
    ///
    /// # Errors
    /// When the configuration does not allow it, or the handshake is not over.
    fn leave(self) -> Result<Left<Self::Data>, rustls::Error>;

    /// Whether a ticket took the place of a certificate.
    fn is_resumed(&self) -> bool {
        self.common().handshake_kind() == Some(HandshakeKind::Resumed)
    }

    /// What both ends agreed to speak.
    fn alpn(&self) -> Option<&[u8]> {
        self.common().alpn_protocol()
    }
}

impl Side for Server {
    type Data = ServerConnectionData;
    const HEARS_TICKETS: bool = false;

    fn process<'c, 'i>(
        &'c mut self,
        incoming: &'i mut [u8],
    ) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(incoming)
    }

    fn common(&self) -> &CommonState {
        self
    }

    fn leave(self) -> Result<Left<Self::Data>, rustls::Error> {
        self.dangerous_into_kernel_connection()
    }
}

impl Side for Client {
    type Data = ClientConnectionData;
    const HEARS_TICKETS: bool = true;

    fn process<'c, 'i>(
        &'c mut self,
        incoming: &'i mut [u8],
    ) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(incoming)
    }

    fn common(&self) -> &CommonState {
        self
    }

    fn leave(self) -> Result<Left<Self::Data>, rustls::Error> {
        self.dangerous_into_kernel_connection()
    }
}
