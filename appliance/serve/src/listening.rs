//! Listening sockets beside the engines that accept from them: so that a process can leave
//! them to the next, queued connections included, and otherwise closes them all at once.

use crate::tickets::{TicketSecrets, Tickets};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex, PoisonError};

/// The sockets of one address.
#[derive(Debug)]
pub struct Door {
    /// What the configuration says: with port 0, not where it is.
    pub asked: SocketAddr,
    /// In the order in which the kernel counts them.
    pub sockets: Vec<TcpListener>,
}

impl Door {
    /// Where it is.
    fn address(&self) -> Option<SocketAddr> {
        self.sockets.first()?.local_addr().ok()
    }
}

/// What another process has left to this one.
#[derive(Debug, Default)]
pub struct Inherited {
    /// Where it listens.
    pub doors: Vec<Door>,
    /// What its viewers' tickets are sealed with.
    pub tickets: TicketSecrets,
}

impl Inherited {
    /// The sockets that listen where the configuration wants to, if there are any.
    #[must_use]
    pub fn take(&mut self, wanted: SocketAddr) -> Vec<TcpListener> {
        let is_it = |door: &Door| door.asked == wanted || door.address() == Some(wanted);
        let found = self.doors.iter().position(is_it);
        found.map(|at| self.doors.remove(at).sockets).unwrap_or_default()
    }

    /// Where all of them are.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.doors.iter().filter_map(Door::address).collect()
    }
}

/// The doors of a server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Listening {
    doors: Arc<Mutex<Vec<Door>>>,
    tickets: Arc<Tickets>,
}

impl Listening {
    /// Of a server that seals these tickets.
    pub(crate) fn new(tickets: Arc<Tickets>) -> Self {
        Self { doors: Arc::default(), tickets }
    }

    /// Remembers a door, by duplicates of its sockets.
    pub(crate) fn add(&self, asked: SocketAddr, sockets: &[TcpListener]) -> std::io::Result<()> {
        let sockets = sockets.iter().map(TcpListener::try_clone).collect::<Result<_, _>>()?;
        self.with(|doors| doors.push(Door { asked, sockets }));
        Ok(())
    }

    fn with<T>(&self, what: impl FnOnce(&mut Vec<Door>) -> T) -> T {
        what(&mut self.doors.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Duplicates of everything, for another process. Nothing changes here.
    ///
    /// # Errors
    /// When there are no descriptors left.
    pub fn duplicate(&self) -> std::io::Result<Inherited> {
        let duplicate = |door: &Door| {
            let sockets = door.sockets.iter().map(TcpListener::try_clone);
            Ok(Door { asked: door.asked, sockets: sockets.collect::<Result<_, _>>()? })
        };
        let doors: std::io::Result<_> = self.with(|doors| doors.iter().map(duplicate).collect());
        Ok(Inherited { doors: doors?, tickets: self.tickets.secrets() })
    }

    /// Another process accepts at these addresses: they stay open when this one ends.
    pub fn passed_on(&self, kept: &[SocketAddr]) {
        let is_kept = |door: &Door| door.address().is_some_and(|at| kept.contains(&at));
        self.with(|doors| doors.retain(|door| !is_kept(door)));
    }

    /// Ends listening at every address that was not passed on, whoever else has a descriptor
    /// of it.
    pub(crate) fn end(&self) {
        for socket in self.with(std::mem::take).iter().flat_map(|door| &door.sockets) {
            // Fails only for a socket that does not listen any more.
            let _ =
                nix::sys::socket::shutdown(socket.as_raw_fd(), nix::sys::socket::Shutdown::Both);
        }
    }
}
