//! Opens what the other end sends: in place, or to where it belongs.

use super::frame::{ContentType, HEADER_LEN, MAX_PLAIN_LEN};
use super::keys::{
    Associated, DirectionKey, EXPLICIT_NONCE_LEN, Layout, TAG_LEN, UnknownSuite, nonce,
};
use aws_lc_rs::aead::Nonce;
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

    /// Opens one whole record into `out`, which has [room](content_bound) for what is in it; the
    /// content stands there. What `out` holds behind it, or where opening fails, is nothing.
    ///
    /// # Errors
    /// [`OpenFailed`].
    pub fn open_into(&mut self, record: &mut [u8], out: &mut [u8]) -> Result<Opened, OpenFailed> {
        if self.key.layout != Layout::Tls13 {
            let (kind, content) = self.tls12(record)?;
            let content = record.get(content).unwrap_or_default();
            out.get_mut(..content.len()).ok_or(OpenFailed::TooLong)?.copy_from_slice(content);
            return Ok((kind, 0..content.len()));
        }
        let (head, fragment) = record.split_first_chunk().ok_or(OpenFailed::BadMac)?;
        let sealed = fragment.split_last_chunk::<TAG_LEN>().ok_or(OpenFailed::BadMac)?;
        let inner = out.get_mut(..sealed.0.len()).ok_or(OpenFailed::TooLong)?;
        let (associated, nonce) = self.tls13_terms(head)?;
        let key = &self.key.key;
        key.open_separate_gather(nonce, associated.aad(), sealed.0, sealed.1, inner)
            .map_err(|_| OpenFailed::BadMac)?;
        let (kind, len) = content_of(inner)?;
        Ok((kind, 0..len))
    }

    fn tls13(&mut self, record: &mut [u8]) -> Result<Opened, OpenFailed> {
        let (head, fragment) = record.split_first_chunk_mut().ok_or(OpenFailed::BadMac)?;
        let (associated, nonce) = self.tls13_terms(head)?;
        let opened = self.key.key.open_in_place(nonce, associated.aad(), fragment);
        let (kind, len) = content_of(opened.map_err(|_| OpenFailed::BadMac)?)?;
        Ok((kind, HEADER_LEN..HEADER_LEN + len))
    }

    /// What the next record is sealed with.
    fn tls13_terms(&mut self, head: &[u8; HEADER_LEN]) -> Result<(Associated, Nonce), OpenFailed> {
        // RFC 8446 §5: after the handshake nothing comes unprotected.
        if ContentType::of(head[0]) != Some(ContentType::ApplicationData) {
            return Err(OpenFailed::NoType);
        }
        let (octets, _) = self.key.next_nonce();
        Ok((Associated::Tls13(*head), nonce(octets)))
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

/// How many bytes a record of this length may have in it, its type included.
#[must_use]
pub fn content_bound(record_len: usize) -> usize {
    record_len.saturating_sub(HEADER_LEN + TAG_LEN)
}

/// Content, type, and as many zeros as the other end likes: which type, and how much content.
fn content_of(inner: &[u8]) -> Result<(ContentType, usize), OpenFailed> {
    let end = inner.iter().rposition(|&octet| octet != 0).ok_or(OpenFailed::NoType)?;
    let kind = inner.get(end).and_then(|&octet| ContentType::of(octet));
    let kind = kind.ok_or(OpenFailed::NoType)?;
    check_len(end)?;
    Ok((kind, end))
}

fn check_len(len: usize) -> Result<(), OpenFailed> {
    if len > MAX_PLAIN_LEN { Err(OpenFailed::TooLong) } else { Ok(()) }
}
