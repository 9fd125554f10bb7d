//! Requests over TLS: one over a connection of its own, as a box makes it that has nothing to say for hours,
//! or many over one that stays.

use anyhow::{Context, Result};
use bytes::Bytes;
use contract::exchange::FLEET_IDENTITY_NAME;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::SendRequest;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::http::request::Builder as Asking;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rcgen::KeyPair;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Whatever takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

const MAX_ANSWER_BYTES: usize = 8 << 20;

/// What was answered.
pub struct Asked {
    /// How.
    pub status: StatusCode,
    /// With what.
    pub body: Bytes,
}

impl Asked {
    /// As a person reads it.
    pub fn text(&self) -> String {
        format!("{} {}", self.status, String::from_utf8_lossy(&self.body))
    }
}

/// Somebody who asks over TLS.
pub struct Https {
    connector: TlsConnector,
    /// Whom he asks.
    name: ServerName<'static>,
    /// What he shows.
    token: Option<String>,
}

impl Https {
    /// Who shows nothing.
    pub fn of_nobody(authorities: &str) -> Result<Self> {
        let config = believing(authorities)?.with_no_client_auth();
        Self::with(config)
    }

    /// Who shows a certificate.
    pub fn of(authorities: &str, chain_pem: &str, key: &KeyPair) -> Result<Self> {
        let chain = CertificateDer::pem_slice_iter(chain_pem.as_bytes()).collect::<Result<_, _>>();
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
        Self::with(believing(authorities)?.with_client_auth_cert(chain?, key)?)
    }

    /// Who asks the API, at an address.
    pub fn of_operator(authorities: &str, api: IpAddr, token: String) -> Result<Self> {
        let nobody = Self::of_nobody(authorities)?;
        Ok(Self { name: ServerName::IpAddress(api.into()), token: Some(token), ..nobody })
    }

    fn with(mut config: ClientConfig) -> Result<Self> {
        config.resumption = rustls::client::Resumption::disabled();
        let connector = TlsConnector::from(Arc::new(config));
        Ok(Self { connector, name: FLEET_IDENTITY_NAME.try_into()?, token: None })
    }

    /// Looks at something.
    pub async fn get(&self, to: SocketAddr, path: &str) -> Result<Asked> {
        self.ask(to, Request::get(path), String::new()).await
    }

    /// Sends something.
    pub async fn post(&self, to: SocketAddr, path: &str, body: String) -> Result<Asked> {
        let request = Request::post(path).header(CONTENT_TYPE, "application/json");
        self.ask(to, request, body).await
    }

    async fn ask(&self, to: SocketAddr, request: Asking, body: String) -> Result<Asked> {
        let mut line = self.line(to).await?;
        let asked = line.ask(request, body).await?;
        line.end().await?;
        Ok(asked)
    }

    /// A connection that stays.
    pub async fn line(&self, to: SocketAddr) -> Result<Line> {
        let connected = timeout(PATIENCE, async {
            let socket = TcpStream::connect(to).await?;
            socket.set_nodelay(true)?;
            let stream = self.connector.connect(self.name.clone(), socket).await?;
            Ok(hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?)
        });
        let connected = connected.await.with_context(|| format!("{to}: no answer"))?;
        let (sender, connection) = connected.map_err(|err: anyhow::Error| err.context(to))?;
        Ok(Line { sender, connection: tokio::spawn(connection), token: self.token.clone() })
    }
}

/// A connection, for one request after another.
pub struct Line {
    sender: SendRequest<Full<Bytes>>,
    connection: JoinHandle<hyper::Result<()>>,
    token: Option<String>,
}

impl Line {
    /// Sends something.
    pub async fn post(&mut self, path: &str, body: String) -> Result<Asked> {
        self.ask(Request::post(path).header(CONTENT_TYPE, "application/json"), body).await
    }

    async fn ask(&mut self, mut request: Asking, body: String) -> Result<Asked> {
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let mut request = request.body(Full::from(body))?;
        request.headers_mut().insert(HOST, HeaderValue::from_static("fleet"));
        let path = request.uri().to_string();
        let asked = timeout(PATIENCE, async {
            let answer = self.sender.send_request(request).await?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await;
            let body = body.map_err(anyhow::Error::from_boxed)?.to_bytes();
            Ok(Asked { status, body })
        });
        asked.await.with_context(|| format!("{path}: no answer"))?
    }

    /// Ends it in good order.
    async fn end(self) -> Result<()> {
        drop(self.sender);
        Ok(self.connection.await??)
    }
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
