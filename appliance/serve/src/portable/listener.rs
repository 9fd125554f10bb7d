//! Accepts connections on one address, within the limit, until the server drains.

use super::connection::Entrance;
use super::drain::Drain;
use crate::room::Room;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Without descriptors or memory, accept fails at once and again: a pause lets
/// connections end, which is what must happen.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);

/// One listening address.
pub(super) struct Acceptor {
    pub(super) socket: TcpListener,
    pub(super) entrance: Entrance,
    /// How many more connections there may be, over all addresses.
    pub(super) room: Arc<Room>,
    pub(super) drain: Drain,
}

impl Acceptor {
    /// Accepts until the drain begins, then waits for what is in flight; after `patience`
    /// it is ended.
    pub(super) async fn run(self, patience: Duration) {
        let mut connections = JoinSet::new();
        self.accept_all(&mut connections).await;
        // Nobody queues behind a server that is leaving.
        drop(self.socket);
        let all_ended = async { while connections.join_next().await.is_some() {} };
        if timeout(patience, all_ended).await.is_err() {
            tracing::info!(left = connections.len(), "connections outlasted the drain");
            connections.shutdown().await;
        }
    }

    async fn accept_all(&self, connections: &mut JoinSet<()>) {
        let mut drain = self.drain.clone();
        loop {
            tokio::select! {
                biased;
                () = drain.begun() => return,
                Some(ended) = connections.join_next() => {
                    if let Err(err) = ended {
                        tracing::error!(%err, "serving a connection panicked");
                    }
                }
                accepted = self.socket.accept() => match accepted {
                    Ok((socket, client)) => self.admit(socket, client, connections),
                    Err(err) => self.pause_after(&err).await,
                },
            }
        }
    }

    fn admit(&self, socket: TcpStream, client: SocketAddr, connections: &mut JoinSet<()>) {
        let counters = &self.entrance.shared.counters;
        let Some(place) = self.room.take() else {
            counters.connections_refused.one();
            return;
        };
        let open = counters.connection();
        let (entrance, drain) = (self.entrance.clone(), self.drain.clone());
        connections.spawn(async move {
            let _held = (place, open);
            entrance.serve(socket, client, drain).await;
        });
    }

    async fn pause_after(&self, err: &io::Error) {
        match err.raw_os_error().map(nix::errno::Errno::from_raw) {
            // The client left between its SYN and our accept.
            Some(nix::errno::Errno::ECONNABORTED | nix::errno::Errno::EINTR) => {}
            _ => {
                tracing::warn!(%err, "cannot accept");
                sleep(EXHAUSTED_PAUSE).await;
            }
        }
    }
}
