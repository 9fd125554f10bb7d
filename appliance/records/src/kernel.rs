//! What the kernel must know to seal for us (kTLS): a key, laid out as `linux/tls.h` has it.

use super::seal::SealFailed;
use rustls::{ConnectionTrafficSecrets, ProtocolVersion};

/// `struct tls12_crypto_info_…`: version, cipher, the end of the nonce, the key, the
/// beginning of the nonce, the number of the next record. All of it octets but the first two
/// numbers, so that it can be written down here.
#[derive(Clone)]
pub struct CryptoInfo {
    octets: Vec<u8>,
}

/// The number of the next record stands at the end.
const SEQ_LEN: usize = 8;
/// The part of a nonce that a key of GCM fixes for good.
const SALT_LEN: usize = 4;

/// Explicit nonces of TLS 1.2: what we made differ from the nonce's own octets in the last
/// four at most.
const OURS: u64 = u32::MAX as u64;

impl CryptoInfo {
    /// `None` for what the kernel does not know.
    #[must_use]
    pub fn new(version: ProtocolVersion, secrets: &ConnectionTrafficSecrets) -> Option<Self> {
        const AES_GCM_128: u16 = 51;
        const AES_GCM_256: u16 = 52;
        const CHACHA20_POLY1305: u16 = 54;
        let (cipher, key, iv) = match secrets {
            ConnectionTrafficSecrets::Aes128Gcm { key, iv } => (AES_GCM_128, key, iv),
            ConnectionTrafficSecrets::Aes256Gcm { key, iv } => (AES_GCM_256, key, iv),
            ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (CHACHA20_POLY1305, key, iv),
            _ => return None,
        };
        let (number, has_explicit_nonce) = match version {
            ProtocolVersion::TLSv1_2 => (0x0303_u16, cipher != CHACHA20_POLY1305),
            ProtocolVersion::TLSv1_3 => (0x0304, false),
            _ => return None,
        };
        let (salt, rest) = match cipher {
            CHACHA20_POLY1305 => (&[][..], iv.as_ref()),
            _ => iv.as_ref().split_at(SALT_LEN),
        };
        let mut octets = Vec::with_capacity(56);
        octets.extend(number.to_ne_bytes());
        octets.extend(cipher.to_ne_bytes());
        match rest.try_into() {
            Ok(nonce) if has_explicit_nonce => octets.extend(fresh(nonce)),
            _ => octets.extend(rest),
        }
        octets.extend(key.as_ref());
        octets.extend(salt);
        octets.extend([0; SEQ_LEN]);
        Some(Self { octets })
    }

    /// Says what the number of the next record is.
    pub fn begin_at(&mut self, seq: u64) {
        let at = self.octets.len() - SEQ_LEN;
        self.octets.splice(at.., seq.to_be_bytes());
    }

    /// As the kernel reads it.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }
}

/// Where the kernel begins to count explicit nonces (TLS 1.2 with GCM). Ours were the nonce's
/// octets and a record's number, by exclusive or; the kernel adds one for each record. From
/// here on it meets none of ours: they share all but the last four octets, and it starts
/// behind them.
fn fresh(nonce: [u8; 8]) -> [u8; 8] {
    (u64::from_be_bytes(nonce) | OURS).wrapping_add(1).to_be_bytes()
}

/// The kernel seals: what is left for us is to count.
#[derive(Debug)]
pub(super) struct KernelSealer {
    /// At least as many records as it has made.
    records: u64,
    limit: u64,
}

impl KernelSealer {
    pub(super) fn new(records: u64, limit: u64) -> Self {
        Self { records, limit }
    }

    /// So much was handed to it at once: it may have torn a record at each end.
    pub(super) fn took(&mut self, bytes: usize) {
        self.records += bytes.div_ceil(super::frame::MAX_PLAIN_LEN) as u64 + 1;
    }

    pub(super) fn may_go_on(&self) -> Result<(), SealFailed> {
        if self.records < self.limit { Ok(()) } else { Err(SealFailed) }
    }

    pub(super) fn is_worn(&self) -> bool {
        self.records >= self.limit - self.limit / super::seal::LAST_PART
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::num::Wrapping;

    proptest! {
        /// Numbers below 2^32 are ours, and the kernel makes fewer than 2^25 records.
        #[test]
        fn no_explicit_nonce_comes_twice(nonce: u64, ours: u32, kernels in 0..1_u64 << 25) {
            let made = nonce ^ u64::from(ours);
            let begin = u64::from_be_bytes(fresh(nonce.to_be_bytes()));
            prop_assert_ne!(Wrapping(begin) + Wrapping(kernels), Wrapping(made));
        }
    }
}
