//! TLS towards people and players: a certificate of the fleet's own authority for them, or the
//! one in a file that somebody else keeps good.

use anyhow::Context;
use ca::Front;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use tokio_rustls::TlsAcceptor;

/// Where what is shown comes from.
#[derive(Debug)]
pub(crate) enum FrontSource {
    /// From the fleet's own authority, for these host names and addresses: once, with a key that is
    /// kept nowhere.
    Own(Box<Front>, Vec<String>),
    /// From files: the chain, leaf first, and its key. Who replaces them is heard.
    Files { certificate: PathBuf, key: PathBuf },
}

/// Who the manager is towards people and players.
pub(crate) struct FrontTls {
    source: FrontSource,
    current: Mutex<Current>,
}

struct Current {
    acceptor: TlsAcceptor,
    stamp: Stamp,
}

/// When files were written; nothing of what is in none.
type Stamp = [Option<SystemTime>; 2];

impl FrontTls {
    /// # Errors
    /// When there is nothing to be shown.
    pub(crate) fn open(source: FrontSource) -> anyhow::Result<Self> {
        let stamp = source.stamp();
        let current = Mutex::new(Current { acceptor: source.acceptor()?, stamp });
        Ok(Self { source, current })
    }

    /// What the next connection is accepted with.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = self.source.stamp();
        if stamp != current.stamp {
            current.stamp = stamp;
            match self.source.acceptor() {
                Ok(acceptor) => current.acceptor = acceptor,
                Err(err) => tracing::error!("the certificate before is shown on: {err:#}"),
            }
        }
        current.acceptor.clone()
    }
}

impl FrontSource {
    fn stamp(&self) -> Stamp {
        let written = |file: &Path| std::fs::metadata(file).and_then(|it| it.modified()).ok();
        match self {
            Self::Own(..) => [None, None],
            Self::Files { certificate, key } => [written(certificate), written(key)],
        }
    }

    fn acceptor(&self) -> anyhow::Result<TlsAcceptor> {
        match self {
            Self::Own(front, names) => {
                let issued = front.issue(names.clone())?;
                acceptor(issued.chain_pem.as_bytes(), issued.key_pem.as_bytes())
            }
            Self::Files { certificate, key } => acceptor(&read(certificate)?, &read(key)?)
                .with_context(|| format!("{} and {}", certificate.display(), key.display())),
        }
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

fn acceptor(chain: &[u8], key: &[u8]) -> anyhow::Result<TlsAcceptor> {
    let chain: Vec<_> =
        CertificateDer::pem_slice_iter(chain).collect::<Result<_, _>>().context("no chain")?;
    let key = PrivateKeyDer::from_pem_slice(key).context("no private key")?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests;
