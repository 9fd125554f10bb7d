//! What a certificate is asked for with: a key, and the proof that whoever asks has it.

use contract::certificates::MAX_CSR_BYTES;
use contract::object::Digest;
use rcgen::{CertificateSigningRequestParams, PKCS_ECDSA_P256_SHA256, PublicKey, PublicKeyData};

/// A point on P-256, not compressed (SEC 1 §2.3.3).
const P256_POINT_BYTES: usize = 65;

/// The key that a certificate is to be for. Of names and uses that a request asks for nothing
/// counts: the fleet knows them.
#[derive(Debug, Clone)]
pub struct RequestedKey(PublicKey);

/// Why a request is not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// Longer than any that is meant.
    #[error("the request has {0} bytes, and may have {MAX_CSR_BYTES}")]
    TooLong(usize),
    /// Not PKCS #10 in PEM, or its signature does not hold.
    #[error("the request is none: {0}")]
    Senseless(String),
    /// Boxes make no others.
    #[error("the request is for another key than one of ECDSA on P-256")]
    OtherKey,
}

impl RequestedKey {
    /// Reads a request in PEM, and sees that it is signed with the key that it names.
    ///
    /// # Errors
    /// [`BadRequest`], with the first reason found.
    pub fn read(csr_pem: &str) -> Result<Self, BadRequest> {
        if csr_pem.len() > MAX_CSR_BYTES {
            return Err(BadRequest::TooLong(csr_pem.len()));
        }
        let read = CertificateSigningRequestParams::from_pem(csr_pem);
        let key = read.map_err(|err| BadRequest::Senseless(err.to_string()))?.public_key;
        let is_ours = *PublicKeyData::algorithm(&key) == PKCS_ECDSA_P256_SHA256
            && key.der_bytes().len() == P256_POINT_BYTES;
        if is_ours { Ok(Self(key)) } else { Err(BadRequest::OtherKey) }
    }

    /// Names the key.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.der_bytes())
    }

    pub(crate) fn key(&self) -> &PublicKey {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};

    fn request(key: &KeyPair, names: &[&str]) -> String {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let params = CertificateParams::new(names).expect("names");
        params.serialize_request(key).expect("a request").pem().expect("PEM")
    }

    #[test]
    fn a_request_proves_that_its_key_is_held() {
        let key = KeyPair::generate().expect("a key");
        let read = RequestedKey::read(&request(&key, &["whoever.i.want"])).expect("a request");
        assert_eq!(read.digest(), Digest::of(key.public_key_raw()));
        assert!(matches!(RequestedKey::read("no PEM"), Err(BadRequest::Senseless(_))));
        let long = "x".repeat(MAX_CSR_BYTES + 1);
        assert!(matches!(RequestedKey::read(&long), Err(BadRequest::TooLong(_))));
    }

    #[test]
    fn boxes_ask_for_no_other_kind_of_key() {
        for algorithm in [&PKCS_ED25519, &PKCS_ECDSA_P384_SHA384] {
            let key = KeyPair::generate_for(algorithm).expect("a key");
            let read = RequestedKey::read(&request(&key, &[]));
            assert_eq!(read.expect_err("another"), BadRequest::OtherKey);
        }
    }

    proptest! {
        /// Whatever is changed of a request, it is no request any more, or says the same.
        #[test]
        fn no_byte_of_a_request_can_be_changed(seed: u8, at: usize, bit in 0u8..8) {
            let pkcs8 = KeyPair::generate().expect("a key");
            let pem = request(&pkcs8, &[]);
            let parsed = rustls_pki_types::CertificateSigningRequestDer::from(
                pem_body(&pem),
            );
            let mut der = parsed.to_vec();
            let at = at.wrapping_add(seed.into()) % der.len();
            der[at] ^= 1 << bit;
            if let Ok(read) = RequestedKey::read(&pem_of(&der)) {
                prop_assert_eq!(read.digest(), Digest::of(pkcs8.public_key_raw()));
            }
        }

        #[test]
        fn what_is_no_request_does_no_harm(text in ".{0,300}") {
            let _ = RequestedKey::read(&text);
            let _ = RequestedKey::read(&pem_of(text.as_bytes()));
        }
    }

    fn pem_body(pem: &str) -> Vec<u8> {
        use rustls_pki_types::pem::PemObject;
        let read = rustls_pki_types::CertificateSigningRequestDer::from_pem_slice(pem.as_bytes());
        read.expect("PEM").to_vec()
    }

    fn pem_of(der: &[u8]) -> String {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        format!("-----BEGIN CERTIFICATE REQUEST-----\n{text}\n-----END CERTIFICATE REQUEST-----\n")
    }
}
