//! Asks other boxes for content, and has it where it belongs with one pass over it: what comes is
//! opened from the record into the slice. In bulk nothing else does; all other questions, and
//! everybody else, are asked through hyper ([`crate::fetch`]).

mod connection;
mod head;
mod idle;
mod stream;

use crate::fetch::{Patience, deepest};
use crate::pace::Pace;
use crate::upstream::{Body, Came, FetchFailed, Promise};
use bytes::Bytes;
use connection::Connection;
use http_body_util::Empty;
use hyper::{Request, Response};
use idle::Idle;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Whom to connect to, and whom to find there.
pub(crate) type Place = (SocketAddr, ServerName<'static>);

/// What a piece has room for where nobody says where it belongs.
const PIECE_BYTES: usize = 64 << 10;

/// Connections to other boxes.
pub(crate) struct Boxes {
    tls: Arc<ClientConfig>,
    patience: Patience,
    idle: Arc<Idle>,
}

impl Boxes {
    /// `tls` shows our identity and believes the fleet's authorities alone.
    pub(crate) fn new(mut tls: ClientConfig, patience: Patience) -> Self {
        tls.enable_secret_extraction = true;
        Self { tls: Arc::new(tls), patience, idle: Arc::default() }
    }

    /// The same with connections of its own: they live on the runtime on which they were made.
    pub(crate) fn apart(&self) -> Self {
        Self { tls: Arc::clone(&self.tls), patience: self.patience, idle: Arc::default() }
    }

    /// Asks, and waits for the head of the answer.
    pub(crate) async fn ask(
        &self,
        place: Place,
        request: &Request<Empty<Bytes>>,
    ) -> Result<Response<Box<dyn Body>>, FetchFailed> {
        let (request, wait) = (head::encode(request), self.patience.connect + self.patience.stall);
        let asked = timeout(wait, self.answer(&place, &request)).await;
        let (connection, answer) = asked.map_err(|_| FetchFailed::Stalled(wait.as_secs()))??;
        let (stall, idle) = (self.patience.stall, Arc::clone(&self.idle));
        let body =
            BoxBody { connection: Some(connection), place, stall, pace: Pace::default(), idle };
        Ok(answer.map(|()| Box::new(body) as Box<dyn Body>))
    }

    /// One that was used before may have been closed meanwhile: then another is made.
    async fn answer(
        &self,
        place: &Place,
        request: &[u8],
    ) -> Result<(Connection, Response<()>), FetchFailed> {
        if let Some(mut used) = self.idle.take(place)
            && let Ok(answer) = used.ask(request).await
        {
            return Ok((used, answer));
        }
        let (address, name) = place;
        let connecting = Connection::open(Arc::clone(&self.tls), *address, name.clone());
        let connected = timeout(self.patience.connect, connecting).await;
        let mut fresh = connected
            .map_err(|_| FetchFailed::Connection("no handshake in time".to_owned()))?
            .map_err(|err| failed(&err))?;
        let answer = fresh.ask(request).await.map_err(|err| failed(&err))?;
        Ok((fresh, answer))
    }
}

fn failed(err: &std::io::Error) -> FetchFailed {
    FetchFailed::Connection(deepest(err))
}

/// The content of an answer; the connection is of use again once all of it has come.
struct BoxBody {
    connection: Option<Connection>,
    place: Place,
    stall: Duration,
    pace: Pace,
    idle: Arc<Idle>,
}

impl BoxBody {
    async fn read(&mut self, room: &mut [u8]) -> Result<Option<usize>, FetchFailed> {
        let Some(mut connection) = self.connection.take() else { return Ok(None) };
        let began = Instant::now();
        let read = timeout(self.stall, connection.read(room)).await;
        let read = read.map_err(|_| FetchFailed::Stalled(self.stall.as_secs()))?;
        let count = read.map_err(|err| failed(&err))?;
        if connection.left() == 0 {
            self.idle.put(&self.place, connection);
        } else {
            self.connection = Some(connection);
        }
        if count == 0 {
            return Ok(None);
        }
        self.pace.came(count, began.elapsed())?;
        Ok(Some(count))
    }
}

impl Body for BoxBody {
    fn next(&mut self) -> Promise<'_, Result<Option<Bytes>, FetchFailed>> {
        Box::pin(async {
            let mut piece = vec![0; PIECE_BYTES];
            let count = self.read(&mut piece).await?;
            Ok(count.map(|count| {
                piece.truncate(count);
                piece.into()
            }))
        })
    }

    fn next_into<'a>(
        &'a mut self,
        room: &'a mut [u8],
    ) -> Promise<'a, Result<Option<Came>, FetchFailed>> {
        Box::pin(async { Ok(self.read(room).await?.map(Came::InPlace)) })
    }
}

#[cfg(test)]
mod tests;
