//! Takes the addresses of all listeners, before anything is served: a port in use is one
//! clear message, and nothing is half done.
//!
//! A listener may be served by several threads, each with a socket of its own on the same
//! address (`SO_REUSEPORT`). That would let a second process in as well, so the address is
//! first taken without. Sockets that the process before has left are taken as they are, all
//! of them: whoever closes one loses the connections that queue there.

use crate::error::BindError;
use crate::listening::Inherited;
use crate::sockopt as ours;
use contract::config::{ApplianceConfig, Listener};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, bind, listen, setsockopt, socket,
    sockopt,
};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsRawFd, OwnedFd};

/// The listening sockets of an address, and which of the configuration's listeners they
/// belong to.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) listener: usize,
    /// What the configuration says.
    pub(crate) asked: SocketAddr,
    /// At least one; several share the address.
    pub(crate) sockets: Vec<TcpListener>,
    pub(crate) address: SocketAddr,
}

/// Binds every address of every listener, each with as many sockets as `sockets` says, or
/// more where as many are `inherited`.
pub(crate) fn bind_all(
    config: &ApplianceConfig,
    inherited: &mut Inherited,
    sockets: impl Fn(&Listener) -> usize,
) -> Result<Vec<Bound>, BindError> {
    let mut bound = Vec::new();
    for (at, listener) in config.listeners.iter().enumerate() {
        bind_listener(at, listener, sockets(listener), inherited, &mut bound)?;
    }
    Ok(bound)
}

fn bind_listener(
    at: usize,
    listener: &Listener,
    sockets: usize,
    inherited: &mut Inherited,
    bound: &mut Vec<Bound>,
) -> Result<(), BindError> {
    for (which, &address) in listener.addresses.iter().enumerate() {
        let there = inherited.take(address);
        let opened = if there.is_empty() {
            open_several(address, sockets)
        } else {
            open_more(there, sockets)
        };
        let opened = opened.and_then(|sockets| {
            let asked = address;
            let address = sockets.first().ok_or(io::ErrorKind::InvalidInput)?.local_addr()?;
            Ok(Bound { listener: at, asked, sockets, address })
        });
        bound.push(opened.map_err(|source| BindError::Address {
            path: format!("listeners[{at}].addresses[{which}]"),
            address,
            source,
        })?);
    }
    Ok(())
}

pub(crate) fn open_several(address: SocketAddr, count: usize) -> io::Result<Vec<TcpListener>> {
    let alone = open(address, false)?;
    if count <= 1 {
        return Ok(vec![alone]);
    }
    // The port, where the kernel was to choose one.
    let address = alone.local_addr()?;
    drop(alone);
    (0..count).map(|_| open(address, true)).collect()
}

/// The kernel counts those that are there first, and new ones behind them.
fn open_more(mut there: Vec<TcpListener>, count: usize) -> io::Result<Vec<TcpListener>> {
    let address = there.first().ok_or(io::ErrorKind::InvalidInput)?.local_addr()?;
    if there.len() < count {
        // One that was alone did not share its address.
        there.iter().try_for_each(|socket| setsockopt(socket, sockopt::ReusePort, &true))?;
    }
    while there.len() < count {
        there.push(open(address, true)?);
    }
    Ok(there)
}

fn open(address: SocketAddr, is_shared: bool) -> io::Result<TcpListener> {
    let family = if address.is_ipv6() { AddressFamily::Inet6 } else { AddressFamily::Inet };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket: OwnedFd = socket(family, SockType::Stream, flags, None)?;
    // A restart may find connections of the process before in TIME_WAIT.
    setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    setsockopt(&socket, sockopt::ReusePort, &is_shared)?;
    // Inherited by every connection: the last piece of an answer must not wait for an
    // acknowledgement.
    setsockopt(&socket, sockopt::TcpNoDelay, &true)?;
    if address.is_ipv6() {
        // `[::]` and `0.0.0.0` are two addresses, whatever net.ipv6.bindv6only says.
        setsockopt(&socket, sockopt::Ipv6V6Only, &true)?;
    }
    // Inherited as well.
    ours::set_most_unsent(socket.as_raw_fd(), ours::MOST_UNSENT)?;
    bind(socket.as_raw_fd(), &SockaddrStorage::from(address))?;
    listen(&socket, Backlog::MAXCONN)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listening::Door;
    use std::net::TcpStream;

    /// Everybody who connects is accepted on one of these.
    fn accept_all(sockets: &[TcpListener], count: usize) {
        let mut accepted = 0;
        while accepted < count {
            accepted += sockets.iter().filter(|socket| socket.accept().is_ok()).count();
        }
    }

    #[test]
    fn an_address_gains_sockets_and_loses_none() {
        let anywhere: SocketAddr = "127.0.0.1:0".parse().expect("address");
        for before in [1, 2] {
            let first = open_several(anywhere, before).expect("bound");
            let address = first[0].local_addr().expect("address");
            // Connections that queue when the sockets change hands.
            let mut clients: Vec<_> =
                (0..20).map(|_| TcpStream::connect(address).expect("connects")).collect();
            for wanted in [anywhere, address] {
                let there = first.iter().map(|socket| socket.try_clone().expect("descriptor"));
                let door = Door { asked: anywhere, sockets: there.collect() };
                let mut inherited = Inherited { doors: vec![door], ..Inherited::default() };
                for count in [1, 3] {
                    let there = inherited.take(wanted);
                    assert_eq!(there.len(), before, "{wanted}");
                    let sockets = open_more(there, count).expect("bound");
                    assert_eq!(sockets.len(), before.max(count));
                    clients.extend((0..20).map(|_| TcpStream::connect(address).expect("connects")));
                    accept_all(&sockets, clients.len());
                    clients.clear();
                    inherited.doors.push(Door {
                        asked: anywhere,
                        sockets: sockets.into_iter().take(before).collect(),
                    });
                }
            }
            assert!(Inherited::default().take(address).is_empty());
        }
    }
}
