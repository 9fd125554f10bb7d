//! A client that sends whatever octets it likes, over TLS.

use super::keys::{Ca, Issued};
use super::world::OPEN_HOST;
use anyhow::{Context, Result};
use bytes::BytesMut;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, setsockopt, sockopt::TcpMaxSeg};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{ClientConfig, RootCertStore, SupportedCipherSuite, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::io::Write;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Nothing here takes longer unless it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// A client; its connections share one store of tickets.
#[derive(Clone)]
pub struct Client {
    tls: ClientConfig,
    segment_bytes: Option<u32>,
}

impl Client {
    fn of(tls: ClientConfig) -> Self {
        Self { tls, segment_bytes: None }
    }

    /// A client that believes `ca`, and shows a certificate if it has one.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn new(ca: &Ca, identity: Option<&Issued>) -> Result<Self> {
        let Some(identity) = identity else { return Self::believing(&ca.file) };
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&ca.file)?)?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let (chain, key) = identity.load()?;
        Ok(Self::of(builder.with_client_auth_cert(chain, key)?))
    }

    /// A client that believes this CA and shows nothing.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn believing(ca_file: &Path) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(ca_file)?)?;
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?;
        Ok(Self::of(builder.with_root_certificates(roots).with_no_client_auth()))
    }

    /// The same, speaking TLS 1.2 only.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn tls12(ca: &Ca) -> Result<Self> {
        Self::speaking(ca, &rustls::version::TLS12, aws_lc_rs::default_provider())
    }

    /// The same, speaking one suite only, and so one version.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn with_suite(ca: &Ca, suite: SupportedCipherSuite) -> Result<Self> {
        let provider =
            CryptoProvider { cipher_suites: vec![suite], ..aws_lc_rs::default_provider() };
        Self::speaking(ca, suite.version(), provider)
    }

    fn speaking(
        ca: &Ca,
        version: &'static SupportedProtocolVersion,
        provider: CryptoProvider,
    ) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&ca.file)?)?;
        let builder = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[version])?;
        let tls = builder.with_root_certificates(roots).with_no_client_auth();
        Ok(Self::of(tls))
    }

    /// The same, offering these protocols.
    #[must_use]
    pub fn offering(mut self, protocols: &[&str]) -> Self {
        self.tls.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        self
    }

    /// The same, taking TCP segments of at most so many bytes: on loopback they have 64 KiB,
    /// and the kernel paces none of the first ten.
    #[must_use]
    pub fn with_segments_of(self, bytes: u32) -> Self {
        Self { segment_bytes: Some(bytes), ..self }
    }

    /// Connects, asking for the open group's host.
    ///
    /// # Errors
    /// When that fails.
    pub async fn connect(&self, to: SocketAddr) -> Result<Connection> {
        self.connect_as(to, OPEN_HOST).await
    }

    /// Connects, asking for this name.
    ///
    /// # Errors
    /// When that fails.
    pub async fn connect_as(&self, to: SocketAddr, name: &str) -> Result<Connection> {
        let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(bytes) = self.segment_bytes {
            setsockopt(&socket, TcpMaxSeg, &bytes)?;
        }
        self.connect_over(socket.connect(to).await?, name).await
    }

    /// Shakes hands over this socket, asking for this name.
    ///
    /// # Errors
    /// When that fails.
    pub async fn connect_over(&self, socket: TcpStream, name: &str) -> Result<Connection> {
        socket.set_nodelay(true)?;
        let connector = TlsConnector::from(Arc::new(self.tls.clone()));
        let name = ServerName::try_from(name.to_owned())?;
        let stream = tokio::time::timeout(PATIENCE, connector.connect(name, socket)).await;
        Ok(Connection { stream: stream.context("the handshake hangs")??, unread: BytesMut::new() })
    }
}

/// A connection.
pub struct Connection {
    /// The TLS stream.
    pub stream: TlsStream<TcpStream>,
    unread: BytesMut,
}

/// An answer, taken apart.
#[derive(Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Status line and fields.
    pub head: String,
    /// The body, as `Content-Length` has it.
    pub body: Vec<u8>,
}

