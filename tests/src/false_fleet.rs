//! A control listener that has the fleet's own keys and answers every report with the documents
//! that it was told to send, whatever they are.

use anyhow::{Context, Result, bail};
use ca::Ca;
use contract::SCHEMA;
use contract::envelope::Envelope;
use contract::exchange::{Answer, REPORT_PATH};
use contract::trust::{SignedTrust, Trust};
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// The longest body that a box sends.
const MAX_BODY_BYTES: usize = 4 << 20;

type Documents = Arc<Mutex<(Vec<SignedTrust>, Vec<Envelope>)>>;

/// The listener. Gone when dropped.
#[derive(Debug)]
pub struct FalseFleet {
    documents: Documents,
    task: JoinHandle<()>,
}

impl FalseFleet {
    /// Listens where the real one did, with a certificate from its authority.
    ///
    /// # Errors
    /// When the port is taken, or the authority cannot issue.
    pub async fn start(address: SocketAddr, ca: &Ca, trust: &Trust) -> Result<Self> {
        let issued = ca.control(trust)?.issue_control(SystemTime::now())?;
        let chain = CertificateDer::pem_slice_iter(issued.chain_pem.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes())?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain.collect::<Result<_, _>>()?, key)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(address).await?;
        let documents = Documents::default();
        let said = Arc::clone(&documents);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, said) = (acceptor.clone(), Arc::clone(&said));
                // Whoever goes away ends its own connection only.
                tokio::spawn(async move { answer(stream, &acceptor, &said).await.ok() });
            }
        });
        Ok(Self { documents, task })
    }

    /// From now on every report is answered with these.
    pub fn says(&self, documents: Vec<Envelope>) {
        *self.documents.lock().unwrap_or_else(PoisonError::into_inner) = (vec![], documents);
    }

    /// From now on every report is answered with this of the root.
    pub fn says_of_the_root(&self, chain: Vec<SignedTrust>) {
        *self.documents.lock().unwrap_or_else(PoisonError::into_inner) = (chain, vec![]);
    }
}

impl Drop for FalseFleet {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One exchange a connection, so that none outlives the listener.
async fn answer(stream: TcpStream, acceptor: &TlsAcceptor, said: &Documents) -> Result<()> {
    let mut stream = BufReader::new(acceptor.accept(stream).await?);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let is_report = line.starts_with(&format!("POST {REPORT_PATH} "));
    let mut length = 0;
    while !line.trim().is_empty() {
        line.clear();
        stream.read_line(&mut line).await?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().context("a length")?;
        }
    }
    if length > MAX_BODY_BYTES {
        bail!("a body of {length} bytes");
    }
    stream.read_exact(&mut vec![0; length]).await?;
    let (trust, documents) = said.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let answer = Answer {
        schema: SCHEMA,
        next_report_in_s: 0.2,
        events_recorded: 0,
        trust,
        revoked: None,
        players_elsewhere: false,
        wants_parts: false,
        documents,
    };
    let (status, body) = match is_report {
        true => ("200 OK", serde_json::to_vec(&answer)?),
        false => ("503 Service Unavailable", Vec::new()),
    };
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&body).await?;
    Ok(stream.shutdown().await?)
}
