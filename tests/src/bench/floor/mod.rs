//! The floor: bare loops that know nothing of HTTP, caches or time. One seals an answer
//! from RAM with the same library as ours and sends it: no server in user space that seals
//! with this library can spend less. Another only calls `sendfile`.

mod plain;
mod sealed;

use super::object::Object;
use crate::http_harness::keys::Issued;
use anyhow::Result;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use std::io::{ErrorKind, Read};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

/// How the floor sends.
#[derive(Debug, Clone, Copy)]
pub enum Way {
    /// By `sendfile`, without TLS.
    Plain,
    /// So many sealed records at once.
    Sealed(usize),
}

/// Serves one object until the process ends, whatever is asked.
///
/// # Errors
/// When a socket or a handshake fails.
pub fn serve(port: u16, issued: &Issued, object: &Object, way: Way) -> Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", object.bytes);
    let answer = [head.as_bytes(), &object.content()].concat();
    match way {
        Way::Plain => rounds(port, plain::Plain::new(&answer)?),
        Way::Sealed(records) => rounds(port, sealed::Sealed::new(issued, answer, records)?),
    }
}

/// What all connections share.
trait Shared {
    type Client: Client<Self>;
    /// A connection has come; `None` when it went away again.
    fn accept(&mut self, socket: TcpStream) -> Option<Self::Client>;
}

trait Client<S: ?Sized> {
    fn socket(&self) -> &TcpStream;
    /// An answer is to be sent, behind those under way.
    fn is_asked(&mut self);
    /// Sends as far as the socket takes it.
    fn send(&mut self, shared: &mut S) -> Result<()>;
}

fn rounds<S: Shared>(port: u16, mut shared: S) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let epoll = Epoll::new(EpollCreateFlags::empty())?;
    epoll.add(&listener, EpollEvent::new(EpollFlags::EPOLLIN, u64::MAX))?;
    let mut clients: Vec<S::Client> = Vec::new();
    let mut events = [EpollEvent::empty(); 64];
    loop {
        let count = epoll.wait(&mut events, EpollTimeout::NONE)?;
        for event in &events[..count] {
            let at = if event.data() == u64::MAX {
                let Some(client) = shared.accept(listener.accept()?.0) else { continue };
                client.socket().set_nonblocking(true)?;
                let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT | EpollFlags::EPOLLET;
                epoll.add(client.socket(), EpollEvent::new(flags, clients.len() as u64))?;
                clients.push(client);
                clients.len() - 1
            } else {
                usize::try_from(event.data())?
            };
            let client = &mut clients[at];
            match client.socket().read(&mut [0; 4096]) {
                // The client has gone, which ends its part of the run.
                Ok(0) => continue,
                Ok(_) => client.is_asked(),
                Err(err) if err.kind() == ErrorKind::WouldBlock => {}
                Err(_) => continue,
            }
            client.send(&mut shared)?;
        }
    }
}
