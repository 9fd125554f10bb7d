//! A key and its certificate, in one file, so that both are replaced at once. The key is made
//! here and leaves the machine in no way; how it is kept says [`Keeping`].

use crate::keep;
use crate::keys::{Keeping, Keys};
use anyhow::{Context, Result, ensure};
use contract::certificates::Purpose;
use contract::time::TimeUs;
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PublicKeyData, SigningKey};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serve::dns_names;
use std::fmt;
use std::path::Path;
use std::time::Duration;
use x509_parser::prelude::{FromDer, X509Certificate};
use zeroize::Zeroizing;

/// The name of what stands in for a certificate that has not come yet. No viewer asks for it.
const PLACEHOLDER: &str = "not-certified-yet.invalid";

/// What a key is for, and how it is kept on disk.
pub(crate) type Kept<'a> = (Purpose, &'a Keeping);

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

    /// The key of a file that is for this; `None` where there is no file.
    ///
    /// # Errors
    /// When the file holds none, or it cannot be unsealed.
    pub(crate) fn of(file: &Path, purpose: Purpose, keys: &Keys) -> Result<Option<Self>> {
        if !file.exists() {
            return Ok(None);
        }
        let key = keys.read(file, purpose)?;
        let pair = KeyPair::try_from(&key);
        pair.map(|pair| Some(Self(pair)))
            .with_context(|| format!("{} holds no key", file.display()))
    }

    /// What everybody may know of it.
    #[cfg(test)]
    pub(crate) fn public(&self) -> &[u8] {
        self.0.der_bytes()
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

    /// Its word for this.
    ///
    /// # Errors
    /// When it cannot sign.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        Ok(self.0.sign(bytes)?)
    }

    /// Writes the key alone.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write(&self, file: &Path, (purpose, keeping): Kept<'_>) -> Result<()> {
        keep::write_secret(file, keeping.written(purpose, &self.0)?.as_bytes())
    }

    /// Writes it with its certificate, in place of what stands there.
    ///
    /// # Errors
    /// When the certificate is for another key, or the file cannot be written.
    pub(crate) fn write_with(
        &self,
        chain_pem: &str,
        file: &Path,
        (purpose, keeping): Kept<'_>,
    ) -> Result<()> {
        let leaf = CertificateDer::from_pem_slice(chain_pem.as_bytes())
            .context("what was issued is no certificate")?;
        let (_, leaf) = X509Certificate::from_der(&leaf)?;
        let is_ours = leaf.public_key().subject_public_key.data == self.0.der_bytes();
        ensure!(is_ours, "what was issued is for another key");
        let key = keeping.written(purpose, &self.0)?;
        keep::write_secret(file, &Zeroizing::new([key.as_bytes(), chain_pem.as_bytes()].concat()))
    }

    /// Writes it with a certificate that nobody believes, until one has come.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write_uncertified(&self, file: &Path, kept: Kept<'_>) -> Result<()> {
        let params = CertificateParams::new(vec![PLACEHOLDER.to_owned()])?;
        self.write_with(&params.self_signed(&self.0)?.pem(), file, kept)
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
        let kept = (Purpose::Player, &Keeping::Plain);
        key.write_uncertified(&file, kept).expect("written");
        let text = std::fs::read(&file).expect("read");
        assert!(Leaf::read(&text).expect("a leaf").is_uncertified());
        let chain = String::from_utf8(text.clone()).expect("text");
        let chain = chain.split_once("-----END PRIVATE KEY-----\n").expect("a key").1;
        assert!(other.write_with(chain, &file, kept).is_err());
        assert_eq!(std::fs::read(&file).expect("read"), text, "it stays");
        assert_eq!(file.metadata().expect("a file").mode() & 0o777, 0o600);
        let again = NewKey::of(&file, Purpose::Player, &Keys::default());
        let again = again.expect("read").expect("a key");
        assert_eq!(again.public(), key.public());
        again.write_with(chain, &file, kept).expect("its own");
    }

    #[test]
    fn a_file_without_a_key_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("identity.pem");
        let read = || NewKey::of(&file, Purpose::Identity, &Keys::default());
        assert!(read().expect("no file").is_none());
        std::fs::write(&file, "half of a ke").expect("written");
        let err = read().expect_err("no key");
        assert!(format!("{err:#}").contains("identity.pem"), "{err:#}");
    }
}
