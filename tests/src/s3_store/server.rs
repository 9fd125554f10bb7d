//! The server: `s3s` over a file system, its requests logged, its faults ordered.

use anyhow::{Context, Result, anyhow};
use bytes::Bytes;
use clap::Parser;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{HOST, RANGE};
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use s3s::auth::SimpleAuth;
use s3s::host::MultiDomain;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A store for tests. Knows one key.
#[derive(Debug, Parser)]
struct Options {
    #[arg(long)]
    listen: SocketAddr,
    /// The buckets are folders in it.
    #[arg(long)]
    root: PathBuf,
    /// A line for each request.
    #[arg(long)]
    log: PathBuf,
    #[arg(long)]
    key_id: String,
    #[arg(long)]
    secret: String,
    /// Give so much content, and then wait for ever.
    #[arg(long)]
    stall_after_bytes: Option<u64>,
    /// Answer everything with 503.
    #[arg(long)]
    busy: bool,
    #[arg(long, requires = "key")]
    chain: Option<PathBuf>,
    #[arg(long)]
    key: Option<PathBuf>,
}

/// Serves until it is killed.
///
/// # Errors
/// When it cannot begin.
#[tokio::main]
pub async fn run() -> Result<()> {
    let options = Options::parse();
    let tls = match (&options.chain, &options.key) {
        (Some(chain), Some(key)) => Some(acceptor(chain, key)?),
        _ => None,
    };
    let store = Store::open(&options)?;
    let listener = TcpListener::bind(options.listen).await?;
    loop {
        let (socket, _) = listener.accept().await?;
        let (store, tls) = (store.clone(), tls.clone());
        tokio::spawn(async move {
            // Whoever goes away ends its own connection only.
            match tls {
                Some(tls) => drop(serve(tls.accept(socket).await?, store).await),
                None => drop(serve(socket, store).await),
            }
            anyhow::Ok(())
        });
    }
}

async fn serve(
    socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    store: Store,
) -> hyper::Result<()> {
    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), store).await
}

fn acceptor(chain: &Path, key: &Path) -> Result<TlsAcceptor> {
    let chain = CertificateDer::pem_file_iter(chain)?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(key)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[derive(Clone)]
struct Store {
    s3: S3Service,
    log: Arc<Mutex<File>>,
    /// What may still be given.
    left: Arc<AtomicU64>,
    is_busy: bool,
}

impl Store {
    fn open(options: &Options) -> Result<Self> {
        let files = FileSystem::new(&options.root).map_err(|err| anyhow!("{err:?}"))?;
        let mut s3 = S3ServiceBuilder::new(files);
        s3.set_auth(SimpleAuth::from_single(&*options.key_id, &*options.secret));
        // What goes before these names is a bucket.
        let domain = format!("localhost:{}", options.listen.port());
        s3.set_host(MultiDomain::new([domain]).map_err(|err| anyhow!("{err:?}"))?);
        let log = File::options().create(true).append(true).open(&options.log)?;
        Ok(Self {
            s3: s3.build(),
            log: Arc::new(Mutex::new(log)),
            left: Arc::new(AtomicU64::new(options.stall_after_bytes.unwrap_or(u64::MAX))),
            is_busy: options.busy,
        })
    }

    fn note(&self, line: &str) -> Result<()> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.write_all(line.as_bytes()).context("the log")
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Response<Content>> {
        let field = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let (host, range) = (field(HOST).unwrap_or("-"), field(RANGE).unwrap_or("-"));
        let asked = format!("{host} {} {range}", request.uri().path());
        let answer = match self.is_busy {
            true => slow_down()?,
            false => self
                .s3
                .call(request.map(s3s::Body::from))
                .await
                .map_err(|err| anyhow!("{err:?}"))?,
        };
        self.note(&format!("{} {asked}\n", answer.status().as_u16()))?;
        Ok(answer.map(|body| Content { body, left: self.left }))
    }
}

impl Service<Request<Incoming>> for Store {
    type Response = Response<Content>;
    type Error = anyhow::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        Box::pin(self.clone().answer(request))
    }
}

fn slow_down() -> Result<Response<s3s::Body>> {
    let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
    Ok(Response::builder()
        .status(503)
        .body(s3s::Body::from(Bytes::from_static(text.as_bytes())))?)
}

/// An answer's content, as far as it may be given.
struct Content {
    body: s3s::Body,
    left: Arc<AtomicU64>,
}

impl Body for Content {
    type Data = Bytes;
    type Error = anyhow::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.left.load(Ordering::Relaxed) == 0 {
            return Poll::Pending;
        }
        let frame = ready!(Pin::new(&mut this.body).poll_frame(context));
        let frame = frame.transpose().map_err(|err| anyhow!("{err}"))?;
        let given = frame.as_ref().and_then(Frame::data_ref).map_or(0, |data| data.len() as u64);
        let take = |left: u64| Some(left.saturating_sub(given));
        let _ = this.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        Body::size_hint(&self.body)
    }
}
