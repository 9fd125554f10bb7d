//! Connections: accepted, shaken hands with where TLS is spoken, served, drained at the end.

use crate::control::ControlTls;
use axum::Router;
use contract::names::DeviceName;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// A fifth of the descriptors a process may have; boxes and players come back.
const MAX_CONNECTIONS: usize = 4000;

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// From the first byte of a request to the end of its header, and between requests.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// Requests under way at the end get this long.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// After `accept` fails (no descriptor left), so that a full machine is not spun on.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The other end of the TCP connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientAddress(pub(crate) SocketAddr);

/// How a connection becomes a stream of requests.
#[derive(Clone)]
pub(crate) enum Acceptor {
    /// Plain HTTP.
    Plain,
    /// TLS in which the client shows who it is.
    Mutual(Arc<ControlTls>),
}

/// Serves a listener until `stop` changes, then waits for what is under way.
pub(crate) async fn serve(
    listener: TcpListener,
    acceptor: Acceptor,
    router: Router,
    mut stop: watch::Receiver<bool>,
) {
    let graceful = Arc::new(GracefulShutdown::new());
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &slots) => accepted,
            _ = stop.changed() => break,
        };
        let (stream, address, slot) = accepted;
        let (acceptor, router) = (acceptor.clone(), router.clone());
        let watcher = graceful.watcher();
        tokio::spawn(async move {
            let _slot = slot;
            connection(stream, address, acceptor, router, watcher).await;
        });
    }
    drop(listener);
    if let Some(graceful) = Arc::into_inner(graceful) {
        // Whoever has not finished by then is cut off.
        let _ = tokio::time::timeout(DRAIN_TIMEOUT, graceful.shutdown()).await;
    }
}

type Slot = tokio::sync::OwnedSemaphorePermit;

async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> (TcpStream, SocketAddr, Slot) {
    loop {
        let Ok(slot) = Arc::clone(slots).acquire_owned().await else {
            std::future::pending::<()>().await;
            continue;
        };
        match listener.accept().await {
            Ok((stream, address)) => return (stream, address, slot),
            Err(err) => {
                tracing::warn!(%err, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    address: SocketAddr,
    acceptor: Acceptor,
    router: Router,
    watcher: hyper_util::server::graceful::Watcher,
) {
    let _ = stream.set_nodelay(true);
    let router = router.layer(axum::Extension(ClientAddress(address)));
    match acceptor {
        Acceptor::Plain => requests(stream, router, watcher).await,
        Acceptor::Mutual(tls) => {
            let accept = tls.acceptor(SystemTime::now()).accept(stream);
            let handshake = tokio::time::timeout(HANDSHAKE_TIMEOUT, accept).await;
            let stream = match handshake {
                Ok(Ok(stream)) => stream,
                Ok(Err(err)) => return tracing::debug!(%address, %err, "handshake failed"),
                Err(_) => return tracing::debug!(%address, "handshake took too long"),
            };
            let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
            let device: Option<DeviceName> = certificate.and_then(|der| ca::device_of(der));
            let Some(device) = device else {
                return tracing::warn!(%address, "a certificate of ours that names no box");
            };
            requests(stream, router.layer(axum::Extension(device)), watcher).await;
        }
    }
}

async fn requests<S>(stream: S, router: Router, watcher: hyper_util::server::graceful::Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    if let Err(err) = watcher.watch(connection).await {
        tracing::debug!(%err, "a connection ended badly");
    }
}
