//! One client connection. It opens the record that an answer begins with, and all of an
//! answer that is to be compared; the rest the kernel throws away (`MSG_TRUNC`), so that
//! the load costs less than what it measures.
//!
//! What is thrown away is still counted: record by record, by the length in each header.

use super::answer::{Answer, Answered};
use super::asker::Ask;
use super::opening::{self, Keys, PATIENCE};
use crate::bench::record;
use anyhow::{Context, Result, bail, ensure};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, setsockopt, sockopt};
use rustls::ClientConfig;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Instant;

/// A whole record.
const RECORD: usize = record::HEADER + record::PLAINTEXT + record::TRAILER;

/// What a receive brought.
enum Came {
    Bytes(usize),
    NothingYet,
}

/// One connection with at most one request under way.
pub struct Stream {
    socket: TcpStream,
    /// None without TLS.
    keys: Option<Keys>,
    answer: Option<Answer>,
    /// The begin of a record whose end has not come.
    partial: Vec<u8>,
    /// What the kernel is to throw away before the next record.
    doomed: usize,
    /// Content that has come since the connection was opened.
    pub taken: u64,
}

impl Stream {
    /// Opens connections, with TLS or without.
    ///
    /// # Errors
    /// When one cannot be opened.
    pub fn open(
        address: SocketAddr,
        tls: Option<&Arc<ClientConfig>>,
        connections: usize,
    ) -> Result<Vec<Self>> {
        let opened = opening::open(address, tls, connections)?.into_iter();
        let stream = |(socket, keys)| Self {
            socket,
            keys,
            answer: None,
            partial: Vec::new(),
            doomed: 0,
            taken: 0,
        };
        Ok(opened.map(stream).collect())
    }

