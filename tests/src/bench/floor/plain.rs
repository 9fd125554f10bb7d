//! Only calls `sendfile`.

use super::Shared;
use anyhow::Result;
use nix::sys::sendfile::sendfile;
use std::fs::File;
use std::io::Write;
use std::net::TcpStream;

/// The answer, head and all, as a file that has no name; it stays in the page cache.
pub(super) struct Plain {
    answer: File,
    bytes: usize,
}

impl Plain {
    pub(super) fn new(answer: &[u8]) -> Result<Self> {
        let mut file = tempfile::tempfile()?;
        file.write_all(answer)?;
        Ok(Self { answer: file, bytes: answer.len() })
    }
}

impl Shared for Plain {
    type Client = Client;

    fn accept(&mut self, socket: TcpStream) -> Option<Client> {
        socket.set_nodelay(true).ok()?;
        Some(Client { socket, left: 0 })
    }
}

pub(super) struct Client {
    socket: TcpStream,
    left: usize,
}

impl super::Client<Plain> for Client {
    fn socket(&self) -> &TcpStream {
        &self.socket
    }

    fn is_asked(&mut self) {
        self.left = usize::MAX;
    }

    fn send(&mut self, shared: &mut Plain) -> Result<()> {
        self.left = self.left.min(shared.bytes);
        while self.left > 0 {
            let mut offset = i64::try_from(shared.bytes - self.left)?;
            match sendfile(&self.socket, &shared.answer, Some(&mut offset), self.left) {
                Ok(count) => self.left -= count,
                Err(nix::errno::Errno::EAGAIN) => return Ok(()),
                Err(err) => return Err(err.into()),
            }
        }
        Ok(())
    }
}
