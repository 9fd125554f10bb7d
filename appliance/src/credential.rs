//! A key and its certificate, in one file, so that both are replaced at once. The key is made
//! here and leaves the machine in no way.

use crate::keep;
use anyhow::{Context, Result, ensure};
use contract::time::TimeUs;
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PublicKeyData};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serve::dns_names;
use std::fmt;
use std::path::Path;
use std::time::Duration;
use x509_parser::prelude::{FromDer, X509Certificate};

/// The name of what stands in for a certificate that has not come yet. No viewer asks for it.
const PLACEHOLDER: &str = "not-certified-yet.invalid";

/// A key that has no certificate yet.
pub(crate) struct NewKey(KeyPair);

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewKey")
    }
}

impl NewKey {
    /// # Errors
    /// When no random numbers can be had.
    pub(crate) fn generate() -> Result<Self> {
        Ok(Self(KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?))
    }

    /// The key that a file begins with; `None` where there is no file.
    ///
    /// # Errors
    /// When the file holds none.
    pub(crate) fn of(file: &Path) -> Result<Option<Self>> {
        if !file.exists() {
            return Ok(None);
        }
        let shown = file.display();
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
        let key = text.split_inclusive("-----END PRIVATE KEY-----").next().unwrap_or_default();
        let pair = KeyPair::from_pem(key).with_context(|| format!("{shown} holds no key"))?;
        Ok(Some(Self(pair)))
    }

    /// What a certificate is asked for with: the key, the proof that it is here, and the host names
    /// where it is for some.
    ///
    /// # Errors
    /// When it cannot sign, or a name is none.
    pub(crate) fn request(&self, host_names: Vec<String>) -> Result<String> {
        let mut params = CertificateParams::new(host_names)?;
        // An authority takes what stands here for a host name.
        params.distinguished_name = DistinguishedName::new();
        Ok(params.serialize_request(&self.0)?.pem()?)
    }

    /// Writes the key alone.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write(&self, file: &Path) -> Result<()> {
        keep::write_secret(file, self.0.serialize_pem().as_bytes())
    }

    /// Writes it with its certificate, in place of what stands there.
    ///
    /// # Errors
    /// When the certificate is for another key, or the file cannot be written.
    pub(crate) fn write_with(&self, chain_pem: &str, file: &Path) -> Result<()> {
        let leaf = CertificateDer::from_pem_slice(chain_pem.as_bytes())
            .context("what was issued is no certificate")?;
        let (_, leaf) = X509Certificate::from_der(&leaf)?;
        let is_ours = leaf.public_key().subject_public_key.data == self.0.der_bytes();
        ensure!(is_ours, "what was issued is for another key");
        let text = format!("{}\n{chain_pem}", self.0.serialize_pem().trim_end());
        keep::write_secret(file, text.as_bytes())
    }

    /// Writes it with a certificate that nobody believes, until one has come.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write_uncertified(&self, file: &Path) -> Result<()> {
        let params = CertificateParams::new(vec![PLACEHOLDER.to_owned()])?;
        self.write_with(&params.self_signed(&self.0)?.pem(), file)
    }
}

/// What a certificate says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Leaf {
    /// From when it is good.
    pub(crate) not_before: TimeUs,
    /// Until when.
    pub(crate) not_after: TimeUs,
    /// The host names that it is for.
    pub(crate) names: Vec<String>,
    /// Who has issued it, as X.509 writes it.
    pub(crate) issuer: Vec<u8>,
    /// Whom it is for.
    pub(crate) subject: Vec<u8>,
    /// Between 0 and 1, and another for each.
    pub(crate) spread: f64,
}

impl Leaf {
    /// The first certificate of a file or text in PEM.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn read(pem: &[u8]) -> Result<Self> {
        let der = CertificateDer::from_pem_slice(pem).context("no certificate in PEM")?;
        let (_, leaf) = X509Certificate::from_der(&der).context("no certificate")?;
        let validity = leaf.validity();
        Ok(Self {
            not_before: TimeUs(0).plus_s(validity.not_before.timestamp()),
            not_after: TimeUs(0).plus_s(validity.not_after.timestamp()),
            names: dns_names(&leaf).map(str::to_owned).collect(),
            issuer: leaf.issuer().as_raw().to_vec(),
            subject: leaf.subject().as_raw().to_vec(),
            spread: spread(leaf.raw_serial()),
        })
    }

    /// Nobody has certified it.
    pub(crate) fn is_uncertified(&self) -> bool {
        self.issuer == self.subject
    }

    /// For how long it is good altogether.
    pub(crate) fn life(&self) -> Duration {
        let life = self.not_after.0.saturating_sub(self.not_before.0);
        Duration::from_micros(u64::try_from(life).unwrap_or(0))
    }
}

/// Serial numbers are random.
fn spread(serial: &[u8]) -> f64 {
    let digest = contract::object::Digest::of(serial);
    let first = digest.0.first_chunk().copied().unwrap_or_default();
    f64::from(u32::from_be_bytes(first)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn a_key_stands_with_its_certificate_and_with_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("player.pem");
        let (key, other) = (NewKey::generate().expect("a key"), NewKey::generate().expect("a key"));
        key.write_uncertified(&file).expect("written");
        let text = std::fs::read(&file).expect("read");
        assert!(Leaf::read(&text).expect("a leaf").is_uncertified());
        let chain = String::from_utf8(text.clone()).expect("text");
        let chain = chain.split_once("-----END PRIVATE KEY-----\n").expect("a key").1;
        assert!(other.write_with(chain, &file).is_err());
        assert_eq!(std::fs::read(&file).expect("read"), text, "it stays");
        assert_eq!(file.metadata().expect("a file").mode() & 0o777, 0o600);
        let again = NewKey::of(&file).expect("read").expect("a key");
        assert_eq!(again.0.der_bytes(), key.0.der_bytes());
        again.write_with(chain, &file).expect("its own");
    }

    #[test]
    fn a_file_without_a_key_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("identity.pem");
        assert!(NewKey::of(&file).expect("no file").is_none());
        std::fs::write(&file, "half of a ke").expect("written");
        let err = NewKey::of(&file).expect_err("no key");
        assert!(format!("{err:#}").contains("identity.pem"), "{err:#}");
    }
}
