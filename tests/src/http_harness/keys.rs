//! A CA of the test's own, and what it issues.

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_RSA_SHA256};
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A certificate and its key, as files.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The chain, in PEM.
    pub chain_file: PathBuf,
    /// The key, in PEM.
    pub key_file: PathBuf,
}

impl Issued {
    /// What a TLS client needs to show it.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn load(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(&self.chain_file)?.collect();
        Ok((chain?, PrivateKeyDer::from_pem_file(&self.key_file)?))
    }
}

/// A CA.
pub struct Ca {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, in PEM.
    pub file: PathBuf,
}

impl Ca {
    /// Makes one, with its certificate in `folder`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn new(folder: &Path, name: &str) -> Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate()?;
        let file = folder.join(format!("{name}.pem"));
        std::fs::write(&file, params.self_signed(&key)?.pem())?;
        Ok(Self { folder: folder.to_owned(), issuer: Issuer::new(params, key), file })
    }

    /// Takes whom it has issued a certificate for one of its own.
    ///
    /// # Errors
    /// When its certificate cannot be read.
    pub fn verifier(&self) -> Result<Arc<dyn ClientCertVerifier>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&self.file)?)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        Ok(WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?)
    }

    /// Issues a certificate for names and addresses.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn issue(&self, names: &[&str]) -> Result<Issued> {
        self.issue_for(names, &KeyPair::generate()?)
    }

    /// The same with an RSA key, for suites of TLS 1.2 that want one.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn issue_rsa(&self, names: &[&str]) -> Result<Issued> {
        self.issue_for(names, &KeyPair::generate_for(&PKCS_RSA_SHA256)?)
    }

    fn issue_for(&self, names: &[&str], key: &KeyPair) -> Result<Issued> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let stem = names.first().cloned().unwrap_or_default();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, stem.as_str());
        let certificate = params.signed_by(key, &self.issuer)?;
        let issued = Issued {
            chain_file: self.folder.join(format!("{stem}.chain.pem")),
            key_file: self.folder.join(format!("{stem}.key.pem")),
        };
        std::fs::write(&issued.chain_file, certificate.pem())?;
        std::fs::write(&issued.key_file, key.serialize_pem())?;
        Ok(issued)
    }
}
