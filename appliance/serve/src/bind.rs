//! Takes the addresses of all listeners, before anything is served: a port in use is one
//! clear message, and nothing is half done.
//!
//! A listener may be served by several threads, each with a socket of its own on the same
//! address (`SO_REUSEPORT`). That would let a second process in as well, so the address is
//! first taken without.

use crate::error::BindError;
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
    /// At least one; several share the address.
    pub(crate) sockets: Vec<TcpListener>,
    pub(crate) address: SocketAddr,
}

/// Binds every address of every listener, each with as many sockets as `sockets` says.
pub(crate) fn bind_all(
    config: &ApplianceConfig,
    sockets: impl Fn(&Listener) -> usize,
) -> Result<Vec<Bound>, BindError> {
    let mut bound = Vec::new();
    for (at, listener) in config.listeners.iter().enumerate() {
        bind_listener(at, listener, sockets(listener), &mut bound)?;
    }
    Ok(bound)
}

fn bind_listener(
    at: usize,
    listener: &Listener,
    sockets: usize,
    bound: &mut Vec<Bound>,
) -> Result<(), BindError> {
    for (which, &address) in listener.addresses.iter().enumerate() {
        let opened = open_several(address, sockets).and_then(|sockets| {
            let address = sockets.first().ok_or(io::ErrorKind::InvalidInput)?.local_addr()?;
            Ok(Bound { listener: at, sockets, address })
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
