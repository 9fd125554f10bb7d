//! What a machine says of its SSH server when it joins. The key that becomes its identity signs it: what
//! the fleet tells people from then on is that box's own word.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

/// The most bytes of the keys of an SSH server.
pub const MAX_SSH_HOST_KEYS_BYTES: usize = 8 << 10;

/// A signature has 72 bytes at most.
const MAX_SIGNATURE_CHARS: usize = 96;

/// No other signature of that key is over this.
const PURPOSE: &str = "headend ssh host keys v1";

/// The keys of a machine's SSH server, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SshHostKeys {
    /// Public keys, one a line.
    lines: String,
    /// By the key that joins: ECDSA over P-256 with SHA-256, as ASN.1 in base64.
    signature: String,
}

/// Not what a machine with that key says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotItsWord {
    /// No server has so many.
    #[error("more than {MAX_SSH_HOST_KEYS_BYTES} octets of keys")]
    TooLong,
    /// Somebody else has written them there, or for another token.
    #[error("they are not signed with the key that joins")]
    Unsigned,
}

impl SshHostKeys {
    /// Has the key that joins by this token sign them.
    ///
    /// # Errors
    /// As signing does.
    pub fn signed<E>(
        lines: String,
        token: &str,
        sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
    ) -> Result<Self, E> {
        let signature = BASE64.encode(sign(&statement(&lines, token))?);
        Ok(Self { lines, signature })
    }

    /// The lines, if a machine says them that joins by this token and has this key: a point of P-256.
    ///
    /// # Errors
    /// When it does not.
    pub fn read(&self, token: &str, point: &[u8]) -> Result<&str, NotItsWord> {
        if self.lines.len() > MAX_SSH_HOST_KEYS_BYTES {
            return Err(NotItsWord::TooLong);
        }
        let short = Some(&self.signature).filter(|it| it.len() <= MAX_SIGNATURE_CHARS);
        let signature = short.and_then(|it| BASE64.decode(it).ok()).ok_or(NotItsWord::Unsigned)?;
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point);
        let verified = key.verify(&statement(&self.lines, token), &signature);
        verified.map(|()| &*self.lines).map_err(|_| NotItsWord::Unsigned)
    }
}

/// As JSON: where one of these ends, and the next begins, is in nobody's hands.
fn statement(lines: &str, token: &str) -> Vec<u8> {
    serde_json::json!([PURPOSE, token, lines]).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
    use proptest::prelude::*;

    fn key() -> EcdsaKeyPair {
        EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key")
    }

    fn said(lines: &str, token: &str, key: &EcdsaKeyPair) -> SshHostKeys {
        let sign = |bytes: &[u8]| key.sign(&SystemRandom::new(), bytes);
        let signed = SshHostKeys::signed(lines.to_owned(), token, |bytes| {
            sign(bytes).map(|it| it.as_ref().to_vec())
        });
        signed.expect("signed")
    }

    #[test]
    fn only_the_key_that_joins_says_them_and_by_its_token() {
        let (own, other) = (key(), key());
        let told = said("ssh-ed25519 AAAA\n", "t1", &own);
        let point = own.public_key().as_ref();
        assert_eq!(told.read("t1", point), Ok("ssh-ed25519 AAAA\n"));
        assert_eq!(told.read("t2", point), Err(NotItsWord::Unsigned));
        assert_eq!(told.read("t1", other.public_key().as_ref()), Err(NotItsWord::Unsigned));
        assert_eq!(told.read("t1", b""), Err(NotItsWord::Unsigned));
        let changed = SshHostKeys { lines: "ssh-ed25519 BBBB\n".into(), ..told };
        assert_eq!(changed.read("t1", point), Err(NotItsWord::Unsigned));
        let long = said(&"x".repeat(MAX_SSH_HOST_KEYS_BYTES + 1), "t1", &own);
        assert_eq!(long.read("t1", point), Err(NotItsWord::TooLong));
    }

    proptest! {
        #[test]
        fn no_signature_is_made_up(lines: String, signature: String) {
            let own = key();
            let told = SshHostKeys { lines, signature };
            prop_assert!(told.read("t1", own.public_key().as_ref()).is_err());
        }
    }
}
