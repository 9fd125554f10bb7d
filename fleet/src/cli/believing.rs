//! By what a command believes that it speaks to the fleet manager.

use super::Usage;
use anyhow::Context;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// By what the manager is believed: what was said, or what lies beside the token where `fleet serve`
/// keeps both.
fn ca_file(said: Option<PathBuf>, token_file: Option<&Path>) -> Option<PathBuf> {
    let beside = || Some(token_file?.parent()?.join("ca").join(ca::Front::FILE));
    said.or_else(|| beside().filter(|file| file.exists()))
}

/// The certificates of [`ca_file`], in PEM.
pub(super) fn authorities(
    said: Option<PathBuf>,
    token_file: Option<&Path>,
) -> anyhow::Result<Option<String>> {
    let Some(file) = ca_file(said, token_file) else { return Ok(None) };
    let usage = |why: String| Usage(format!("--ca-file {}: {why}", file.display()));
    let text = std::fs::read_to_string(&file).map_err(|err| usage(err.to_string()))?;
    roots(&text).map_err(|why| usage(why.to_string()))?;
    Ok(Some(text))
}

/// Opens connections to whom these certificates vouch for; without any, to whom those vouch for that
/// the system believes.
pub(super) fn connector(
    authorities: Option<&str>,
) -> anyhow::Result<HttpsConnector<HttpConnector>> {
    let connector = HttpsConnectorBuilder::new();
    let connector = match authorities {
        Some(text) => {
            let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
                .with_safe_default_protocol_versions()?
                .with_root_certificates(roots(text)?)
                .with_no_client_auth();
            connector.with_tls_config(config)
        }
        None => connector
            .with_provider_and_native_roots(default_provider())
            .context("the system believes no certificates: give --ca-file")?,
    };
    Ok(connector.https_only().enable_http1().build())
}

fn roots(text: &str) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
        roots.add(certificate?)?;
    }
    anyhow::ensure!(!roots.is_empty(), "no certificate in it");
    Ok(roots)
}

/// Why the other side was not believed, where that is what went wrong.
pub(super) fn disbelief(err: &(dyn Error + 'static)) -> Option<String> {
    let mut next = Some(err);
    while let Some(err) = next {
        if let Some(rustls::Error::InvalidCertificate(why)) = err.downcast_ref() {
            return Some(why.to_string());
        }
        // What an I/O error carries, maybe another one, is no source of it.
        let carried = err.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = carried.map(|it| it as &(dyn Error + 'static)).or_else(|| err.source());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_lies_beside_the_token_unless_somebody_says_otherwise() {
        let folder = tempfile::tempdir().expect("folder");
        let (token, front) = (folder.path().join("operator.token"), folder.path().join("ca"));
        assert_eq!(ca_file(None, Some(&token)), None);
        std::fs::create_dir(&front).expect("made");
        std::fs::write(front.join("front.pem"), "").expect("written");
        assert_eq!(ca_file(None, Some(&token)), Some(front.join("front.pem")));
        assert_eq!(ca_file(Some("said".into()), Some(&token)), Some("said".into()));
        assert_eq!(ca_file(None, None), None);
        let err = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        let err = std::io::Error::other(std::io::Error::other(err));
        assert!(disbelief(&err).is_some());
        assert_eq!(disbelief(&std::io::Error::other("refused")), None);
        let empty = authorities(None, Some(&token)).expect_err("empty");
        assert!(empty.to_string().contains("no certificate in it"), "{empty}");
    }
}
