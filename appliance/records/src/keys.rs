//! One direction's key, and the numbers of its records.

use super::frame::{ContentType, HEADER_LEN, header};
use aws_lc_rs::aead::{
    AES_128_GCM, AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce,
    UnboundKey,
};
use rustls::{ConnectionTrafficSecrets, ProtocolVersion};

/// All ciphers here have tags of this length.
pub(super) const TAG_LEN: usize = 16;

/// TLS 1.2 with GCM sends half of the nonce along (RFC 5288 §3).
pub(super) const EXPLICIT_NONCE_LEN: usize = 8;

/// How a version and cipher lay a record out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// The type stands encrypted behind the content.
    Tls13,
    /// Half of the nonce stands before the content.
    Tls12Gcm,
    /// As RFC 7905 has it: neither.
    Tls12ChaCha,
}

/// The number of the next record. A number makes a nonce, so none may be used for two
/// different records: it only rises, except over records that nobody has seen.
#[derive(Debug)]
pub(super) struct RecordSeq(u64);

impl RecordSeq {
    fn take(&mut self) -> u64 {
        let number = self.0;
        self.0 += 1;
        number
    }

    pub(super) fn next(&self) -> u64 {
        self.0
    }

    /// Takes back the last `count` numbers. Their records must never have left this
    /// process: to whoever listens they were not used.
    pub(super) fn take_back(&mut self, count: u64) {
        debug_assert!(count <= self.0);
        self.0 -= count;
    }
}

/// A key with its record numbers.
#[derive(Debug)]
pub(super) struct DirectionKey {
    pub(super) key: LessSafeKey,
    pub(super) layout: Layout,
    pub(super) seq: RecordSeq,
    iv: [u8; NONCE_LEN],
}

/// Secrets that no cipher here fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cipher suite that this engine does not seal")]
pub struct UnknownSuite;

impl DirectionKey {
    pub(super) fn new(
        version: ProtocolVersion,
        (seq, secrets): (u64, ConnectionTrafficSecrets),
    ) -> Result<Self, UnknownSuite> {
        let (algorithm, key, iv) = parts(&secrets).ok_or(UnknownSuite)?;
        let layout = match version {
            ProtocolVersion::TLSv1_3 => Layout::Tls13,
            ProtocolVersion::TLSv1_2 if *algorithm == CHACHA20_POLY1305 => Layout::Tls12ChaCha,
            ProtocolVersion::TLSv1_2 => Layout::Tls12Gcm,
            _ => return Err(UnknownSuite),
        };
        let key = UnboundKey::new(algorithm, key).map_err(|_| UnknownSuite)?;
        let iv = iv.try_into().map_err(|_| UnknownSuite)?;
        Ok(Self { key: LessSafeKey::new(key), layout, seq: RecordSeq(seq), iv })
    }

    /// The nonce of the next record, and its number.
    pub(super) fn next_nonce(&mut self) -> ([u8; NONCE_LEN], u64) {
        let number = self.seq.take();
        (self.nonce_of(number), number)
    }

    /// RFC 8446 §5.3, which RFC 7905 §2 has too; rustls uses it for GCM of TLS 1.2 as well.
    pub(super) fn nonce_of(&self, number: u64) -> [u8; NONCE_LEN] {
        let mut nonce = self.iv;
        let (_, counted) = nonce.split_at_mut(NONCE_LEN - 8);
        counted.iter_mut().zip(number.to_be_bytes()).for_each(|(octet, count)| *octet ^= count);
        nonce
    }

    /// With an explicit nonce from the wire, the fixed half of ours before it.
    pub(super) fn nonce_with(&self, explicit: [u8; EXPLICIT_NONCE_LEN]) -> [u8; NONCE_LEN] {
        let mut nonce = self.iv;
        let (_, rest) = nonce.split_at_mut(NONCE_LEN - EXPLICIT_NONCE_LEN);
        rest.copy_from_slice(&explicit);
        nonce
    }

    /// What a record adds to its content.
    pub(super) fn overhead(&self) -> usize {
        HEADER_LEN
            + TAG_LEN
            + match self.layout {
                Layout::Tls13 => 1,
                Layout::Tls12Gcm => EXPLICIT_NONCE_LEN,
                Layout::Tls12ChaCha => 0,
            }
    }
}

/// What is authenticated beside the content: in TLS 1.2 the number, the type and the true
/// length, in TLS 1.3 the header as it is sent.
pub(super) enum Associated {
    Tls12([u8; 13]),
    Tls13([u8; HEADER_LEN]),
}

impl Associated {
    pub(super) fn tls12(number: u64, kind: ContentType, plain_len: usize) -> Self {
        let mut octets = [0; 13];
        let (counted, rest) = octets.split_at_mut(8);
        counted.copy_from_slice(&number.to_be_bytes());
        rest.copy_from_slice(&header(kind, plain_len));
        Self::Tls12(octets)
    }

    pub(super) fn aad(&self) -> Aad<&[u8]> {
        match self {
            Self::Tls12(octets) => Aad::from(octets),
            Self::Tls13(octets) => Aad::from(octets),
        }
    }
}

pub(super) fn nonce(octets: [u8; NONCE_LEN]) -> Nonce {
    Nonce::assume_unique_for_key(octets)
}

fn parts(secrets: &ConnectionTrafficSecrets) -> Option<(&'static Algorithm, &[u8], &[u8])> {
    match secrets {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv } => {
            Some((&AES_128_GCM, key.as_ref(), iv.as_ref()))
        }
        ConnectionTrafficSecrets::Aes256Gcm { key, iv } => {
            Some((&AES_256_GCM, key.as_ref(), iv.as_ref()))
        }
        ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => {
            Some((&CHACHA20_POLY1305, key.as_ref(), iv.as_ref()))
        }
        _ => None,
    }
}
