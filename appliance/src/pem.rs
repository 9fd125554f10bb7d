//! Certificates and keys from PEM files.

use anyhow::{Context, Result};
use contract::config::Identity;
use rustls::RootCertStore;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;

/// A chain, leaf first.
pub(crate) fn chain(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file)
        .with_context(|| format!("cannot read {}", file.display()))?
        .collect();
    let chain = chain.with_context(|| format!("{} is not PEM", file.display()))?;
    anyhow::ensure!(!chain.is_empty(), "{} holds no certificate", file.display());
    Ok(chain)
}

/// A private key.
pub(crate) fn key(file: &Path) -> Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_file(file)
        .with_context(|| format!("{} holds no private key in PEM", file.display()))
}

/// The fleet's CA.
pub(crate) fn roots(file: &Path) -> Result<Arc<RootCertStore>> {
    let mut roots = RootCertStore::empty();
    for certificate in chain(file)? {
        roots.add(certificate).with_context(|| format!("{} is no CA", file.display()))?;
    }
    Ok(Arc::new(roots))
}

/// TLS towards the fleet and sibling boxes: mutual, the fleet's CA alone.
pub(crate) fn box_tls(identity: &Identity) -> Result<rustls::ClientConfig> {
    let roots = roots(&identity.ca_file)?;
    let (chain, key) = (chain(&identity.chain_file)?, key(&identity.key_file)?);
    fill::fetch::box_tls(roots, chain, key).context("identity: key and certificate do not fit")
}
