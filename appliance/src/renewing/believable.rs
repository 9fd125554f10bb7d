//! Whether viewers could believe a certificate. Whom they believe they know themselves; what can be
//! seen from here is that nothing is missing for it.

use crate::credential::Leaf;
use anyhow::{Context, Result, bail, ensure};
use contract::certificates::MAX_PLAYER_LIFE_D;
use contract::time::TimeUs;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use std::sync::Arc;
use std::time::Duration;

/// A leaf, an authority below a root, perhaps one more between, and one that vouches for the root
/// where that is new.
const MOST_CERTIFICATES: usize = 5;

/// An authority that the root names must have signed it; another has to come with it. It is for every
/// host name, for nobody's but one host each, and for no longer than viewers take.
///
/// # Errors
/// When it is not.
pub(super) fn check(
    chain_pem: &str,
    host_names: &[String],
    named: &[String],
    now: TimeUs,
) -> Result<()> {
    let leaf = Leaf::read(chain_pem.as_bytes())?;
    let most = Duration::from_secs(MAX_PLAYER_LIFE_D * 86_400);
    ensure!(leaf.life() <= most, "good for more than {MAX_PLAYER_LIFE_D} days");
    if let Some(name) = leaf.names.iter().find(|name| name.contains('*')) {
        bail!("it is for all of {name}");
    }
    let chain = CertificateDer::pem_slice_iter(chain_pem.as_bytes());
    let chain: Vec<CertificateDer<'_>> = chain.collect::<Result<_, _>>()?;
    ensure!(chain.len() <= MOST_CERTIFICATES, "a chain of {} certificates", chain.len());
    let (shown, others) = chain.split_first().context("no certificate")?;
    let verifier = WebPkiServerVerifier::builder_with_provider(
        Arc::new(issuers(&leaf, others, named)?),
        Arc::new(default_provider()),
    )
    .build()?;
    let since_1970 = Duration::from_micros(u64::try_from(now.0).unwrap_or(0));
    let now = UnixTime::since_unix_epoch(since_1970);
    for name in host_names {
        let name = ServerName::try_from(name.as_str())?;
        verifier.verify_server_cert(shown, others, &name, &[], now)?;
    }
    Ok(())
}

/// Who vouches for it in the end, as far as can be seen from here.
fn issuers(leaf: &Leaf, others: &[CertificateDer<'_>], named: &[String]) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for pem in named {
        if Leaf::read(pem.as_bytes())?.subject == leaf.issuer {
            roots.add(CertificateDer::from_pem_slice(pem.as_bytes())?)?;
        }
    }
    if roots.is_empty() {
        let last = others.last().context("its issuer is not in its chain, and unknown here")?;
        roots.add(last.clone().into_owned())?;
    }
    Ok(roots)
}