impl Connection {
    /// Sends octets.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).await?;
        Ok(self.stream.flush().await?)
    }

    /// Sends octets, and keeps what comes meanwhile: for more than the server will listen to
    /// before its answers are read.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn send_while_reading(&mut self, bytes: &[u8]) -> Result<()> {
        let (mut reader, mut writer) = tokio::io::split(&mut self.stream);
        let unread = &mut self.unread;
        let write = async {
            writer.write_all(bytes).await?;
            writer.flush().await
        };
        let read = async {
            while reader.read_buf(unread).await? > 0 {}
            Err(std::io::ErrorKind::UnexpectedEof.into())
        };
        let done = async {
            tokio::select! { sent = write => sent, ended = read => ended }
        };
        Ok(tokio::time::timeout(PATIENCE, done).await.context("nobody listens")??)
    }

    /// The next record with these octets, which is thereby taken for sent.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn seal(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
        let (_, tls) = self.stream.get_mut();
        tls.writer().write_all(bytes)?;
        let mut records = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut records)?;
        }
        Ok(records)
    }

    /// Changes the client's key, and asks the server to change its own. The message goes
    /// with what is sent next.
    ///
    /// # Errors
    /// With TLS 1.2.
    pub fn change_key(&mut self) -> Result<()> {
        Ok(self.stream.get_mut().1.refresh_traffic_keys()?)
    }

    /// Ends the connection without a word.
    ///
    /// # Errors
    /// When it has ended.
    pub fn reset(self) -> Result<()> {
        Ok(self.stream.get_ref().0.set_zero_linger()?)
    }

    /// Sends a GET of the open group.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn get(&mut self, path: &str, fields: &str) -> Result<()> {
        let text = format!("GET {path} HTTP/1.1\r\nHost: {OPEN_HOST}\r\n{fields}\r\n");
        self.send(text.as_bytes()).await
    }

    /// Octets that the kernel holds for us and that nobody has read.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn held_back(&self) -> Result<usize> {
        let socket = self.stream.get_ref().0.as_raw_fd();
        let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT;
        match recv(socket, &mut vec![0; 1 << 20], flags) {
            Err(Errno::EAGAIN) => Ok(0),
            count => Ok(count?),
        }
    }

    /// Reads one answer with its body.
    ///
    /// # Errors
    /// When it does not come, or is cut off.
    pub async fn reply(&mut self) -> Result<Reply> {
        let end = loop {
            let end = self.unread.windows(4).position(|four| four == b"\r\n\r\n");
            match end {
                Some(end) => break end + 4,
                None => self.read_more().await.context("no answer")?,
            }
        };
        let head = String::from_utf8(self.unread.split_to(end).into())?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.with_context(|| format!("no status in {head:?}"))?;
        let length = field(&head, "Content-Length").map_or(Ok(0), str::parse)?;
        while self.unread.len() < length {
            self.read_more().await.context("the body is cut off")?;
        }
        Ok(Reply { status, head, body: self.unread.split_to(length).into() })
    }

    /// Reads, and keeps, until so many octets wait to be taken apart.
    ///
    /// # Errors
    /// When they do not come.
    pub async fn read_ahead(&mut self, count: usize) -> Result<()> {
        while self.unread.len() < count {
            self.read_more().await?;
        }
        Ok(())
    }

    async fn read_more(&mut self) -> Result<()> {
        let read = self.stream.read_buf(&mut self.unread);
        let count = tokio::time::timeout(PATIENCE, read).await.context("nothing comes")??;
        anyhow::ensure!(count > 0, "the server has closed the connection");
        Ok(())
    }

    /// All that comes until the server ends the connection.
    ///
    /// # Errors
    /// When it ends without a goodbye.
    pub async fn rest(mut self) -> Result<Vec<u8>> {
        let mut rest = self.unread.to_vec();
        let read = tokio::time::timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await;
        read.context("it does not end")??;
        Ok(rest)
    }

    /// Whether the server ends the connection with a goodbye and without another word.
    pub async fn ends(&mut self) -> bool {
        let mut rest = [0; 16];
        let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut rest)).await;
        self.unread.is_empty() && matches!(read, Ok(Ok(0)))
    }
}

/// A field of an answer's head.
#[must_use]
pub fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
