//! What all servers of a run share: keys, files, names.

use super::known_server::KnownServer;
use super::object::Object;
use crate::http_harness::keys::{Ca, Issued};
use anyhow::{Context, Result};
use contract::envelope::{Role, SigningKey};
use contract::exchange::identity_name;
use contract::names::DeviceName;
use contract::trust::Authorities;
use rcgen::KeyPair;
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::{CipherSuite, ClientConfig};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// The name that all servers go by.
pub const HOST: &str = "bench.localhost";

/// Keys and content that all servers share.
pub struct Site {
    folder: TempDir,
    ca: Ca,
    issued: Issued,
    control_key: SigningKey,
}

impl Site {
    /// Makes keys, in a folder of its own below `folder`. That should be on a disk: what
    /// lies in RAM cannot be read past the page cache.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn new(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let folder = tempfile::Builder::new().prefix("run-").tempdir_in(folder)?;
        let ca = Ca::new(folder.path(), "ca")?;
        let issued = ca.issue(&[HOST])?;
        let pair = KeyPair::generate_for(&rcgen::PKCS_ED25519)?;
        let pkcs8 = pair.serialize_der();
        let control_key = SigningKey::from_pkcs8("bench".to_owned(), Role::Control, &pkcs8)?;
        Ok(Self { folder, ca, issued, control_key })
    }

    /// Where everything of this run is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Who the servers believe.
    #[must_use]
    pub fn ca(&self) -> &Ca {
        &self.ca
    }

    /// Who tells boxes what to hold.
    #[must_use]
    pub fn control_key(&self) -> &SigningKey {
        &self.control_key
    }

    /// What boxes are given of a root: who tells them what to hold, and who their siblings are.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn trust_file(&self) -> Result<PathBuf> {
        let file = self.folder().join("trust.json");
        if !file.exists() {
            let boxes = vec![std::fs::read_to_string(&self.ca.file)?];
            let authorities = Authorities { boxes, ..Authorities::default() };
            let said = contract::testing::said_of(vec![self.control_key.trusted()], authorities);
            std::fs::write(&file, serde_json::to_vec(&said)?)?;
        }
        Ok(file)
    }

    /// What the servers show.
    #[must_use]
    pub fn issued(&self) -> &Issued {
        &self.issued
    }

    /// What a box shows to other boxes.
    ///
    /// # Errors
    /// When it cannot be issued.
    pub fn identity(&self, device: &str) -> Result<Issued> {
        self.ca.issue(&[&identity_name(&DeviceName::new(device)?)])
    }

    /// The objects as plain files, written once for all servers that serve files.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn root(&self, objects: &[Object]) -> Result<PathBuf> {
        let root = self.folder().join("root");
        for object in objects {
            let file = root.join(object.path.trim_start_matches('/'));
            if !file.exists() {
                std::fs::create_dir_all(file.parent().context("a folder")?)?;
                std::fs::write(&file, object.content())?;
            }
        }
        Ok(root)
    }

    /// A client that knows the site's certificate and speaks nothing but TLS 1.3 with
    /// AES-128-GCM over X25519, so that no server saves work by choosing otherwise.
    ///
    /// # Errors
    /// When the certificate cannot be read.
    pub fn client(&self) -> Result<Arc<ClientConfig>> {
        let mut provider = aws_lc_rs::default_provider();
        let wanted = CipherSuite::TLS13_AES_128_GCM_SHA256;
        provider.cipher_suites.retain(|suite| suite.suite() == wanted);
        provider.kx_groups = vec![aws_lc_rs::kx_group::X25519];
        let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(KnownServer::new(&self.issued)?))
            .with_no_client_auth();
        // Handshakes are full, and records are opened by record.rs.
        config.resumption = Resumption::disabled();
        config.enable_secret_extraction = true;
        Ok(Arc::new(config))
    }
}
