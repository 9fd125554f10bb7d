//! Viewers: they connect, ask, compare every byte, and forgive nothing but a connection that
//! is closed in good order between two answers.

use super::content;
use super::place::{HOST, OBJECTS, Place};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, RootCertStore, StreamOwned};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Nothing here takes longer unless it hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connects to a place.
#[derive(Clone)]
pub(crate) struct Client(Arc<ClientConfig>);

impl Client {
    pub(crate) fn new(place: &Place) -> Self {
        let mut roots = RootCertStore::empty();
        let own = CertificateDer::from_pem_file(place.path("cert.pem")).expect("certificate");
        roots.add(own).expect("root");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self(Arc::new(config))
    }

    /// Connects and shakes hands.
    pub(crate) fn connect(&self, port: u16) -> io::Result<Connection> {
        let socket = TcpStream::connect(("127.0.0.1", port))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_nodelay(true)?;
        let name = ServerName::try_from(HOST).expect("name");
        let tls = ClientConnection::new(Arc::clone(&self.0), name).expect("client");
        let mut stream = StreamOwned::new(tls, socket);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Connection { stream, unread: Vec::new() })
    }
}

/// A connection.
pub(crate) struct Connection {
    stream: StreamOwned<ClientConnection, TcpStream>,
    unread: Vec<u8>,
}

/// What came instead of an answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// The end, in good order, before the first byte.
    Closed,
    Broken(io::Error),
}

impl From<io::Error> for NoAnswer {
    fn from(err: io::Error) -> Self {
        Self::Broken(err)
    }
}

/// The head of an answer.
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) length: usize,
    pub(crate) closes: bool,
    /// All of it, in lower case.
    text: String,
}

impl Head {
    /// The value of a field, in lower case.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

impl Connection {
    /// Whether the handshake went on from an earlier one.
    pub(crate) fn is_resumed(&self) -> bool {
        self.stream.conn.handshake_kind() == Some(HandshakeKind::Resumed)
    }

    /// Asks, and reads the head of the answer.
    pub(crate) fn ask(&mut self, path: &str) -> Result<Head, NoAnswer> {
        self.ask_with(path, "")
    }

    /// Asks with more fields, each with the end of its line.
    pub(crate) fn ask_with(&mut self, path: &str, fields: &str) -> Result<Head, NoAnswer> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {HOST}\r\n{fields}\r\n");
        self.stream.write_all(request.as_bytes())?;
        let end = loop {
            if let Some(end) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if self.read_more()? == 0 {
                let is_first = self.unread.is_empty();
                let cut = || NoAnswer::Broken(io::ErrorKind::UnexpectedEof.into());
                return Err(if is_first { NoAnswer::Closed } else { cut() });
            }
        };
        let head: Vec<u8> = self.unread.drain(..end).collect();
        let head = String::from_utf8(head).expect("text").to_ascii_lowercase();
        let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let length = field("content-length: ").and_then(|length| length.parse().ok());
        Ok(Head {
            status: status.expect("a status"),
            length: length.unwrap_or(0),
            closes: field("connection: ") == Some("close"),
            text: head,
        })
    }

    fn read_more(&mut self) -> io::Result<usize> {
        let mut piece = [0; 16 << 10];
        let count = self.stream.read(&mut piece)?;
        self.unread.extend_from_slice(&piece[..count]);
        Ok(count)
    }

    /// The next bytes of a body.
    pub(crate) fn body(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.unread.len() < length {
            if self.read_more()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.unread.drain(..length).collect())
    }

    /// The next bytes of a body until it ends, be it early.
    pub(crate) fn as_far_as_it_goes(&mut self, length: usize) -> Vec<u8> {
        while self.unread.len() < length && self.read_more().is_ok_and(|count| count > 0) {}
        let there = length.min(self.unread.len());
        self.unread.drain(..there).collect()
    }

    /// Asks, and compares the whole answer. `true`: the connection may be used again.
    pub(crate) fn fetch(&mut self, path: &str, expected: &[u8]) -> Result<bool, NoAnswer> {
        let head = self.ask(path)?;
        if head.status != 200 || self.body(head.length)? != expected {
            return Err(io::Error::other(format!("status {} or wrong bytes", head.status)).into());
        }
        Ok(!head.closes)
    }
}

/// Somebody who asks for the short object all the time.
pub(crate) struct Viewer {
    stop: Arc<AtomicBool>,
    answers: Arc<AtomicUsize>,
    thread: JoinHandle<Vec<String>>,
}

impl Viewer {
    /// Over a new connection each time, or over one as long as it lasts.
    pub(crate) fn start(client: &Client, port: u16, keeps: bool) -> Self {
        let (stop, answers) = (Arc::default(), Arc::default());
        let (theirs, count) = (Arc::clone(&stop), Arc::clone(&answers));
        let client = client.clone();
        let thread = std::thread::spawn(move || watch(&client, port, keeps, &theirs, &count));
        Self { stop, answers, thread }
    }

    /// Waits until it has had so many more answers.
    pub(crate) fn sees(&self, more: usize) {
        let before = self.answers.load(Ordering::Relaxed);
        super::wait_for("a viewer sees nothing", || {
            self.answers.load(Ordering::Relaxed) >= before + more
        });
    }

    /// All that went wrong.
    pub(crate) fn end(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("a viewer")
    }
}

fn watch(
    client: &Client,
    port: u16,
    keeps: bool,
    stop: &AtomicBool,
    answers: &AtomicUsize,
) -> Vec<String> {
    let (path, size) = OBJECTS[0];
    let expected = content(path, size);
    let mut wrong = Vec::new();
    let mut kept: Option<Connection> = None;
    while !stop.load(Ordering::Relaxed) {
        let is_new = kept.is_none();
        let mut connection = match kept.take().map_or_else(|| client.connect(port), Ok) {
            Ok(connection) => connection,
            Err(err) => {
                wrong.push(format!("cannot connect: {err}"));
                continue;
            }
        };
        match connection.fetch(path, &expected) {
            Ok(goes_on) => {
                answers.fetch_add(1, Ordering::Relaxed);
                kept = (goes_on && keeps).then_some(connection);
            }
            Err(NoAnswer::Closed) if !is_new => {}
            Err(NoAnswer::Closed) => wrong.push("closed before the first answer".to_owned()),
            Err(NoAnswer::Broken(err)) => wrong.push(format!("broken (new: {is_new}): {err}")),
        }
    }
    wrong
}
