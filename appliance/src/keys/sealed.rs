//! A private key as it stands in a file where this machine has a TPM: encrypted, in a section of its
//! own between the lines of PEM (RFC 7468), before the chain that everybody may read.
//!
//! ```text
//! version 1 | purpose 1 | which key it is encrypted with 16 | nonce 12 | AES-256-GCM of the PKCS #8
//! ```
//!
//! What goes before the nonce is authenticated with the rest: what is sealed as one thing cannot be
//! taken for another.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use contract::certificates::Purpose;
use std::fmt;
use std::str::FromStr;
use tpm::Secret;
use zeroize::Zeroizing;

const BEGIN: &str = "-----BEGIN HEADEND SEALED KEY-----";
const END: &str = "-----END HEADEND SEALED KEY-----";

/// What this is, so that nothing else that is ever encrypted with the same key is taken for it.
const DOMAIN: &[u8] = b"headend private key\0";

const VERSION: u8 = 1;
const HEAD_BYTES: usize = 2 + 16;
const TAG_BYTES: usize = 16;

/// As PEM has it (RFC 7468 §2).
const LINE: usize = 64;

/// The most bytes of a section: an RSA key of 8192 bits takes 4.7 kB, and ours a hundred.
const MAX_BYTES: usize = 16 << 10;

/// Names a key with which others are encrypted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyId([u8; 16]);

impl KeyId {
    pub(super) fn random() -> Self {
        Self(rand::random())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for KeyId {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, hex::FromHexError> {
        let mut id = [0; 16];
        hex::decode_to_slice(text, &mut id).map(|()| Self(id))
    }
}

/// What is wrong with one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadSealed {
    #[error("the sealed key in it is not whole")]
    NotWhole,
    #[error("its key is sealed in a way that another version of the appliance knows ({0})")]
    Version(u8),
    #[error("the key in it was sealed as {0}: somebody has put it in another place")]
    Purpose(Purpose),
    #[error("the sealed key in it was changed")]
    Changed,
    #[error("no random numbers can be had")]
    NoRandomness,
}

/// A sealed key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SealedKey {
    purpose: Purpose,
    pub(super) id: KeyId,
    nonce: [u8; NONCE_LEN],
    /// With its tag.
    encrypted: Vec<u8>,
}

impl SealedKey {
    /// Seals PKCS #8.
    pub(super) fn seal(
        (id, with): (KeyId, &Secret),
        purpose: Purpose,
        pkcs8: &[u8],
    ) -> Result<Self, BadSealed> {
        let mut nonce = [0; NONCE_LEN];
        aws_lc_rs::rand::fill(&mut nonce).map_err(|_| BadSealed::NoRandomness)?;
        // Encrypted where it stands: nothing of it is left behind.
        let mut encrypted = Vec::with_capacity(pkcs8.len() + TAG_BYTES);
        encrypted.extend_from_slice(pkcs8);
        let sealed = Self { purpose, id, nonce, encrypted: Vec::new() };
        let aad = sealed.aad();
        cipher(with)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut encrypted)
            .map_err(|_| BadSealed::NotWhole)?;
        Ok(Self { encrypted, ..sealed })
    }

    /// The key, if it is for this and nobody has changed it.
    pub(super) fn open(
        &self,
        with: &Secret,
        purpose: Purpose,
    ) -> Result<Zeroizing<Vec<u8>>, BadSealed> {
        if self.purpose != purpose {
            return Err(BadSealed::Purpose(self.purpose));
        }
        let mut opened = Zeroizing::new(self.encrypted.clone());
        let nonce = Nonce::assume_unique_for_key(self.nonce);
        let len = cipher(with)?
            .open_in_place(nonce, self.aad(), &mut opened)
            .map_err(|_| BadSealed::Changed)?
            .len();
        opened.truncate(len);
        Ok(opened)
    }

    /// The one that stands in a file; `None` where there is none.
    pub(super) fn find(text: &[u8]) -> Result<Option<Self>, BadSealed> {
        // What is no text has no lines of PEM.
        let text = std::str::from_utf8(text).unwrap_or_default();
        let Some((_, text)) = text.split_once(BEGIN) else { return Ok(None) };
        let (body, _) = text.split_once(END).ok_or(BadSealed::NotWhole)?;
        let body: String = body.split_ascii_whitespace().collect();
        if body.len() > MAX_BYTES {
            return Err(BadSealed::NotWhole);
        }
        let octets = BASE64.decode(body).map_err(|_| BadSealed::NotWhole)?;
        Self::parse(&octets).map(Some)
    }

    /// As it stands in a file.
    pub(super) fn to_pem(&self) -> String {
        let octets = [&self.head(), self.nonce.as_slice(), &self.encrypted].concat();
        let body = BASE64.encode(octets);
        let mut text = format!("{BEGIN}\n");
        for line in body.as_bytes().chunks(LINE) {
            text += &String::from_utf8_lossy(line);
            text.push('\n');
        }
        text + END + "\n"
    }

    fn parse(octets: &[u8]) -> Result<Self, BadSealed> {
        let (version, rest) = octets.split_first().ok_or(BadSealed::NotWhole)?;
        if *version != VERSION {
            return Err(BadSealed::Version(*version));
        }
        let (purpose, rest) = rest.split_first().ok_or(BadSealed::NotWhole)?;
        let purpose = match purpose {
            1 => Purpose::Identity,
            2 => Purpose::Player,
            _ => return Err(BadSealed::NotWhole),
        };
        let (id, rest) = rest.split_first_chunk().ok_or(BadSealed::NotWhole)?;
        let (nonce, encrypted) = rest.split_first_chunk().ok_or(BadSealed::NotWhole)?;
        if encrypted.len() <= TAG_BYTES {
            return Err(BadSealed::NotWhole);
        }
        Ok(Self { purpose, id: KeyId(*id), nonce: *nonce, encrypted: encrypted.to_vec() })
    }

    fn head(&self) -> [u8; HEAD_BYTES] {
        let mut head = [0; HEAD_BYTES];
        head[0] = VERSION;
        head[1] = match self.purpose {
            Purpose::Identity => 1,
            Purpose::Player => 2,
        };
        head[2..].copy_from_slice(&self.id.0);
        head
    }

    fn aad(&self) -> Aad<Vec<u8>> {
        Aad::from([DOMAIN, &self.head()].concat())
    }
}

fn cipher(with: &Secret) -> Result<LessSafeKey, BadSealed> {
    let key = UnboundKey::new(&AES_256_GCM, with.as_ref()).map_err(|_| BadSealed::NotWhole)?;
    Ok(LessSafeKey::new(key))
}

#[cfg(test)]
mod tests;
