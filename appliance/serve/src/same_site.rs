//! Which boxes are siblings: those whose identity names the site that ours names.
//!
//! An identity of another site is as good as ours, and its box may stand in another provider's
//! network, where no byte goes to. Where our identity names no site, every one of the fleet's is
//! let in.

use crate::certificates::{ByName, dns_names};
use contract::exchange::is_site_name;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use std::sync::Arc;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Lets in whom `inner` does, if it stands on this site.
#[derive(Debug)]
pub(crate) struct SameSite {
    inner: Arc<dyn ClientCertVerifier>,
    /// What this box shows: a certificate that replaces another may name another site.
    ours: Arc<ByName>,
}

impl SameSite {
    pub(crate) fn new(inner: Arc<dyn ClientCertVerifier>, ours: Arc<ByName>) -> Self {
        Self { inner, ours }
    }
}

impl ClientCertVerifier for SameSite {
    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.inner.verify_client_cert(end_entity, intermediates, now)?;
        let ours = self.ours.first();
        let ours = ours.as_ref().and_then(|ours| ours.cert.first()).and_then(site_of);
        if ours.is_none() || ours == site_of(end_entity) {
            return Ok(verified);
        }
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    fn offer_client_auth(&self) -> bool {
        self.inner.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.inner.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// The site that an identity names; `None` where it names none.
fn site_of(leaf: &CertificateDer<'_>) -> Option<String> {
    let (_, leaf) = X509Certificate::from_der(leaf).ok()?;
    dns_names(&leaf).find(|name| is_site_name(name)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use rustls::RootCertStore;
    use rustls::crypto::aws_lc_rs::default_provider;
    use rustls::server::WebPkiClientVerifier;
    use rustls::sign::CertifiedKey;

    struct Fleet(Issuer<'static, KeyPair>, CertificateDer<'static>);

    impl Fleet {
        fn new() -> Self {
            let key = KeyPair::generate().expect("key");
            let mut params = CertificateParams::default();
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            let root = params.self_signed(&key).expect("a root").der().clone();
            Self(Issuer::new(params, key), root)
        }

        fn issue(&self, names: &[&str]) -> CertifiedKey {
            let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
            let key = KeyPair::generate().expect("key");
            let params = CertificateParams::new(names).expect("names");
            let leaf = params.signed_by(&key, &self.0).expect("signed").der().clone();
            let key = key.serialize_der().try_into().expect("a key");
            CertifiedKey::from_der(vec![leaf], key, &default_provider()).expect("a pair")
        }

        /// What a box that shows `ours` says to one that shows `theirs`.
        fn lets_in(&self, ours: &[&str], theirs: &CertifiedKey) -> Result<(), Error> {
            let mut roots = RootCertStore::empty();
            roots.add(self.1.clone()).expect("a root");
            let provider = Arc::new(default_provider());
            let inner = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let ours = ByName::new(vec![Arc::new(self.issue(ours))]);
            let verifier = SameSite::new(inner.build().expect("a verifier"), Arc::new(ours));
            let leaf = theirs.cert.first().expect("a leaf");
            verifier.verify_client_cert(leaf, &[], UnixTime::now()).map(drop)
        }
    }

    const OURS: &[&str] = &["oca1.box.internal", "a.site.internal"];

    #[test]
    fn a_box_of_another_site_is_no_sibling() {
        let fleet = Fleet::new();
        let refused = || Err(CertificateError::ApplicationVerificationFailure.into());
        let sibling = fleet.issue(&["oca2.box.internal", "a.site.internal"]);
        assert_eq!(fleet.lets_in(OURS, &sibling), Ok(()));
        let without_a_site = fleet.issue(&["oca2.box.internal"]);
        let elsewhere = fleet.issue(&["oca2.box.internal", "b.site.internal"]);
        for other in [&elsewhere, &without_a_site] {
            assert_eq!(fleet.lets_in(OURS, other), refused());
            assert_eq!(fleet.lets_in(&["oca1.box.internal"], other), Ok(()));
        }
    }

    #[test]
    fn a_site_of_another_fleet_is_none_at_all() {
        let theirs = Fleet::new().issue(&["oca2.box.internal", "a.site.internal"]);
        let refused = Fleet::new().lets_in(OURS, &theirs).expect_err("another root");
        assert!(matches!(refused, Error::InvalidCertificate(_)), "{refused}");
    }
}
