//! Whom the authorities that the root names vouch for.

use anyhow::{Context, Result};
use arc_swap::ArcSwap;
use contract::time::TimeUs;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Looks again with every handshake whom the root names, and what they have revoked; believes
/// nobody, before the root has named anybody.
#[derive(Debug)]
pub(crate) struct Anchors {
    provider: Arc<CryptoProvider>,
    told: Mutex<Told>,
    verifiers: ArcSwap<Option<Verifiers>>,
}

/// Takes whoever answers: for what proves itself, and nothing else.
#[derive(Debug)]
pub(crate) struct Anybody(pub(crate) Arc<CryptoProvider>);

/// What verifiers are made of, in PEM.
#[derive(Debug, Clone, Default)]
struct Told {
    authorities: Vec<String>,
    revoked: Vec<String>,
}

#[derive(Debug)]
struct Verifiers {
    servers: Arc<WebPkiServerVerifier>,
    clients: Arc<dyn ClientCertVerifier>,
}

impl Anchors {
    pub(crate) fn new(provider: Arc<CryptoProvider>) -> Self {
        Self { provider, told: Mutex::default(), verifiers: ArcSwap::default() }
    }

    /// # Errors
    /// When one is no authority; everything stays as it was then.
    pub(crate) fn believe(&self, authorities: &[String]) -> Result<()> {
        self.tell(|told| told.authorities = authorities.to_vec())
    }

    /// From the next handshake on those are strangers that are on these lists.
    ///
    /// # Errors
    /// When one is no list; everything stays as it was then.
    pub(crate) fn revoke(&self, lists: &[String]) -> Result<()> {
        self.tell(|told| told.revoked = lists.to_vec())
    }

    /// Whether a chain is one that the fleet, and siblings, would believe.
    ///
    /// # Errors
    /// When it is not.
    pub(crate) fn check(&self, chain_pem: &str, now: TimeUs) -> Result<()> {
        let chain = CertificateDer::pem_slice_iter(chain_pem.as_bytes());
        let chain: Vec<_> = chain.collect::<Result<_, _>>()?;
        let (leaf, others) = chain.split_first().context("no certificate")?;
        let now = Duration::from_micros(u64::try_from(now.0).unwrap_or(0));
        self.verify_client_cert(leaf, others, UnixTime::since_unix_epoch(now))?;
        Ok(())
    }

    /// Whether an authority with this name (DER) is among them.
    pub(super) fn has(&self, name: &[u8]) -> bool {
        let verifiers = self.verifiers.load();
        let clients = Option::as_ref(&verifiers).map(|it| &it.clients);
        clients.is_some_and(|it| it.root_hint_subjects().iter().any(|own| own.as_ref() == name))
    }

    fn tell(&self, change: impl FnOnce(&mut Told)) -> Result<()> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = told.clone();
        change(&mut next);
        let verifiers = self.verifiers(&next)?;
        self.verifiers.store(Arc::new(verifiers));
        *told = next;
        Ok(())
    }

    fn verifiers(&self, told: &Told) -> Result<Option<Verifiers>> {
        let mut roots = RootCertStore::empty();
        for pem in &told.authorities {
            let authority = CertificateDer::from_pem_slice(pem.as_bytes());
            let authority = authority.context("the root names what is no certificate")?;
            roots.add(authority).context("the root names what is no authority")?;
        }
        if roots.is_empty() {
            return Ok(None);
        }
        let revoked = told.revoked.iter().map(|pem| {
            let list = CertificateRevocationListDer::from_pem_slice(pem.as_bytes());
            list.context("what should tell of revoked certificates is no list")
        });
        let (revoked, roots) = (revoked.collect::<Result<Vec<_>>>()?, Arc::new(roots));
        let (own, provider) = (Arc::clone(&roots), Arc::clone(&self.provider));
        // What an authority has said nothing of is good, and a list as long as no other is known:
        // a box that is cut off goes on.
        let servers = WebPkiServerVerifier::builder_with_provider(own, provider)
            .with_crls(revoked.clone())
            .only_check_end_entity_revocation()
            .allow_unknown_revocation_status()
            .build()?;
        let provider = Arc::clone(&self.provider);
        let clients = WebPkiClientVerifier::builder_with_provider(roots, provider)
            .with_crls(revoked)
            .only_check_end_entity_revocation()
            .allow_unknown_revocation_status()
            .build()?;
        Ok(Some(Verifiers { servers, clients }))
    }
}

impl ServerCertVerifier for Anchors {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match &**self.verifiers.load() {
            Some(verifiers) => {
                let servers = &verifiers.servers;
                servers.verify_server_cert(end_entity, intermediates, name, ocsp, now)
            }
            None => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for Anchors {
    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        match &**self.verifiers.load() {
            Some(verifiers) => verifiers.clients.verify_client_cert(end_entity, intermediates, now),
            None => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    /// No hint: who connects has one identity to show.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        ServerCertVerifier::verify_tls12_signature(self, message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        ServerCertVerifier::verify_tls13_signature(self, message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ServerCertVerifier::supported_verify_schemes(self)
    }
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
