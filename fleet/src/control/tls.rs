//! TLS on the control listener: our certificate, and theirs required.

use crate::server::App;
use anyhow::Context;
use ca::Ca;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio_rustls::TlsAcceptor;

/// A quarter of a certificate's life. Its key is kept nowhere, so each start has its own.
const RENEW_AFTER: Duration = Duration::from_secs(ca::ISSUED_LIFE_D / 4 * 86_400);

/// Who the fleet is towards boxes: a certificate that is renewed while it is in use.
pub(crate) struct ControlTls {
    app: Arc<App>,
    current: Mutex<(TlsAcceptor, SystemTime)>,
}

impl ControlTls {
    /// Issues the first certificate.
    pub(crate) fn new(app: Arc<App>, now: SystemTime) -> anyhow::Result<Self> {
        let acceptor = acceptor(&app.ca, now)?;
        Ok(Self { app, current: Mutex::new((acceptor, now)) })
    }

    /// What the next connection is accepted with.
    pub(crate) fn acceptor(&self, now: SystemTime) -> TlsAcceptor {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, issued_at) = *current;
        if now.duration_since(issued_at).is_ok_and(|age| age > RENEW_AFTER) {
            match acceptor(&self.app.ca, now) {
                Ok(renewed) => *current = (renewed, now),
                Err(err) => tracing::error!("cannot renew the control certificate: {err:#}"),
            }
        }
        current.0.clone()
    }
}

fn acceptor(ca: &Ca, now: SystemTime) -> anyhow::Result<TlsAcceptor> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.root_pem().as_bytes())?)?;
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .context("cannot verify clients")?;
    let issued = ca.issue_control(now)?;
    let chain = CertificateDer::pem_slice_iter(issued.chain_pem.as_bytes());
    let key = PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes())?;
    // Both ends are ours: nothing older than TLS 1.3 is spoken.
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain.collect::<Result<_, _>>()?, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
