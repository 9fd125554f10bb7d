//! TCP, with a deadline and a way to call it off.

use crate::wire::Step;
use crate::{Cancel, Why};
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::net::sockopt::{set_tcp_nodelay, socket_error};
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;

/// Connects. What comes back does not block.
pub(crate) fn reach(address: SocketAddr, step: &Step, cancel: &Cancel) -> Result<TcpStream, Why> {
    let socket = begin(address).map_err(|err| why(err, step))?;
    loop {
        let mut fds = [PollFd::new(&socket, PollFlags::OUT), PollFd::new(cancel, PollFlags::IN)];
        step.wait(&mut fds, cancel)?;
        if fds[0].revents().is_empty() {
            continue;
        }
        let outcome = socket_error(&socket).and_then(|outcome| outcome);
        outcome.map_err(|err| why(err, step))?;
        return Ok(TcpStream::from(socket));
    }
}

fn begin(address: SocketAddr) -> Result<OwnedFd, Errno> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::STREAM, flags, None)?;
    // SSH sends few bytes and waits for the answer to them.
    set_tcp_nodelay(&socket, true)?;
    match connect(&socket, &address) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(socket),
        Err(err) => Err(err),
    }
}

fn why(err: Errno, step: &Step) -> Why {
    match err {
        Errno::CONNREFUSED => Why::Refused,
        // The kernel's own patience was shorter than ours.
        Errno::TIMEDOUT => step.deadline(),
        // Of this process, not of the device.
        Errno::MFILE | Errno::NFILE | Errno::NOMEM => step.protocol(err.to_string()),
        other => Why::Unreachable(other.to_string()),
    }
}
