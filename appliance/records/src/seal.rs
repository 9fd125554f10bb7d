//! Seals: one pass from where the content is to where it will be sent from.

use super::frame::{ContentType, HEADER_LEN, MAX_PLAIN_LEN, header};
use super::keys::{
    Associated, DirectionKey, EXPLICIT_NONCE_LEN, Layout, TAG_LEN, UnknownSuite, nonce,
};
use rustls::{ConnectionTrafficSecrets, ProtocolVersion};

/// The last part of a key's life, in which it is to be replaced: a sixteenth. With AES-GCM
/// that is enough for an answer of several gigabytes.
pub(super) const LAST_PART: u64 = 16;

/// Makes records of one direction.
#[derive(Debug)]
pub struct Sealer {
    key: DirectionKey,
    /// After this many records the key must not be used any more (RFC 8446 §5.5).
    limit: u64,
}

/// A record that cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record cannot be sealed")]
pub struct SealFailed;

impl Sealer {
    /// From what the handshake left: the number of the next record, and the secrets.
    ///
    /// # Errors
    /// [`UnknownSuite`].
    pub fn new(
        version: ProtocolVersion,
        secrets: (u64, ConnectionTrafficSecrets),
        confidentiality_limit: u64,
    ) -> Result<Self, UnknownSuite> {
        Ok(Self { key: DirectionKey::new(version, secrets)?, limit: confidentiality_limit })
    }

    /// Whether the key is to be replaced soon.
    #[must_use]
    pub fn is_worn(&self) -> bool {
        self.key.seq.next() >= self.limit - self.limit / LAST_PART
    }

    /// How many records it has made, or somebody before it.
    pub(super) fn records(&self) -> u64 {
        self.key.seq.next()
    }

    /// What a record adds to its content.
    #[must_use]
    pub fn overhead(&self) -> usize {
        self.key.overhead()
    }

    /// Seals `plain` into the front of `out`; gives the record's length.
    ///
    /// # Errors
    /// When `plain` is too long, `out` too short, or the key has sealed all that it may.
    pub fn seal(
        &mut self,
        kind: ContentType,
        plain: &[u8],
        out: &mut [u8],
    ) -> Result<usize, SealFailed> {
        let len = plain.len() + self.overhead();
        if plain.len() > MAX_PLAIN_LEN || self.key.seq.next() >= self.limit {
            return Err(SealFailed);
        }
        let record = out.get_mut(..len).ok_or(SealFailed)?;
        let (head, fragment) = record.split_at_mut(HEADER_LEN);
        match self.key.layout {
            Layout::Tls13 => self.tls13(kind, plain, head, fragment)?,
            Layout::Tls12Gcm | Layout::Tls12ChaCha => self.tls12(kind, plain, head, fragment)?,
        }
        Ok(len)
    }

    fn tls13(
        &mut self,
        kind: ContentType,
        plain: &[u8],
        head: &mut [u8],
        fragment: &mut [u8],
    ) -> Result<(), SealFailed> {
        let octets = header(ContentType::ApplicationData, fragment.len());
        head.copy_from_slice(&octets);
        let (cipher, tail) = fragment.split_at_mut(plain.len());
        self.scatter(&Associated::Tls13(octets), plain, cipher, &[kind.octet()], tail)
    }

    fn tls12(
        &mut self,
        kind: ContentType,
        plain: &[u8],
        head: &mut [u8],
        fragment: &mut [u8],
    ) -> Result<(), SealFailed> {
        head.copy_from_slice(&header(kind, fragment.len()));
        let number = self.key.seq.next();
        let explicit = if self.key.layout == Layout::Tls12Gcm { EXPLICIT_NONCE_LEN } else { 0 };
        let (shown, rest) = fragment.split_at_mut(explicit);
        let nonce = self.key.nonce_of(number);
        shown.copy_from_slice(nonce.split_at(nonce.len() - explicit).1);
        let (cipher, tag) = rest.split_at_mut(plain.len());
        debug_assert_eq!(tag.len(), TAG_LEN);
        self.scatter(&Associated::tls12(number, kind, plain.len()), plain, cipher, &[], tag)
    }

    fn scatter(
        &mut self,
        associated: &Associated,
        plain: &[u8],
        cipher: &mut [u8],
        behind: &[u8],
        tail: &mut [u8],
    ) -> Result<(), SealFailed> {
        let (octets, _) = self.key.next_nonce();
        let aad = associated.aad();
        self.key
            .key
            .seal_out_of_place_scatter(nonce(octets), aad, plain, cipher, behind, tail)
            .map_err(|_| SealFailed)
    }

    /// Gives the numbers of the last `records` back, which must never have been sent; sealed
    /// again they come out as before.
    pub fn unseal(&mut self, records: u64) {
        self.key.seq.take_back(records);
    }
}
