//! The folder: a root that signs certificates, and two keys that sign documents.

use crate::key_file::{make_folder, read_or_make};
use crate::{CaError, issue, signing};
use contract::envelope::{Role, SigningKey, TrustedKey};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use std::path::Path;
use std::time::SystemTime;

/// A root outlives everything it signs by far; replacing one is a fleet-wide change.
const ROOT_LIFE_D: u64 = 3650;

/// The authority: whoever holds it can speak for the fleet and for every box.
pub struct Ca {
    root_pem: String,
    pub(crate) issuer: Issuer<'static, KeyPair>,
    config: SigningKey,
    control: SigningKey,
}

impl std::fmt::Debug for Ca {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ca").field("config", &self.config).field("control", &self.control).finish()
    }
}

impl Ca {
    /// Opens the authority in `folder`, or makes a new one there.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be made or is not what it should be. What has
    /// been made by then stays and is used next time.
    pub fn open(folder: &Path, now: SystemTime) -> Result<Self, CaError> {
        make_folder(folder).map_err(|source| CaError::File { path: folder.to_owned(), source })?;
        let key = root_key(&folder.join("root.key"))?;
        let root_pem = root_certificate(&folder.join("root.pem"), &key, now)?;
        let issuer = Issuer::from_ca_cert_pem(&root_pem, key).map_err(|_| {
            CaError::NotWhatItShouldBe { path: folder.join("root.pem"), expected: "a certificate" }
        })?;
        let config = signing::open(&folder.join("config.key"), Role::Config)?;
        let control = signing::open(&folder.join("control.key"), Role::Control)?;
        Ok(Self { root_pem, issuer, config, control })
    }

    /// The root certificate, in PEM.
    #[must_use]
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// The key that signs documents of a role.
    #[must_use]
    pub fn signing_key(&self, role: Role) -> &SigningKey {
        match role {
            Role::Config => &self.config,
            Role::Control => &self.control,
        }
    }

    /// What a box is told to believe.
    #[must_use]
    pub fn trusted_keys(&self) -> Vec<TrustedKey> {
        vec![self.config.trusted(), self.control.trusted()]
    }
}

fn root_key(path: &Path) -> Result<KeyPair, CaError> {
    let make = || Ok(KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?.serialize_pem());
    let pem = read_or_make(path, true, make)?;
    KeyPair::from_pem(&pem).map_err(|_| CaError::NotWhatItShouldBe {
        path: path.to_owned(),
        expected: "a private key in PEM",
    })
}

fn root_certificate(path: &Path, key: &KeyPair, now: SystemTime) -> Result<String, CaError> {
    read_or_make(path, false, || {
        let mut params = CertificateParams::default();
        // A name of its own, so that a browser that once knew another fleet is not confused.
        let mark = contract::object::Digest::of(key.public_key_raw()).to_string();
        let name = format!("Headend fleet {}", &mark[..8]);
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        issue::set_life(&mut params, now, ROOT_LIFE_D)?;
        Ok(params.self_signed(key)?.pem())
    })
}
