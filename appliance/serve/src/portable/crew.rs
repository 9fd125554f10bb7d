//! All listeners of this engine, until the server drains.

use super::connection::Entrance;
use super::drain::{self, Drainer};
use super::listener::Acceptor;
use crate::room::Room;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// The tasks that accept and serve.
pub(crate) struct Crew {
    drainer: Drainer,
    acceptors: JoinSet<()>,
}

impl Crew {
    /// Begins to accept on each of these sockets; `patience` is what a drain will have.
    ///
    /// # Errors
    /// When the runtime cannot take a socket over.
    pub(crate) fn start(
        entrances: Vec<(TcpListener, Entrance)>,
        room: &Arc<Room>,
        patience: Duration,
    ) -> io::Result<Self> {
        let (drainer, drain) = drain::channel();
        let mut acceptors = JoinSet::new();
        for (socket, entrance) in entrances {
            let socket = tokio::net::TcpListener::from_std(socket)?;
            let (room, drain) = (Arc::clone(room), drain.clone());
            acceptors.spawn(Acceptor { socket, entrance, room, drain }.run(patience));
        }
        Ok(Self { drainer, acceptors })
    }

    /// Accepts nothing more and waits for what is in flight.
    pub(crate) async fn drain(mut self) {
        self.drainer.begin();
        while self.acceptors.join_next().await.is_some() {}
    }
}
