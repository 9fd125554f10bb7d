//! Messages that are no content.

use super::frame::ContentType;

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

impl Reply {
    /// What its record says.
    #[must_use]
    pub fn message(self) -> (ContentType, Vec<u8>) {
        const WARNING: u8 = 1;
        const FATAL: u8 = 2;
        match self {
            Self::KeyUpdate => (ContentType::Handshake, vec![24, 0, 0, 1, 0]),
            Self::NoRenegotiation => (ContentType::Alert, vec![WARNING, 100]),
            Self::CloseNotify => (ContentType::Alert, vec![WARNING, 0]),
            Self::Fatal(code) => (ContentType::Alert, vec![FATAL, code as u8]),
        }
    }
}
