//! Certificates: read from PEM, chosen by the name that a client asks for (RFC 6066 §3).

use crate::error::BindError;
use crate::private_keys::PrivateKeys;
use arc_swap::ArcSwap;
use contract::certificates::Purpose;
use contract::config::Certificate;
use contract::time::TimeUs;
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// Reads a chain and its key, and checks that they belong together.
fn load(
    files: &Certificate,
    path: &str,
    (keys, purpose): (&dyn PrivateKeys, Purpose),
    provider: &CryptoProvider,
) -> Result<Arc<CertifiedKey>, BindError> {
    let chain = load_chain(&files.chain_file, &format!("{path}.chain_file"))?;
    let of_key = |reason: String| BindError::File {
        path: format!("{path}.key_file"),
        file: files.key_file.clone(),
        reason,
    };
    let key = keys.read(&files.key_file, purpose).map_err(of_key)?;
    let certified = CertifiedKey::from_der(chain, key, provider);
    certified.map(Arc::new).map_err(|err| of_key(err.to_string()))
}

/// Files, each with its key of the configuration, and whoever shows what is in them.
#[derive(Debug, Clone)]
struct Shown {
    files: Vec<(String, Certificate)>,
    purpose: Purpose,
    keys: Arc<dyn PrivateKeys>,
    by_name: Arc<ByName>,
}

/// The certificates that a server shows, to be read again when their files have changed.
#[derive(Debug, Clone, Default)]
pub struct Certificates(Vec<Shown>);

impl Certificates {
    /// Reads files for the first time, and remembers them.
    pub(crate) fn show(
        &mut self,
        files: Vec<(String, Certificate)>,
        purpose: Purpose,
        keys: &Arc<dyn PrivateKeys>,
        provider: &CryptoProvider,
    ) -> Result<Arc<ByName>, BindError> {
        let loaded = load_all(&files, (&**keys, purpose), provider)?;
        let by_name = Arc::new(ByName::new(loaded));
        let (keys, shown) = (Arc::clone(keys), Arc::clone(&by_name));
        self.0.push(Shown { files, purpose, keys, by_name: shown });
        Ok(by_name)
    }

    /// Until when what viewers are shown is good, with the first name of each.
    #[must_use]
    pub fn ends(&self) -> Vec<(String, TimeUs)> {
        let of_viewers = self.0.iter().filter(|shown| shown.purpose == Purpose::Player);
        let shown =
            of_viewers.flat_map(|shown| shown.by_name.0.load().iter().cloned().collect::<Vec<_>>());
        shown.filter_map(|certified| end(certified.cert.first()?)).collect()
    }

    /// Reads all files again. New handshakes show what is in them; connections go on.
    ///
    /// # Errors
    /// Names the first file that cannot be used; everything stays as it was then.
    pub fn reload(&self) -> Result<(), BindError> {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let load = |shown: &Shown| load_all(&shown.files, (&*shown.keys, shown.purpose), &provider);
        let loaded: Vec<_> = self.0.iter().map(load).collect::<Result<_, _>>()?;
        for (shown, certificates) in self.0.iter().zip(loaded) {
            shown.by_name.replace(certificates);
        }
        Ok(())
    }
}

/// When a certificate ends (RFC 5280 §4.1.2.5), and what it is called.
fn end(leaf: &CertificateDer<'_>) -> Option<(String, TimeUs)> {
    let (_, leaf) = X509Certificate::from_der(leaf).ok()?;
    let name = dns_names(&leaf).next().map(str::to_owned);
    let until = TimeUs(0).plus_s(leaf.validity().not_after.timestamp());
    Some((name.unwrap_or_else(|| leaf.subject().to_string()), until))
}

/// The host names that a certificate is for (RFC 5280 §4.2.1.6).
pub fn dns_names<'a>(leaf: &'a X509Certificate<'_>) -> impl Iterator<Item = &'a str> {
    let names = leaf.subject_alternative_name().ok().flatten();
    let names = names.into_iter().flat_map(|names| &names.value.general_names);
    names.filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(*name),
        _ => None,
    })
}

fn load_all(
    files: &[(String, Certificate)],
    keys: (&dyn PrivateKeys, Purpose),
    provider: &CryptoProvider,
) -> Result<Vec<Arc<CertifiedKey>>, BindError> {
    files.iter().map(|(path, files)| load(files, path, keys, provider)).collect()
}

/// Reads the certificates of a file: at least one.
pub(crate) fn load_chain(
    file: &Path,
    path: &str,
) -> Result<Vec<CertificateDer<'static>>, BindError> {
    let bad = |reason: String| {
        Err(BindError::File { path: path.to_owned(), file: file.to_owned(), reason })
    };
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
    match found {
        Ok(chain) if chain.is_empty() => bad("it holds no certificate in PEM".to_owned()),
        Ok(chain) => Ok(chain),
        Err(err) => bad(pem_reason(&err)),
    }
}

fn pem_reason(err: &rustls_pki_types::pem::Error) -> String {
    match err {
        rustls_pki_types::pem::Error::Io(err) => err.to_string(),
        err => err.to_string(),
    }
}

/// Chooses a certificate by name; the first stands in for names that none has, and for
/// clients that ask for none.
pub(crate) struct ByName(ArcSwap<Vec<Arc<CertifiedKey>>>);

impl ByName {
    pub(crate) fn new(certificates: Vec<Arc<CertifiedKey>>) -> Self {
        Self(ArcSwap::from_pointee(certificates))
    }

    /// From the next handshake on, these. Connections that stand go on.
    fn replace(&self, certificates: Vec<Arc<CertifiedKey>>) {
        self.0.store(Arc::new(certificates));
    }

    /// What stands in for names that none has.
    pub(crate) fn first(&self) -> Option<Arc<CertifiedKey>> {
        self.0.load().first().cloned()
    }

    /// Of the certificates with this name, the first whose key the client can check.
    fn find(&self, hello: &ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = ServerName::try_from(hello.server_name()?).ok()?;
        let certificates = self.0.load();
        let found = certificates.iter().find(|certificate| {
            has_name(certificate, &name)
                && certificate.key.choose_scheme(hello.signature_schemes()).is_some()
        });
        found.cloned()
    }
}

/// Wildcards included, as clients compare names.
fn has_name(certificate: &CertifiedKey, name: &ServerName<'_>) -> bool {
    let leaf = certificate.cert.first();
    leaf.and_then(|leaf| ParsedCertificate::try_from(leaf).ok())
        .is_some_and(|leaf| verify_server_name(&leaf, name).is_ok())
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.find(&hello).or_else(|| self.first())
    }
}

impl fmt::Debug for ByName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ByName({} certificates)", self.0.load().len())
    }
}
