//! One request over a connection of its own, as a box makes it that has nothing to say for hours.

use anyhow::{Context, Result};
use bytes::Bytes;
use contract::exchange::FLEET_IDENTITY_NAME;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rcgen::KeyPair;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Whatever takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

const MAX_ANSWER_BYTES: usize = 8 << 20;

/// What was answered.
pub(super) struct Asked {
    /// How.
    pub(super) status: StatusCode,
    /// With what.
    pub(super) body: Bytes,
}

impl Asked {
    /// As a person reads it.
    pub(super) fn text(&self) -> String {
        format!("{} {}", self.status, String::from_utf8_lossy(&self.body))
    }
}

/// Somebody who asks over TLS.
pub(super) struct Https(TlsConnector);

impl Https {
    /// Who shows nothing.
    pub(super) fn of_nobody(authorities: &str) -> Result<Self> {
        let config = believing(authorities)?.with_no_client_auth();
        Ok(Self::with(config))
    }

    /// Who shows a certificate.
    pub(super) fn of(authorities: &str, chain_pem: &str, key: &KeyPair) -> Result<Self> {
        let chain = CertificateDer::pem_slice_iter(chain_pem.as_bytes()).collect::<Result<_, _>>();
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
        Ok(Self::with(believing(authorities)?.with_client_auth_cert(chain?, key)?))
    }

    fn with(mut config: ClientConfig) -> Self {
        config.resumption = rustls::client::Resumption::disabled();
        Self(TlsConnector::from(Arc::new(config)))
    }

    /// Asks the fleet.
    pub(super) async fn post(&self, to: SocketAddr, path: &str, body: String) -> Result<Asked> {
        let asked = timeout(PATIENCE, async {
            let socket = TcpStream::connect(to).await?;
            let request = posted(path).body(Full::from(body))?;
            exchange(self.0.connect(FLEET_IDENTITY_NAME.try_into()?, socket).await?, request).await
        });
        asked.await.with_context(|| format!("{path}: no answer"))?
    }
}

/// Asks the API: something is looked at, or sent with the operator's token.
pub(super) async fn plain(
    to: SocketAddr,
    path: &str,
    sent: Option<(&str, String)>,
) -> Result<Asked> {
    let request = match sent {
        None => Request::get(path).body(Full::default()),
        Some((token, body)) => {
            posted(path).header(AUTHORIZATION, format!("Bearer {token}")).body(Full::from(body))
        }
    };
    let asked = async { exchange(TcpStream::connect(to).await?, request?).await };
    timeout(PATIENCE, asked).await.with_context(|| format!("{path}: no answer"))?
}

fn posted(path: &str) -> hyper::http::request::Builder {
    Request::post(path).header(CONTENT_TYPE, "application/json")
}

type Builder = rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>;

fn believing(authorities: &str) -> Result<Builder> {
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(authorities.as_bytes()) {
        roots.add(authority?)?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    Ok(builder.with_protocol_versions(&[&rustls::version::TLS13])?.with_root_certificates(roots))
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    mut request: Request<Full<Bytes>>,
) -> Result<Asked> {
    request.headers_mut().insert(HOST, HeaderValue::from_static("fleet"));
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await;
    let body = body.map_err(anyhow::Error::from_boxed)?.to_bytes();
    drop(sender);
    connection.await??;
    Ok(Asked { status, body })
}
