//! New clients.

use super::connection::Connection;
use super::ring::Completion;
use super::token::{Asked, Place};
use super::worker::Worker;
use crate::http::client::ClientPrefix;
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{SockFlag, SockaddrStorage, accept4, getpeername};
use records::shake::Shaking;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

/// When more come than that while listening ends, those who still listen hear of the next.
const MOST_LAST: usize = 1024;

/// Listens on every entrance.
pub(super) fn begin(worker: &mut Worker) {
    for at in (0..).take(worker.core.entrances.len()) {
        again(worker, Place::only(at));
    }
}

/// Listens on one again.
pub(super) fn again(worker: &mut Worker, at: Place) {
    let entrance = worker.core.entrances.get(at.index as usize);
    if let Some(entrance) = entrance.filter(|_| !worker.core.is_draining) {
        worker.ring.accept(at, entrance.socket.as_raw_fd());
        worker.core.listens += 1;
    }
}

/// Listens on none. The sockets are left as they are: another process may accept from them.
pub(super) fn end(worker: &mut Worker) {
    for at in (0..).take(worker.core.entrances.len()) {
        worker.ring.cancel(Asked::Accept, Place::only(at));
    }
}

/// A client has connected, or nobody can any more.
pub(super) fn accepted(worker: &mut Worker, at: Place, completion: &Completion) {
    if completion.result >= 0 {
        take_in(worker, at, super::ring::owned(completion.result));
    } else if !matches!(-completion.result, libc::ECANCELED | libc::ECONNABORTED | libc::EINVAL) {
        let err = std::io::Error::from_raw_os_error(-completion.result);
        tracing::warn!(%err, "cannot accept");
    }
    if completion.goes_on {
        return;
    }
    worker.core.listens -= 1;
    if worker.core.is_draining {
        take_in_last(worker, at);
    } else {
        // Out of descriptors, it would fail at once and again: the next tick asks.
        worker.listen_soon(at);
    }
}

fn take_in(worker: &mut Worker, at: Place, socket: OwnedFd) {
    if let Some(connection) = greet(worker, at, socket) {
        worker.admit(connection);
    }
}

/// Takes in who has connected up to the end of listening. The kernel tells of a client to one
/// of those who listen on a socket: where that was us and we took no notice any more, nobody
/// else hears of it until the next connects.
fn take_in_last(worker: &mut Worker, at: Place) {
    let Some(entrance) = worker.core.entrances.get(at.index as usize) else { return };
    let listener = entrance.socket.as_raw_fd();
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    for _ in 0..MOST_LAST {
        match accept4(listener, flags) {
            Ok(socket) => take_in(worker, at, super::ring::owned(socket)),
            // It has gone again.
            Err(Errno::ECONNABORTED | Errno::EINTR) => {}
            // There is none, or nobody listens here any more.
            Err(_) => return,
        }
    }
}

fn greet(worker: &Worker, at: Place, socket: OwnedFd) -> Option<Connection> {
    let core = &worker.core;
    let counters = &core.shared.counters;
    let Some(place) = core.room.take() else {
        counters.connections_refused.one();
        return None;
    };
    let counted = counters.connection();
    let entrance = usize::try_from(at.index).ok()?;
    let tls = Arc::clone(&core.entrances.get(entrance)?.tls);
    let client = ClientPrefix::of(peer(&socket)?);
    let shaking = Shaking::new(tls, core.how.kernel_tls.is_some()).ok()?;
    Some(Connection::new(socket, entrance, client, shaking, (counted, place)))
}

/// Where a client comes from; `None` when it has gone again.
fn peer(socket: &OwnedFd) -> Option<IpAddr> {
    let address: SockaddrStorage = getpeername(socket.as_raw_fd()).ok()?;
    let v4 = address.as_sockaddr_in().map(|address| IpAddr::from(address.ip()));
    v4.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::from(address.ip())))
}
