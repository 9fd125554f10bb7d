//! What a certificate is asked for with: a key, and the proof that whoever asks has it.

use contract::certificates::MAX_CSR_BYTES;
use contract::object::Digest;
use rcgen::{
    CertificateParams, CertificateSigningRequestParams, PKCS_ECDSA_P256_SHA256, PublicKey,
    PublicKeyData, SanType,
};
use rustls_pki_types::CertificateSigningRequestDer;
use rustls_pki_types::pem::PemObject;
use std::collections::BTreeSet;

/// A point on P-256, not compressed (SEC 1 §2.3.3).
const P256_POINT_BYTES: usize = 65;

/// The key that a certificate is to be for. Of names and uses that a request asks for nothing
/// counts where the fleet itself issues: it knows them. An authority elsewhere is given the request
/// as it is, once its names are known to be those of the box.
#[derive(Debug, Clone)]
pub struct RequestedKey {
    key: PublicKey,
    der: Vec<u8>,
    asked: Asked,
}

/// For whom a request asks.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    /// These host names, as they are written there.
    Names(Vec<String>),
    /// Something else than host names, or beside them.
    MoreThanNames,
}

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
    /// The box says nothing of names, as those of an earlier version.
    #[error("the request names no host: the box runs an older version; bring it up to date")]
    Nameless,
    /// It is asked for in a way that only one of ours would not.
    #[error("the request asks for more than host names")]
    MoreThanNames,
    /// The fleet has not given the box this name.
    #[error("{0} is not a host name of the box: see `fleet group list`")]
    OtherName(String),
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
        let der = CertificateSigningRequestDer::from_pem_slice(csr_pem.as_bytes());
        let der = der.map_err(|err| BadRequest::Senseless(err.to_string()))?;
        let read = CertificateSigningRequestParams::from_der(&der);
        let read = read.map_err(|err| BadRequest::Senseless(err.to_string()))?;
        let (key, asked) = (read.public_key, asked(&read.params));
        let is_ours = *PublicKeyData::algorithm(&key) == PKCS_ECDSA_P256_SHA256
            && key.der_bytes().len() == P256_POINT_BYTES;
        if is_ours { Ok(Self { key, der: der.to_vec(), asked }) } else { Err(BadRequest::OtherKey) }
    }

    /// The host names that it asks for, every one of which is one of the box.
    ///
    /// # Errors
    /// [`BadRequest`], when there is none, or something else.
    pub fn names_among(&self, own: &[String]) -> Result<Vec<String>, BadRequest> {
        let Asked::Names(names) = &self.asked else { return Err(BadRequest::MoreThanNames) };
        if names.is_empty() {
            return Err(BadRequest::Nameless);
        }
        match names.iter().find(|name| !own.contains(name)) {
            Some(other) => Err(BadRequest::OtherName(other.chars().take(253).collect())),
            // Groups may share a name; an order has it once.
            None => Ok(BTreeSet::from_iter(names.clone()).into_iter().collect()),
        }
    }

    /// The key: a point of P-256.
    #[must_use]
    pub fn point(&self) -> &[u8] {
        self.key.der_bytes()
    }

    /// The request as it was signed, in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The key, as certificates have it.
    #[must_use]
    pub fn key_bytes(&self) -> &[u8] {
        self.key.der_bytes()
    }

    /// Names the key.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.key_bytes())
    }

    pub(crate) fn key(&self) -> &PublicKey {
        &self.key
    }
}

fn asked(params: &CertificateParams) -> Asked {
    let name = |name: &SanType| match name {
        SanType::DnsName(name) => Some(name.as_str().to_owned()),
        _ => None,
    };
    let names: Option<Vec<String>> = params.subject_alt_names.iter().map(name).collect();
    let is_unnamed = params.distinguished_name.iter().next().is_none();
    match names {
        Some(names) if is_unnamed || names.is_empty() => Asked::Names(names),
        _ => Asked::MoreThanNames,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{DistinguishedName, KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};

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

    #[test]
    fn who_asks_elsewhere_asks_for_names_of_its_own() {
        let key = KeyPair::generate().expect("a key");
        let own: Vec<String> = ["a.example", "b.example"].map(str::to_owned).to_vec();
        let asks = |names: &[&str], bend: &dyn Fn(&mut CertificateParams)| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let mut params = CertificateParams::new(names).expect("names");
            params.distinguished_name = DistinguishedName::new();
            bend(&mut params);
            let pem = params.serialize_request(&key).expect("a request").pem().expect("PEM");
            RequestedKey::read(&pem).expect("a request").names_among(&own)
        };
        assert_eq!(asks(&["b.example"], &|_| {}), Ok(vec!["b.example".to_owned()]));
        assert_eq!(asks(&["b.example", "a.example", "b.example"], &|_| {}), Ok(own.clone()));
        assert_eq!(asks(&[], &|_| {}), Err(BadRequest::Nameless));
        for other in ["c.example", "*.example", "A.example", "b.example.org"] {
            let refused = asks(&["a.example", other], &|_| {});
            assert_eq!(refused, Err(BadRequest::OtherName(other.to_owned())));
        }
        let more: [&dyn Fn(&mut CertificateParams); 2] = [
            &|params| params.subject_alt_names.push(SanType::IpAddress([192, 0, 2, 1].into())),
            &|params| params.distinguished_name.push(rcgen::DnType::CommonName, "c.example"),
        ];
        for more in more {
            assert_eq!(asks(&["a.example"], more), Err(BadRequest::MoreThanNames));
        }
    }

    proptest! {
        /// Whatever is changed of a request, it is no request any more, or says the same.
        #[test]
        fn no_byte_of_a_request_can_be_changed(seed: u8, at: usize, bit in 0u8..8) {
            let pkcs8 = KeyPair::generate().expect("a key");
            let pem = request(&pkcs8, &[]);
            let parsed = CertificateSigningRequestDer::from(
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
        let read = CertificateSigningRequestDer::from_pem_slice(pem.as_bytes());
        read.expect("PEM").to_vec()
    }

    fn pem_of(der: &[u8]) -> String {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        format!("-----BEGIN CERTIFICATE REQUEST-----\n{text}\n-----END CERTIFICATE REQUEST-----\n")
    }
}
