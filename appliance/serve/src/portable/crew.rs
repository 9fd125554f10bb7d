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
    waiting: Vec<Acceptor>,
    acceptors: JoinSet<()>,
}

impl Crew {
    /// Takes these sockets over. Nobody is accepted yet.
    ///
    /// # Errors
    /// When the runtime cannot take a socket over.
    pub(crate) fn prepare(
        entrances: Vec<(TcpListener, Entrance)>,
        room: &Arc<Room>,
    ) -> io::Result<Self> {
        let (drainer, drain) = drain::channel();
        let acceptor = |(socket, entrance)| {
            let socket = tokio::net::TcpListener::from_std(socket)?;
            let (room, drain) = (Arc::clone(room), drain.clone());
            Ok(Acceptor { socket, entrance, room, drain })
        };
        let waiting = entrances.into_iter().map(acceptor).collect::<io::Result<_>>()?;
        Ok(Self { drainer, waiting, acceptors: JoinSet::new() })
    }

    /// Begins to accept; `patience` is what a drain will have.
    pub(crate) fn begin(&mut self, patience: Duration) {
        for acceptor in self.waiting.drain(..) {
            self.acceptors.spawn(acceptor.run(patience));
        }
    }

    /// Nothing new is accepted; what is in flight is finished.
    pub(crate) fn drain(&self) {
        self.drainer.begin();
    }

    /// Waits until all have drained, or their patience has ended.
    pub(crate) async fn end(mut self) {
        while self.acceptors.join_next().await.is_some() {}
    }
}
