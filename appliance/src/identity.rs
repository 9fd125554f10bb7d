//! Who this box is towards the fleet and its siblings, and whom it takes for one of them.
//!
//! Both change while connections stand: a certificate is renewed, and the root names other
//! authorities. What is given out here looks again with every handshake, and no session outlives
//! the look: none is resumed.

mod anchors;

pub(crate) use anchors::{Anchors, Anybody};

use crate::keys::Keys;
use crate::pem;
use anyhow::{Context, Result};
use arc_swap::ArcSwap;
use contract::certificates::Purpose;
use contract::config::Certificate;
use contract::time::TimeUs;
use contract::trust::{Authorities, Trust};
use hyper_rustls::ConfigBuilderExt;
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, SignatureScheme};
use std::sync::Arc;
use tokio::sync::watch;

/// Who this box is, and whom it believes.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    provider: Arc<CryptoProvider>,
    keys: Keys,
    shown: Arc<Shown>,
    anchors: Arc<Anchors>,
    authorities: watch::Sender<Authorities>,
}

impl Identity {
    /// Reads who the box is. It believes nobody before it is told whom.
    ///
    /// # Errors
    /// When a file cannot be read, or key and certificate do not belong together.
    pub(crate) fn open(files: &Certificate, keys: &Keys) -> Result<Self> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let shown = Arc::new(Shown(ArcSwap::from_pointee(load(files, keys, &provider)?)));
        let anchors = Arc::new(Anchors::new(Arc::clone(&provider)));
        let authorities = watch::Sender::new(Authorities::default());
        Ok(Self { provider, keys: keys.clone(), shown, anchors, authorities })
    }

    /// From the next handshake on the box believes whom these authorities vouch for.
    ///
    /// # Errors
    /// When an authority is none; everything stays as it was then.
    pub(crate) fn believe(&self, trust: &Trust) -> Result<()> {
        self.anchors.believe(&trust.authorities.boxes)?;
        self.authorities.send_replace(trust.authorities.clone());
        Ok(())
    }

    /// From the next handshake on those are strangers that are on these lists.
    ///
    /// # Errors
    /// When one is no list; everything stays as it was then.
    pub(crate) fn revoke(&self, lists: &[String]) -> Result<()> {
        self.anchors.revoke(lists)
    }

    /// Who issues certificates, by the root's word.
    pub(crate) fn authorities(&self) -> watch::Receiver<Authorities> {
        self.authorities.subscribe()
    }

    /// Whether a chain is one that the fleet, and siblings, would believe.
    ///
    /// # Errors
    /// When it is not.
    pub(crate) fn check(&self, chain_pem: &str, now: TimeUs) -> Result<()> {
        self.anchors.check(chain_pem, now)
    }

    /// Reads the files again; the next handshake shows what is in them.
    ///
    /// # Errors
    /// As [`Identity::open`]; everything stays as it was then.
    pub(crate) fn read_again(&self, files: &Certificate) -> Result<()> {
        self.shown.0.store(Arc::new(load(files, &self.keys, &self.provider)?));
        Ok(())
    }

    /// TLS towards the fleet and sibling boxes: mutual, whom the root names alone.
    ///
    /// # Errors
    /// When TLS 1.3 cannot be spoken.
    pub(crate) fn client(&self) -> Result<ClientConfig> {
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&self.anchors) as _)
            .with_client_cert_resolver(Arc::clone(&self.shown) as _);
        config.resumption = Resumption::disabled();
        Ok(config)
    }

    /// TLS towards origins: whom this system believes. One that asks for certificates of this fleet's
    /// authorities is shown who comes, and no other. `None` where the system believes nobody.
    pub(crate) fn origins(&self) -> Option<ClientConfig> {
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider));
        let roots = builder.with_safe_default_protocol_versions().ok()?.with_native_roots().ok()?;
        let (shown, anchors) = (Arc::clone(&self.shown), Arc::clone(&self.anchors));
        Some(roots.with_client_cert_resolver(Arc::new(ShownToFriends { shown, anchors })))
    }

    /// Who sibling boxes must be.
    pub(crate) fn siblings(&self) -> Arc<dyn ClientCertVerifier> {
        Arc::clone(&self.anchors) as _
    }
}

fn load(files: &Certificate, keys: &Keys, provider: &CryptoProvider) -> Result<CertifiedKey> {
    let chain = pem::chain(&files.chain_file)?;
    let key = keys.read(&files.key_file, Purpose::Identity)?;
    CertifiedKey::from_der(chain, key, provider).context("identity: key and certificate do not fit")
}

/// What the box shows as a client.
#[derive(Debug)]
struct Shown(ArcSwap<CertifiedKey>);

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let shown = self.0.load_full();
        shown.key.choose_scheme(schemes).is_some().then_some(shown)
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// The same to who asks for it by the name of an authority of this fleet's.
#[derive(Debug)]
struct ShownToFriends {
    shown: Arc<Shown>,
    anchors: Arc<Anchors>,
}

impl ResolvesClientCert for ShownToFriends {
    fn resolve(
        &self,
        authorities: &[&[u8]],
        schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        let is_friend = authorities.iter().any(|name| self.anchors.has(name));
        is_friend.then(|| self.shown.resolve(authorities, schemes)).flatten()
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
