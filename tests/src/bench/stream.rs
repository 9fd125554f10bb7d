//! One client connection. It decrypts what is to be verified, and lets the kernel throw
//! the rest away (`MSG_TRUNC`), so that the load costs less than what it measures.
//!
//! What is thrown away is still counted: record by record, by the length in each header.

use anyhow::{Context, Result, bail, ensure};
use nix::sys::socket::{MsgFlags, recv};
use rustls::ClientConnection;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A TLS record's header (RFC 8446 §5.1).
const HEADER: usize = 5;

/// What a TLS 1.3 record has beside its plaintext: the AEAD tag and the inner type.
const OVERHEAD: usize = 17;

/// A server that says nothing for so long has failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is asked for again and again.
#[derive(Debug, Clone)]
pub struct Question {
    /// Where.
    pub address: SocketAddr,
    /// The name in the certificate and the `Host`.
    pub host: String,
    /// The request, header and all.
    pub request: Vec<u8>,
    /// The right answer's content.
    pub body: Arc<[u8]>,
}

/// How far an answer has come.
#[derive(Debug)]
enum Answer {
    /// Decrypted and compared.
    Verified(Vec<u8>),
    /// Thrown away: plaintext bytes to come, bytes of the record under way to come, and the
    /// header of the next as far as it is there.
    Discarded { plaintext: usize, record: usize, header: Vec<u8> },
}

/// One connection with one request under way.
pub struct Stream {
    socket: TcpStream,
    tls: ClientConnection,
    question: Arc<Question>,
    answer: Answer,
    /// Header and content of an answer, learned from one that was decrypted.
    plaintext: usize,
    verifies: bool,
    trash: Vec<u8>,
}

impl Stream {
    /// Connects and takes two answers whole: the first comes with session tickets, the
    /// second tells how long an answer is.
    ///
    /// # Errors
    /// When an answer is wrong.
    pub fn open(
        question: &Arc<Question>,
        tls: &Arc<rustls::ClientConfig>,
        verifies: bool,
    ) -> Result<Self> {
        let socket = TcpStream::connect(question.address)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let name = rustls::pki_types::ServerName::try_from(question.host.clone())?;
        let mut stream = Self {
            socket,
            tls: ClientConnection::new(Arc::clone(tls), name)?,
            question: Arc::clone(question),
            answer: Answer::Verified(Vec::new()),
            plaintext: 0,
            verifies,
            trash: vec![0; 1 << 18],
        };
        for _ in 0..2 {
            stream.ask()?;
            let begun = Instant::now();
            while !stream.advance()? {
                ensure!(begun.elapsed() < PATIENCE, "no answer within {} s", PATIENCE.as_secs());
            }
        }
        stream.socket.set_nonblocking(true)?;
        Ok(stream)
    }

    /// The socket to wait on.
    #[must_use]
    pub fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Sends the request.
    ///
    /// # Errors
    /// When the connection broke.
    pub fn ask(&mut self) -> Result<()> {
        self.tls.writer().write_all(&self.question.request)?;
        while self.tls.wants_write() {
            self.tls.write_tls(&mut self.socket).context("a request")?;
        }
        let discards = self.plaintext > 0 && !self.verifies;
        self.answer = if discards {
            Answer::Discarded { plaintext: self.plaintext, record: 0, header: Vec::new() }
        } else {
            Answer::Verified(Vec::new())
        };
        Ok(())
    }

    /// Takes what has come; true when the answer is complete.
    ///
    /// # Errors
    /// When the answer is wrong or the connection broke.
    pub fn advance(&mut self) -> Result<bool> {
        match self.answer {
            Answer::Verified(_) => self.verify(),
            Answer::Discarded { .. } => self.discard(),
        }
    }

    fn verify(&mut self) -> Result<bool> {
        match self.tls.complete_io(&mut self.socket) {
            Ok(_) => {}
            Err(err) if err.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(err) => return Err(err).context("an answer"),
        }
        let Answer::Verified(plain) = &mut self.answer else { bail!("not verifying") };
        match self.tls.reader().read_to_end(plain) {
            Ok(_) => bail!("the server ended the connection"),
            Err(err) if err.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(err) => return Err(err).context("an answer"),
        }
        let Some(end) = plain.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(false);
        };
        let body = &plain[end + 4..];
        if body.len() < self.question.body.len() {
            return Ok(false);
        }
        let head = String::from_utf8_lossy(&plain[..end]);
        ensure!(head.starts_with("HTTP/1.1 20"), "the answer is {head}");
        ensure!(*body == *self.question.body, "the answer has other bytes than the file");
        self.plaintext = plain.len();
        Ok(true)
    }

    fn discard(&mut self) -> Result<bool> {
        let fd = self.socket.as_raw_fd();
        let Answer::Discarded { plaintext, record, header } = &mut self.answer else {
            bail!("not discarding")
        };
        loop {
            if *record > 0 {
                let most = (*record).min(self.trash.len());
                match recv(fd, &mut self.trash[..most], MsgFlags::MSG_TRUNC) {
                    Ok(0) => bail!("the server ended the connection"),
                    Ok(count) => *record -= count,
                    Err(nix::errno::Errno::EAGAIN) => return Ok(false),
                    Err(err) => return Err(err.into()),
                }
                if *record == 0 && *plaintext == 0 {
                    return Ok(true);
                }
                continue;
            }
            let mut more = [0; HEADER];
            match recv(fd, &mut more[..HEADER - header.len()], MsgFlags::empty()) {
                Ok(0) => bail!("the server ended the connection"),
                Ok(count) => header.extend_from_slice(&more[..count]),
                Err(nix::errno::Errno::EAGAIN) => return Ok(false),
                Err(err) => return Err(err.into()),
            }
            if let [kind, _, _, high, low] = header[..] {
                ensure!(kind == 23, "a record of kind {kind} inside an answer");
                *record = usize::from(u16::from_be_bytes([high, low]));
                let content = record.checked_sub(OVERHEAD).context("a record too short")?;
                *plaintext = plaintext.checked_sub(content).context("the answer is too long")?;
                header.clear();
            }
        }
    }
}
