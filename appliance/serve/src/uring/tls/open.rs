//! Opens what a client sends, in place.

use super::frame::{ContentType, HEADER_LEN, MAX_PLAIN_LEN};
use super::keys::{
    Associated, DirectionKey, EXPLICIT_NONCE_LEN, Layout, TAG_LEN, UnknownSuite, nonce,
};
use rustls::{ConnectionTrafficSecrets, ProtocolVersion};
use std::ops::Range;

/// Opens records of one direction.
#[derive(Debug)]
pub struct Opener {
    key: DirectionKey,
}

/// A record that is not what the key says. The connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenFailed {
    /// It was changed, or never was a record of this connection: `bad_record_mac`.
    #[error("a record does not open")]
    BadMac,
    /// Its content has no type, or a type that may not stand there.
    #[error("a record without a type")]
    NoType,
    /// Its content is too long.
    #[error("a record with too much in it")]
    TooLong,
}

/// What was in a record: its type, and where in the record its content stands.
pub type Opened = (ContentType, Range<usize>);

impl Opener {
    /// From what the handshake left.
    ///
    /// # Errors
    /// [`UnknownSuite`].
    pub fn new(
        version: ProtocolVersion,
        secrets: (u64, ConnectionTrafficSecrets),
    ) -> Result<Self, UnknownSuite> {
        Ok(Self { key: DirectionKey::new(version, secrets)? })
    }

    /// Opens one whole record, header included.
    ///
    /// # Errors
    /// [`OpenFailed`].
    pub fn open(&mut self, record: &mut [u8]) -> Result<Opened, OpenFailed> {
        match self.key.layout {
            Layout::Tls13 => self.tls13(record),
            Layout::Tls12Gcm | Layout::Tls12ChaCha => self.tls12(record),
        }
    }

    fn tls13(&mut self, record: &mut [u8]) -> Result<Opened, OpenFailed> {
        let (head, fragment) =
            record.split_first_chunk_mut::<HEADER_LEN>().ok_or(OpenFailed::BadMac)?;
        // RFC 8446 §5: after the handshake nothing comes unprotected.
        if ContentType::of(head[0]) != Some(ContentType::ApplicationData) {
            return Err(OpenFailed::NoType);
        }
        let (octets, _) = self.key.next_nonce();
        let associated = Associated::Tls13(*head);
        let aad = associated.aad();
        let opened = self.key.key.open_in_place(nonce(octets), aad, fragment);
        let inner = opened.map_err(|_| OpenFailed::BadMac)?;
        // Content, type, and as many zeros as the client likes.
        let end = inner.iter().rposition(|&octet| octet != 0).ok_or(OpenFailed::NoType)?;
        let kind = inner.get(end).and_then(|&octet| ContentType::of(octet));
        let kind = kind.ok_or(OpenFailed::NoType)?;
        check_len(end)?;
        Ok((kind, HEADER_LEN..HEADER_LEN + end))
    }

    fn tls12(&mut self, record: &mut [u8]) -> Result<Opened, OpenFailed> {
        let (head, fragment) =
            record.split_first_chunk_mut::<HEADER_LEN>().ok_or(OpenFailed::BadMac)?;
        let kind = ContentType::of(head[0]).ok_or(OpenFailed::NoType)?;
        let shown = if self.key.layout == Layout::Tls12Gcm { EXPLICIT_NONCE_LEN } else { 0 };
        let (implied, number) = self.key.next_nonce();
        let octets = match fragment.first_chunk() {
            Some(explicit) if shown > 0 => self.key.nonce_with(*explicit),
            None if shown > 0 => return Err(OpenFailed::BadMac),
            _ => implied,
        };
        let cipher = fragment.get_mut(shown..).ok_or(OpenFailed::BadMac)?;
        let len = cipher.len().checked_sub(TAG_LEN).ok_or(OpenFailed::BadMac)?;
        check_len(len)?;
        let associated = Associated::tls12(number, kind, len);
        let opened = self.key.key.open_in_place(nonce(octets), associated.aad(), cipher);
        opened.map_err(|_| OpenFailed::BadMac)?;
        Ok((kind, HEADER_LEN + shown..HEADER_LEN + shown + len))
    }
}

fn check_len(len: usize) -> Result<(), OpenFailed> {
    if len > MAX_PLAIN_LEN { Err(OpenFailed::TooLong) } else { Ok(()) }
}
