//! TLS on the listeners for boxes and machines: our certificate, and on the control listener
//! theirs as well.

use crate::barring::Barred;
use crate::server::App;
use anyhow::Context;
use ca::Ca;
use contract::trust::Trust;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio_rustls::TlsAcceptor;

/// A quarter of a certificate's life. Its key is kept nowhere, so each start has its own.
const RENEW_AFTER: Duration = Duration::from_secs(ca::ISSUED_LIFE_D / 4 * 86_400);

/// Who the fleet is towards boxes: a certificate that is renewed while it is in use, and when the
/// root has spoken.
pub(crate) struct ControlTls {
    app: Arc<App>,
    current: Mutex<Option<Current>>,
}

#[derive(Clone)]
struct Current {
    mutual: TlsAcceptor,
    shown: TlsAcceptor,
    boxes: Arc<dyn ClientCertVerifier>,
    issued_at: SystemTime,
    /// Of what was revoked, and of what the root says.
    versions: (u64, u64),
}

impl Current {
    fn is_good(&self, versions: (u64, u64), now: SystemTime) -> bool {
        let age = now.duration_since(self.issued_at);
        self.versions == versions && age.is_ok_and(|age| age <= RENEW_AFTER)
    }
}

impl ControlTls {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self { app, current: Mutex::default() }
    }

    /// What the next connection of a box is accepted with.
    ///
    /// # Errors
    /// When the root has said nothing yet, or names no authority that is held here.
    pub(crate) fn mutual(&self, now: SystemTime) -> anyhow::Result<TlsAcceptor> {
        Ok(self.current(now)?.mutual)
    }

    /// What the next connection of a machine is accepted with that is no box yet.
    ///
    /// # Errors
    /// As [`ControlTls::mutual`].
    pub(crate) fn shown(&self, now: SystemTime) -> anyhow::Result<TlsAcceptor> {
        Ok(self.current(now)?.shown)
    }

    /// Whether a box that was let in would be let in now: connections last, and what the root says
    /// of an authority, and a certificate, does not.
    pub(crate) fn lets_in(&self, chain: &[CertificateDer<'_>], now: SystemTime) -> bool {
        let Ok(current) = self.current(now) else { return false };
        let since_epoch = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = UnixTime::since_unix_epoch(since_epoch);
        chain.split_first().is_some_and(|(leaf, others)| {
            current.boxes.verify_client_cert(leaf, others, now).is_ok()
        })
    }

    fn current(&self, now: SystemTime) -> anyhow::Result<Current> {
        let said = self.app.said.last().context("the root has said nothing yet")?;
        let barred = self.app.barring.now();
        let versions = (barred.versions().0, said.trust.version);
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(current) = current.as_ref().filter(|it| it.is_good(versions, now)) {
            return Ok(current.clone());
        }
        let made = make(&self.app.ca, &said.trust, &barred, now)?;
        *current = Some(made.clone());
        Ok(made)
    }
}

fn make(ca: &Ca, trust: &Trust, barred: &Barred, now: SystemTime) -> anyhow::Result<Current> {
    let mut roots = RootCertStore::empty();
    for pem in &trust.authorities.boxes {
        roots.add(CertificateDer::from_pem_slice(pem.as_bytes())?)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let boxes = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let lists = barred.lists().iter();
    let lists = lists.map(|pem| CertificateRevocationListDer::from_pem_slice(pem.as_bytes()));
    let boxes = boxes
        .with_crls(lists.collect::<Result<Vec<_>, _>>()?)
        .only_check_end_entity_revocation()
        .allow_unknown_revocation_status()
        .build()
        .context("cannot verify clients")?;
    let issued = ca.control(trust)?.issue_control(now)?;
    let chain = CertificateDer::pem_slice_iter(issued.chain_pem.as_bytes());
    let chain: Vec<_> = chain.collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes())?;
    Ok(Current {
        mutual: acceptor(Arc::clone(&boxes), chain.clone(), key.clone_key())?,
        shown: acceptor(Arc::new(NoClientAuth), chain, key)?,
        boxes,
        issued_at: now,
        versions: (barred.versions().0, trust.version),
    })
}

fn acceptor(
    clients: Arc<dyn ClientCertVerifier>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> anyhow::Result<TlsAcceptor> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    // Both ends are ours: nothing older than TLS 1.3 is spoken.
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Who it is is looked at anew with every connection.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
