//! TLS to a box, from where it connects: records are taken from the kernel many at a time, and
//! each is opened from there into the room where its content belongs.

use records::frame::{ContentType, MAX_PLAIN_LEN, MAX_RECORD_LEN, record_len};
use records::message::Reply;
use records::open::content_bound;
use records::session::{Incoming, Session};
use records::shake::{Progress, Shaken, Shaking};
use records::side::Client;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Stays in the processor's own memory until it is opened.
const AHEAD_BYTES: usize = 128 << 10;

const _: () = assert!(AHEAD_BYTES >= 2 * MAX_RECORD_LEN);

/// A connection with its keys.
pub(super) struct Stream {
    socket: TcpStream,
    session: Session<Client>,
    ahead: Box<[u8]>,
    /// Of it, what has come and was not opened.
    sealed: Range<usize>,
    /// What was opened where it stood, and not given yet.
    opened: Range<usize>,
    is_ended: bool,
}

impl Stream {
    /// Connects, and shakes hands.
    pub(super) async fn open(
        tls: Arc<ClientConfig>,
        address: SocketAddr,
        name: ServerName<'static>,
    ) -> io::Result<Self> {
        let mut socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        let mut ahead = vec![0; AHEAD_BYTES].into_boxed_slice();
        let Shaken { session, sealed, .. } = shake(&mut socket, tls, name, &mut ahead).await?;
        // No more than was read at once, and what came of it is shorter.
        ahead.get_mut(..sealed.len()).ok_or(io::ErrorKind::InvalidData)?.copy_from_slice(&sealed);
        let sealed = 0..sealed.len();
        Ok(Self { socket, session, ahead, sealed, opened: 0..0, is_ended: false })
    }

    /// Sends content.
    pub(super) async fn send(&mut self, content: &[u8]) -> io::Result<()> {
        let mut out = Vec::new();
        self.session.refresh(&mut out).map_err(io::Error::other)?;
        for part in content.chunks(MAX_PLAIN_LEN) {
            let sealer = self.session.sealer().ok_or(io::ErrorKind::Unsupported)?;
            let start = out.len();
            out.resize(start + part.len() + sealer.overhead(), 0);
            let room = out.get_mut(start..).unwrap_or_default();
            sealer.seal(ContentType::ApplicationData, part, room).map_err(io::Error::other)?;
        }
        self.socket.write_all(&out).await
    }

    /// Whether everything that came was given, and more may come.
    pub(super) fn is_at_rest(&self) -> bool {
        self.opened.is_empty() && !self.is_ended
    }

    /// What comes next, where it was opened; `None` at the end.
    pub(super) async fn opened(&mut self) -> io::Result<Option<&[u8]>> {
        while self.opened.is_empty() {
            let Some(record) = self.record().await? else { return Ok(None) };
            self.open_in_place(record).await?;
        }
        Ok(Some(&self.ahead[self.opened.clone()]))
    }

    /// So much of it was made use of.
    pub(super) fn consume(&mut self, count: usize) {
        self.opened.start = (self.opened.start + count).min(self.opened.end);
    }

    /// Reads content into `room`, as much as is at hand and there is room for.
    ///
    /// # Errors
    /// At the end of what comes, too: whoever reads expects more.
    pub(super) async fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let mut count = 0;
        while count < room.len() {
            let rest = room.get_mut(count..).unwrap_or_default();
            if !self.opened.is_empty() {
                count += self.give(rest);
                continue;
            }
            let record = match self.whole_record()? {
                Some(record) => record,
                None if count > 0 => break,
                None => self.record().await?.ok_or(io::ErrorKind::UnexpectedEof)?,
            };
            if content_bound(record.len()) > rest.len() {
                self.open_in_place(record).await?;
                continue;
            }
            let incoming = self.session.receive_into(&mut self.ahead[record], rest);
            count += self.hear(incoming).await?.map_or(0, |content| content.len());
        }
        Ok(count)
    }

    async fn open_in_place(&mut self, record: Range<usize>) -> io::Result<()> {
        let incoming = self.session.receive(&mut self.ahead[record.clone()]);
        if let Some(content) = self.hear(incoming).await? {
            self.opened = record.start + content.start..record.start + content.end;
        }
        Ok(())
    }

    /// Gives of what was opened.
    fn give(&mut self, room: &mut [u8]) -> usize {
        let count = self.opened.len().min(room.len());
        let from = self.opened.start;
        room[..count].copy_from_slice(&self.ahead[from..from + count]);
        self.consume(count);
        count
    }

    /// The next record, once it has come; `None` at the end.
    async fn record(&mut self) -> io::Result<Option<Range<usize>>> {
        loop {
            if self.is_ended {
                return Ok(None);
            }
            if let Some(record) = self.whole_record()? {
                return Ok(Some(record));
            }
            self.make_room();
            let count = self.socket.read(&mut self.ahead[self.sealed.end..]).await?;
            if count == 0 {
                // Who means it says so, and is not merely cut off.
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.sealed.end += count;
        }
    }

    /// The next record, if all of it has come.
    fn whole_record(&mut self) -> io::Result<Option<Range<usize>>> {
        let sealed = &self.ahead[self.sealed.clone()];
        let len = record_len(sealed).map_err(io::Error::other)?;
        let Some(len) = len.filter(|len| *len <= sealed.len()) else { return Ok(None) };
        let record = self.sealed.start..self.sealed.start + len;
        self.sealed.start = record.end;
        Ok(Some(record))
    }

    /// What is left of a record goes to the front, where the rest of it has room.
    fn make_room(&mut self) {
        if self.sealed.is_empty() {
            self.sealed = 0..0;
        } else if self.ahead.len() - self.sealed.start < MAX_RECORD_LEN {
            self.ahead.copy_within(self.sealed.clone(), 0);
            self.sealed = 0..self.sealed.len();
        }
    }

    /// Does what a record asks for; gives where its content is, if it has any.
    async fn hear(&mut self, incoming: Incoming) -> io::Result<Option<Range<usize>>> {
        match incoming {
            Incoming::Content(content) => return Ok(Some(content)),
            Incoming::Nothing => {}
            Incoming::Closed => self.is_ended = true,
            Incoming::Reply(reply) => {
                let mut out = Vec::new();
                self.session.reply(reply, &mut out).map_err(io::Error::other)?;
                self.socket.write_all(&out).await?;
                if let Reply::Fatal(code) = reply {
                    return Err(io::Error::other(format!("it broke TLS: {code:?}")));
                }
            }
        }
        Ok(None)
    }
}

/// The handshake, on what comes from the socket.
async fn shake(
    socket: &mut TcpStream,
    tls: Arc<ClientConfig>,
    name: ServerName<'static>,
    room: &mut [u8],
) -> io::Result<Shaken<Client>> {
    let mut shaking = Shaking::with(tls, name).map_err(io::Error::other)?;
    let mut count = 0;
    loop {
        let mut out = Vec::new();
        let progress = shaking.advance(room.get(..count).unwrap_or_default(), &mut out);
        // In the case of an error, the alert.
        socket.write_all(&out).await?;
        match progress.map_err(io::Error::other)? {
            Progress::Blocked(goes_on) => shaking = goes_on,
            Progress::Done(shaken) => return Ok(*shaken),
        }
        count = socket.read(room).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
