//! The floor: a bare loop that seals an answer from RAM with the same library as ours and
//! sends it, and knows nothing of HTTP, caches or time. No server in user space that seals
//! with this library can spend less.

use crate::http_harness::keys::Issued;
use anyhow::{Context, Result, bail};
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use rustls::{ConnectionTrafficSecrets, ServerConnection};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;

/// The most plaintext in a record (RFC 8446 §5.1).
const RECORD: usize = 16 << 10;

/// Header, inner type and tag.
const OVERHEAD: usize = 5 + 1 + 16;

/// Serves until the process ends: every request gets the same answer.
///
/// # Errors
/// When a socket or a handshake fails.
pub fn serve(port: u16, issued: &Issued, body: &[u8], records: usize) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let tls = tls(issued)?;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let answer = [head.as_bytes(), body].concat();
    let mut scratch = vec![0; records * (RECORD + OVERHEAD)];
    let epoll = Epoll::new(EpollCreateFlags::empty())?;
    epoll.add(&listener, EpollEvent::new(EpollFlags::EPOLLIN, u64::MAX))?;
    let mut clients: Vec<Client> = Vec::new();
    let mut events = [EpollEvent::empty(); 64];
    loop {
        let count = epoll.wait(&mut events, EpollTimeout::NONE)?;
        for event in &events[..count] {
            let at = if event.data() == u64::MAX {
                let socket = listener.accept()?.0;
                // Whoever only looks whether somebody listens goes away without a handshake.
                let Ok(client) = Client::shake_hands(socket, &tls) else { continue };
                let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT | EpollFlags::EPOLLET;
                epoll.add(&client.socket, EpollEvent::new(flags, clients.len() as u64))?;
                clients.push(client);
                clients.len() - 1
            } else {
                usize::try_from(event.data())?
            };
            clients[at].go_on(&answer, &mut scratch, records)?;
        }
    }
}

fn tls(issued: &Issued) -> Result<Arc<rustls::ServerConfig>> {
    let (chain, key) = issued.load()?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.enable_secret_extraction = true;
    Ok(Arc::new(config))
}

struct Client {
    socket: TcpStream,
    key: LessSafeKey,
    iv: [u8; 12],
    sequence: u64,
    /// How far into the answer sealing has come; its length when nothing is asked.
    sealed: usize,
    /// What is sealed and not sent yet.
    unsent: Vec<u8>,
    is_asked: bool,
}

impl Client {
    fn shake_hands(mut socket: TcpStream, tls: &Arc<rustls::ServerConfig>) -> Result<Self> {
        socket.set_nodelay(true)?;
        let mut connection = ServerConnection::new(Arc::clone(tls))?;
        while connection.is_handshaking() || connection.wants_write() {
            connection.complete_io(&mut socket)?;
        }
        // The first request may have come together with the end of the handshake.
        let is_asked = matches!(connection.reader().read(&mut [0; 4096]), Ok(count) if count > 0);
        let (sequence, secrets) = connection.dangerous_extract_secrets()?.tx;
        let ConnectionTrafficSecrets::Aes128Gcm { key, iv } = secrets else {
            bail!("the client chose another cipher")
        };
        let key = UnboundKey::new(&AES_128_GCM, key.as_ref()).ok().context("a key")?;
        let iv: [u8; 12] = iv.as_ref().try_into()?;
        socket.set_nonblocking(true)?;
        let key = LessSafeKey::new(key);
        Ok(Self { socket, key, iv, sequence, sealed: 0, unsent: Vec::new(), is_asked })
    }

    /// Takes requests, without reading them, and sends as far as the socket takes it.
    fn go_on(&mut self, answer: &[u8], scratch: &mut [u8], records: usize) -> Result<()> {
        let mut request = [0; 4096];
        match self.socket.read(&mut request) {
            Ok(0) => return Ok(()),
            Ok(_) => self.is_asked = true,
            Err(err) if err.kind() == ErrorKind::WouldBlock => {}
            // The client has gone, which ends its part of the run.
            Err(_) => return Ok(()),
        }
        while self.is_asked {
            if !self.unsent.is_empty() && !self.flush()? {
                return Ok(());
            }
            let length = self.seal(answer, scratch, records)?;
            let sent = match self.socket.write(&scratch[..length]) {
                Ok(sent) => sent,
                Err(err) if err.kind() == ErrorKind::WouldBlock => 0,
                Err(err) => return Err(err.into()),
            };
            self.unsent.extend_from_slice(&scratch[sent..length]);
            if self.sealed == answer.len() && self.unsent.is_empty() {
                self.sealed = 0;
                self.is_asked = false;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<bool> {
        match self.socket.write(&self.unsent) {
            Ok(sent) => drop(self.unsent.drain(..sent)),
            Err(err) if err.kind() == ErrorKind::WouldBlock => {}
            Err(err) => return Err(err.into()),
        }
        Ok(self.unsent.is_empty())
    }

    /// Seals the next records into `scratch`; gives their length.
    fn seal(&mut self, answer: &[u8], scratch: &mut [u8], records: usize) -> Result<usize> {
        let mut length = 0;
        for piece in answer[self.sealed..].chunks(RECORD).take(records) {
            let room = &mut scratch[length..length + piece.len() + OVERHEAD];
            self.seal_record(piece, room)?;
            length += room.len();
            self.sealed += piece.len();
        }
        Ok(length)
    }

    fn seal_record(&mut self, piece: &[u8], room: &mut [u8]) -> Result<()> {
        let (header, rest) = room.split_at_mut(5);
        let [high, low] = u16::try_from(rest.len())?.to_be_bytes();
        header.copy_from_slice(&[23, 3, 3, high, low]);
        let mut nonce = self.iv;
        for (octet, count) in nonce[4..].iter_mut().zip(self.sequence.to_be_bytes()) {
            *octet ^= count;
        }
        self.sequence += 1;
        let (cipher, tail) = rest.split_at_mut(piece.len());
        let aad = Aad::from(<[u8; 5]>::try_from(&*header)?);
        self.key
            .seal_out_of_place_scatter(
                Nonce::assume_unique_for_key(nonce),
                aad,
                piece,
                cipher,
                &[23],
                tail,
            )
            .ok()
            .context("sealing")
    }
}
