//! Takes the addresses of all listeners, before anything is served: a port in use is one
//! clear message, and nothing is half done.

use super::error::BindError;
use contract::config::{ApplianceConfig, Listener};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, bind, listen, setsockopt, socket,
    sockopt,
};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsRawFd, OwnedFd};

/// A listening socket, and which of the configuration's listeners it belongs to.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) listener: usize,
    pub(super) socket: TcpListener,
    pub(super) address: SocketAddr,
}

/// Binds every address of every listener.
pub(super) fn bind_all(config: &ApplianceConfig) -> Result<Vec<Bound>, BindError> {
    let mut bound = Vec::new();
    for (at, listener) in config.listeners.iter().enumerate() {
        bind_listener(at, listener, &mut bound)?;
    }
    Ok(bound)
}

fn bind_listener(at: usize, listener: &Listener, bound: &mut Vec<Bound>) -> Result<(), BindError> {
    for (which, &address) in listener.addresses.iter().enumerate() {
        let opened = open(address).and_then(|socket| {
            let address = socket.local_addr()?;
            Ok(Bound { listener: at, socket, address })
        });
        bound.push(opened.map_err(|source| BindError::Address {
            path: format!("listeners[{at}].addresses[{which}]"),
            address,
            source,
        })?);
    }
    Ok(())
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let family = if address.is_ipv6() { AddressFamily::Inet6 } else { AddressFamily::Inet };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket: OwnedFd = socket(family, SockType::Stream, flags, None)?;
    // A restart may find connections of the process before in TIME_WAIT.
    setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    if address.is_ipv6() {
        // `[::]` and `0.0.0.0` are two addresses, whatever net.ipv6.bindv6only says.
        setsockopt(&socket, sockopt::Ipv6V6Only, &true)?;
    }
    bind(socket.as_raw_fd(), &SockaddrStorage::from(address))?;
    listen(&socket, Backlog::MAXCONN)?;
    Ok(socket.into())
}
