//! Connections: accepted, shaken hands with where TLS is spoken, served, drained at the end.

use super::FrontTls;
use super::leftover::taken;
use super::lingering::{Lingering, Unread};
use crate::api::Problem;
use crate::control::ControlTls;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use contract::names::DeviceName;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use rustls::pki_types::CertificateDer;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A fifth of the descriptors a process may have; boxes and players come back.
const MAX_CONNECTIONS: usize = 4000;

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// What the first record of a connection is.
const TLS_HANDSHAKE: [u8; 1] = [0x16];

const SPEAK_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\
    Content-Length: 41\r\nConnection: close\r\n\r\nThis is HTTPS: begin with https:// here.\n";

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
    /// TLS towards people and players, who show a token, or nothing.
    Front(Arc<FrontTls>),
    /// TLS in which the client shows who it is.
    Mutual(Arc<ControlTls>),
    /// TLS in which the fleet shows who it is, and the client nothing.
    Shown(Arc<ControlTls>),
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
        Acceptor::Front(tls) => {
            let Some(stream) = unless_plain(stream).await else { return };
            let tls = Ok(tls.acceptor());
            if let Some(stream) = shake(stream, address, tls).await {
                requests(stream, router, watcher).await;
            }
        }
        Acceptor::Mutual(tls) => {
            let Some(stream) = shake(stream, address, tls.mutual(SystemTime::now())).await else {
                return;
            };
            let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
            let chain: Vec<_> = chain.iter().map(|it| it.clone().into_owned()).collect();
            let device: Option<DeviceName> = chain.first().and_then(|der| ca::device_of(der));
            let Some(device) = device else {
                return tracing::warn!(%address, "a certificate of ours that names no box");
            };
            let still = Arc::new(Shown { tls, chain, address });
            let router = router.layer(axum::Extension(device));
            requests(stream, router.layer(from_fn_with_state(still, if_still)), watcher).await;
        }
        Acceptor::Shown(tls) => {
            if let Some(stream) = shake(stream, address, tls.shown(SystemTime::now())).await {
                requests(stream, router, watcher).await;
            }
        }
    }
}

/// What a box has shown at the beginning of its connection.
struct Shown {
    tls: Arc<ControlTls>,
    chain: Vec<CertificateDer<'static>>,
    address: SocketAddr,
}

/// Who was let in and would not be any more is heard no further.
async fn if_still(State(shown): State<Arc<Shown>>, request: Request, next: Next) -> Response {
    if shown.tls.lets_in(&shown.chain, SystemTime::now()) {
        return next.run(request).await;
    }
    tracing::warn!(address = %shown.address, "a box is not let in any more");
    let problem = Problem::new(403, "your certificate is not believed any more");
    ([(http::header::CONNECTION, "close")], problem).into_response()
}

/// Whoever begins with anything but a TLS handshake is told so, in plain HTTP.
async fn unless_plain(mut stream: TcpStream) -> Option<TcpStream> {
    let mut first = [0];
    let peeked = tokio::time::timeout(HANDSHAKE_TIMEOUT, stream.peek(&mut first)).await;
    match peeked {
        Ok(Ok(1)) if first == TLS_HANDSHAKE => Some(stream),
        Ok(Ok(1)) => {
            let _ = tokio::time::timeout(HANDSHAKE_TIMEOUT, async {
                // What is left unread would end the connection before the answer has arrived.
                let _ = stream.read(&mut [0; 4096]).await?;
                stream.write_all(SPEAK_TLS).await
            })
            .await;
            None
        }
        _ => None,
    }
}

/// The handshake; `None` when there is nothing more to be done.
async fn shake(
    stream: TcpStream,
    address: SocketAddr,
    acceptor: anyhow::Result<TlsAcceptor>,
) -> Option<TlsStream<TcpStream>> {
    let acceptor = match acceptor {
        Ok(acceptor) => acceptor,
        Err(err) => {
            tracing::warn!(%address, "nobody is let in: {err:#}");
            return None;
        }
    };
    match tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => return Some(stream),
        Ok(Err(err)) => tracing::debug!(%address, %err, "handshake failed"),
        Err(_) => tracing::debug!(%address, "handshake took too long"),
    }
    None
}

async fn requests<S>(stream: S, router: Router, watcher: hyper_util::server::graceful::Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let unread = Unread::default();
    let router = router.layer(from_fn_with_state(unread.clone(), taken));
    let stream = TokioIo::new(Lingering::new(stream, unread));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(stream, TowerToHyperService::new(router));
    if let Err(err) = watcher.watch(connection).await {
        tracing::debug!(%err, "a connection ended badly");
    }
}