    /// The socket to wait on.
    #[must_use]
    pub fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Whether an answer is under way.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.answer.is_some()
    }

    /// Sends a request.
    ///
    /// # Errors
    /// When the connection broke.
    pub fn ask(&mut self, ask: Ask) -> Result<()> {
        match &mut self.keys {
            None => self.socket.write_all(&ask.request).context("a request")?,
            Some(keys) => {
                let whole = record::HEADER + ask.request.len() + record::TRAILER;
                let mut sealed = vec![0; whole];
                keys.writes.seal(&ask.request, &mut sealed)?;
                self.socket.write_all(&sealed).context("a request")?;
            }
        }
        self.answer = Some(Answer::to(ask));
        Ok(())
    }

    /// Lets no more than this wait here to be taken, however slowly it is taken.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn limit_waiting(&self, bytes: usize) -> Result<()> {
        Ok(setsockopt(&self.socket, sockopt::RcvBuf, &bytes)?)
    }

    /// Throws away what has come, without a look at it; how much it was. After this nothing
    /// can be asked any more: where records begin is not known.
    ///
    /// # Errors
    /// When the connection broke.
    pub fn drain(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match self.receive(buffer, MsgFlags::MSG_TRUNC)? {
            Came::Bytes(count) => Ok(count),
            Came::NothingYet => Ok(0),
        }
    }

    /// Sends a request and waits for the answer.
    ///
    /// # Errors
    /// When the answer is wrong, or does not come.
    pub fn fetch(&mut self, ask: Ask, buffer: &mut [u8]) -> Result<Answered> {
        self.socket.set_nonblocking(false)?;
        self.ask(ask)?;
        let begun = Instant::now();
        let answered = loop {
            if let Some(answered) = self.advance(buffer)? {
                break answered;
            }
            ensure!(begun.elapsed() < PATIENCE, "no answer within {} s", PATIENCE.as_secs());
        };
        self.socket.set_nonblocking(true)?;
        Ok(answered)
    }

    /// Takes what has come, through `buffer`; the answer when it is complete.
    ///
    /// # Errors
    /// When the answer is wrong or the connection broke.
    pub fn advance(&mut self, buffer: &mut [u8]) -> Result<Option<Answered>> {
        loop {
            let answer = self.answer.as_ref().context("nothing was asked")?;
            if self.doomed == 0
                && let Some(answered) = answer.done()
            {
                self.answer = None;
                return Ok(Some(answered));
            }
            let came =
                if answer.only_counts() { self.discard(buffer)? } else { self.open_some(buffer)? };
            if matches!(came, Came::NothingYet) {
                return Ok(None);
            }
        }
    }

    fn receive(&self, buffer: &mut [u8], flags: MsgFlags) -> Result<Came> {
        match recv(self.socket.as_raw_fd(), buffer, flags) {
            Ok(0) => bail!("the server ended the connection"),
            Ok(count) => Ok(Came::Bytes(count)),
            // Interrupted by the end of a server that was measured before.
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(Came::NothingYet),
            Err(err) => Err(err.into()),
        }
    }

    /// Receives and opens. While the head is not there, no more than a record: what comes
    /// behind it is rather thrown away.
    fn open_some(&mut self, buffer: &mut [u8]) -> Result<Came> {
        let has_head = self.answer.as_ref().is_some_and(|answer| answer.left().is_some());
        let room = if has_head { buffer.len() } else { RECORD.min(buffer.len()) };
        let came = self.receive(&mut buffer[..room], MsgFlags::empty())?;
        let Came::Bytes(count) = came else { return Ok(came) };
        let answer = self.answer.as_mut().context("nothing was asked")?;
        answer.begins();
        self.partial.extend_from_slice(&buffer[..count]);
        let mut at = 0;
        match &mut self.keys {
            None => {
                at = count;
                self.taken += answer.take(&self.partial)? as u64;
            }
            Some(keys) => {
                while !answer.only_counts()
                    && let Some(length) = record::length(&self.partial[at..])?
                    && let Some(record) = self.partial.get_mut(at..at + length)
                {
                    at += length;
                    match keys.reads.open(record)? {
                        (record::APPLICATION_DATA, plaintext) => {
                            self.taken += answer.take(plaintext)? as u64;
                        }
                        (record::HANDSHAKE, _ticket) => {}
                        (kind, _) => bail!("a record of kind {kind} inside an answer"),
                    }
                }
            }
        }
        self.partial.drain(..at);
        self.doom()?;
        Ok(came)
    }

    /// Where only counting is left: dooms the record whose begin is here, or without TLS
    /// all that is to come.
    fn doom(&mut self) -> Result<()> {
        let Some(answer) = self.answer.as_mut().filter(|answer| answer.only_counts()) else {
            return Ok(());
        };
        let Some(keys) = &mut self.keys else {
            self.doomed = answer.left().unwrap_or(0);
            self.taken += self.doomed as u64;
            return answer.count(self.doomed);
        };
        while let Some(length) = record::length(&self.partial)? {
            let content = length.checked_sub(record::HEADER + record::TRAILER);
            let content = content.context("a record too short")?;
            keys.reads.skip();
            answer.count(content)?;
            self.taken += content as u64;
            let here = length.min(self.partial.len());
            self.partial.drain(..here);
            self.doomed = length - here;
        }
        Ok(())
    }

    fn discard(&mut self, buffer: &mut [u8]) -> Result<Came> {
        if self.doomed > 0 {
            let most = self.doomed.min(buffer.len());
            let came = self.receive(&mut buffer[..most], MsgFlags::MSG_TRUNC)?;
            if let Came::Bytes(count) = came {
                self.doomed -= count;
            }
            return Ok(came);
        }
        let mut header = [0; record::HEADER];
        let room = record::HEADER - self.partial.len();
        let came = self.receive(&mut header[..room], MsgFlags::empty())?;
        if let Came::Bytes(count) = came {
            self.partial.extend_from_slice(&header[..count]);
            self.doom()?;
        }
        Ok(came)
    }
}
