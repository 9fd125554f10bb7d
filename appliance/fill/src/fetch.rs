//! One request to one source.
//!
//! Where to connect and whom to expect there are apart: a client per source connects to
//! its address and checks the certificate for its name. Boxes show one another who they are; an
//! origin is checked against the public roots of the system, and is shown it where it asks.

use crate::boxes::{Boxes, Place};
use crate::pace::Pace;
use crate::read_ahead::AheadReader;
use crate::upstream::{Body, FetchFailed, Manner, Promise, Question, Upstream};
use bytes::Bytes;
use contract::catalogue::CatalogueEntry;
use contract::exchange::{AWAITED, TRUE, peer_path};
use contract::slices::SliceHashes;
use contract::sources::{Source, SourceKind};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, HOST, HeaderValue, IF_MATCH, RANGE, USER_AGENT};
use hyper::{Request, Response, StatusCode};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::ServerName;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

pub(crate) type HttpsClient = Client<HttpsConnector<AheadReader<HttpConnector>>, Empty<Bytes>>;

/// The longest piece: it is copied and hashed while it is in the processor's own memory.
const PIECE_BYTES: usize = 256 << 10;

/// How long to wait for a source.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// To connect and shake hands.
    pub connect: Duration,
    /// Between two pieces of an answer.
    pub stall: Duration,
}

/// How a box speaks TLS, to whom.
#[derive(Debug, Clone)]
pub struct Tls {
    /// To other boxes: shows who it is, believes the fleet's authorities alone.
    pub boxes: rustls::ClientConfig,
    /// To origins; `None` where this system believes nobody.
    pub origins: Option<rustls::ClientConfig>,
}

/// Asks sources for objects. Keeps connections alive between requests.
pub struct Fetcher {
    /// What an origin's log shows of us: which box asked.
    pub(crate) user_agent: String,
    patience: Patience,
    tls: Tls,
    knowledge: Arc<dyn SliceKnowledge>,
    clients: Mutex<HashMap<(String, bool), HttpsClient>>,
    /// For content of boxes.
    bulk: Boxes,
}

impl std::fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetcher").field("patience", &self.patience).finish_non_exhaustive()
    }
}

/// Knows the hashes of slices: the fleet, in an appliance.
pub trait SliceKnowledge: Send + Sync {
    /// The hashes of an object's slices; `None` when nobody can be asked.
    fn slice_hashes<'a>(&'a self, entry: &'a CatalogueEntry) -> Promise<'a, Option<SliceHashes>>;
}

/// An answer over HTTP.
struct HttpBody {
    incoming: Incoming,
    stall: Duration,
    pace: Pace,
}

impl HttpBody {
    async fn piece(&mut self) -> Result<Option<Bytes>, FetchFailed> {
        let began = Instant::now();
        loop {
            let frame = tokio::time::timeout(self.stall, self.incoming.frame())
                .await
                .map_err(|_| FetchFailed::Stalled(self.stall.as_secs()))?;
            match frame {
                None => return Ok(None),
                Some(Err(err)) => return Err(FetchFailed::Connection(deepest(&err))),
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        self.pace.came(bytes.len(), began.elapsed())?;
                        return Ok(Some(bytes));
                    }
                }
            }
        }
    }
}

impl Body for HttpBody {
    fn next(&mut self) -> Promise<'_, Result<Option<Bytes>, FetchFailed>> {
        Box::pin(self.piece())
    }
}

impl Upstream for Fetcher {
    fn get<'a>(
        &'a self,
        question: Question<'a>,
    ) -> Promise<'a, Result<Box<dyn Body>, FetchFailed>> {
        Box::pin(self.ask(question))
    }

    fn slice_hashes<'a>(&'a self, entry: &'a CatalogueEntry) -> Promise<'a, Option<SliceHashes>> {
        self.knowledge.slice_hashes(entry)
    }
}

impl Fetcher {
    /// `device` is this box's name.
    #[must_use]
    pub fn new(
        device: &str,
        patience: Patience,
        tls: Tls,
        knowledge: Arc<dyn SliceKnowledge>,
    ) -> Self {
        let user_agent = format!("headend-appliance/{} ({device})", env!("CARGO_PKG_VERSION"));
        let bulk = Boxes::new(tls.boxes.clone(), patience);
        Self { user_agent, patience, tls, knowledge, clients: Mutex::default(), bulk }
    }

    /// The same with connections of its own: they live on the runtime on which they were made.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self {
            user_agent: self.user_agent.clone(),
            patience: self.patience,
            tls: self.tls.clone(),
            knowledge: Arc::clone(&self.knowledge),
            clients: Mutex::default(),
            bulk: self.bulk.apart(),
        }
    }

    async fn ask(&self, question: Question<'_>) -> Result<Box<dyn Body>, FetchFailed> {
        let (source, request) = (question.source, request(&question)?);
        let response = match source.kind {
            SourceKind::Origin => {
                self.send(source, request).await?.map(|incoming| self.body(incoming))
            }
            _ => self.bulk.ask(place_of(source)?, &self.signed(request)?).await?,
        };
        check(&response, question.entry.size_bytes, &question.range)?;
        Ok(response.into_body())
    }

    /// Sends a request to a source, whatever it is for, and waits for the head of the answer. Its
    /// URI is the path; where to connect and how, the source says.
    ///
    /// # Errors
    /// When the source cannot be reached, or does not answer in time.
    pub async fn send(
        &self,
        source: &Source,
        mut request: Request<Empty<Bytes>>,
    ) -> Result<Response<Incoming>, FetchFailed> {
        let client = self.client(source)?;
        let scheme = if source.tls_name.is_some() { "https" } else { "http" };
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let unusable = |err: String| FetchFailed::Unusable(err);
        *request.uri_mut() = format!("{scheme}://{}{path}", source.address)
            .parse()
            .map_err(|err| unusable(format!("{err}")))?;
        let request = self.signed(request)?;
        let wait = self.patience.connect + self.patience.stall;
        tokio::time::timeout(wait, client.request(request))
            .await
            .map_err(|_| FetchFailed::Stalled(wait.as_secs()))?
            .map_err(|err| FetchFailed::Connection(deepest(&err)))
    }

    /// Says who asks.
    fn signed<B>(&self, mut request: Request<B>) -> Result<Request<B>, FetchFailed> {
        let user_agent = HeaderValue::from_str(&self.user_agent)
            .map_err(|err| FetchFailed::Unusable(err.to_string()))?;
        request.headers_mut().insert(USER_AGENT, user_agent);
        Ok(request)
    }

    pub(crate) fn body(&self, incoming: Incoming) -> Box<dyn Body> {
        Box::new(HttpBody { incoming, stall: self.patience.stall, pace: Pace::default() })
    }

    fn client(&self, source: &Source) -> Result<HttpsClient, FetchFailed> {
        let is_box = source.kind != SourceKind::Origin;
        let key =
            (format!("{}/{}", source.address, source.tls_name.as_deref().unwrap_or("")), is_box);
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        let client = self.connect_to(source, is_box)?;
        clients.insert(key, client.clone());
        Ok(client)
    }

    fn connect_to(&self, source: &Source, is_box: bool) -> Result<HttpsClient, FetchFailed> {
        let unusable = |what: &str| FetchFailed::Unusable(what.to_owned());
        if is_box && source.tls_name.is_none() {
            return Err(nameless());
        }
        let tls = match &self.tls.origins {
            _ if is_box => self.tls.boxes.clone(),
            Some(origins) => origins.clone(),
            // Over HTTP nobody is to be believed, and none of this is used.
            None if source.tls_name.is_none() => believe_nobody(),
            None => return Err(unusable("this system has no root certificates")),
        };
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(self.patience.connect));
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
        let connector = match source.tls_name.clone() {
            Some(name) => {
                let name = server_name(name)?;
                builder
                    .with_server_name_resolver(FixedServerNameResolver::new(name))
                    .enable_http1()
                    .wrap_connector(AheadReader(tcp))
            }
            None => builder.enable_http1().wrap_connector(AheadReader(tcp)),
        };
        Ok(Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(20))
            .http1_max_buf_size(PIECE_BYTES)
            .build(connector))
    }
}

/// A box that is asked for content: it is always asked over TLS.
fn place_of(source: &Source) -> Result<Place, FetchFailed> {
    let name = source.tls_name.clone().ok_or_else(nameless)?;
    Ok((source.address, server_name(name)?))
}

fn nameless() -> FetchFailed {
    FetchFailed::Unusable("a box without a TLS name".to_owned())
}

fn server_name(name: String) -> Result<ServerName<'static>, FetchFailed> {
    let no_name = |_| FetchFailed::Unusable("its TLS name is no host name".to_owned());
    ServerName::try_from(name).map_err(no_name)
}

fn believe_nobody() -> rustls::ClientConfig {
    let roots = rustls::RootCertStore::empty();
    rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()
}

/// The innermost reason of an error: «connection refused», not «client error (Connect)».
#[must_use]
pub fn deepest(err: &dyn std::error::Error) -> String {
    let mut at = err;
    while let Some(source) = at.source() {
        at = source;
    }
    at.to_string()
}

fn request(question: &Question<'_>) -> Result<Request<Empty<Bytes>>, FetchFailed> {
    let Question { source, entry, range, .. } = question;
    let (path, host) = match &source.origin {
        Some(origin) => (format!("{}{}", origin.prefix, entry.path), origin.host.clone()),
        None => (peer_path(&entry.key()), source.tls_name.clone().unwrap_or_default()),
    };
    let mut request = Request::get(path).header(HOST, host);
    if source.origin.is_none() {
        request = match question.manner {
            Manner::Plain => request,
            Manner::OnlyIfCached => request.header(CACHE_CONTROL, "only-if-cached"),
            Manner::Awaited => request.header(AWAITED, TRUE),
        };
        // A sibling may still hold another version under the same path.
        request = request.header(IF_MATCH, format!("\"{}\"", entry.blake3.short()));
    }
    if !is_all(range, entry.size_bytes) {
        request = request.header(RANGE, format!("bytes={}-{}", range.start, range.end - 1));
    }
    request.body(Empty::new()).map_err(|err| FetchFailed::Unusable(err.to_string()))
}

/// Without a `Range`: an empty object has none, and a server may ignore it.
#[must_use]
pub fn is_all(range: &Range<u64>, size_bytes: u64) -> bool {
    *range == (0..size_bytes)
}

/// Is this the answer to what was asked?
fn check<B>(
    response: &Response<B>,
    size_bytes: u64,
    range: &Range<u64>,
) -> Result<(), FetchFailed> {
    let text = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let length =
        |offered: &str| FetchFailed::Length { offered: offered.to_owned(), expected: size_bytes };
    match response.status() {
        StatusCode::NOT_FOUND if is_coming(text("cache-status")) => Err(FetchFailed::Coming),
        StatusCode::NOT_FOUND | StatusCode::GONE => Err(FetchFailed::NotThere),
        // A gateway that was asked for what it has cached, and has not (RFC 9111 §5.2.1.7).
        StatusCode::PRECONDITION_FAILED | StatusCode::GATEWAY_TIMEOUT => Err(FetchFailed::NotThere),
        status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            Err(FetchFailed::Denied(status.to_string()))
        }
        StatusCode::OK if !is_all(range, size_bytes) => Err(FetchFailed::IgnoresRange),
        StatusCode::OK => match text("content-length") {
            Some(offered) if offered != size_bytes.to_string() => Err(length(offered)),
            _ => Ok(()),
        },
        StatusCode::PARTIAL_CONTENT => {
            let last = range.end.saturating_sub(1);
            let expected = format!("bytes {}-{last}/{size_bytes}", range.start);
            match text("content-range") {
                Some(offered) if offered.eq_ignore_ascii_case(&expected) => Ok(()),
                offered => Err(length(offered.unwrap_or("no Content-Range"))),
            }
        }
        status => Err(FetchFailed::Status(status.as_u16())),
    }
}

/// Whether a sibling says that it wants the object itself (RFC 9211).
fn is_coming(cache_status: Option<&str>) -> bool {
    let parameters = cache_status.into_iter().flat_map(|line| line.split(';').skip(1));
    parameters.into_iter().any(|parameter| parameter.trim() == "detail=wanted")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)]) -> Response<()> {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        response.body(()).expect("response")
    }

    struct Nobody;

    impl SliceKnowledge for Nobody {
        fn slice_hashes<'a>(&'a self, _: &'a CatalogueEntry) -> Promise<'a, Option<SliceHashes>> {
            Box::pin(async { None })
        }
    }

    #[test]
    fn a_system_without_root_certificates_still_asks_over_http() {
        let patience = Patience { connect: Duration::ZERO, stall: Duration::ZERO };
        let tls = Tls { boxes: believe_nobody(), origins: None };
        let fetcher = Fetcher::new("oca1.site-a", patience, tls, Arc::new(Nobody));
        let source = |tls_name: Option<&str>| Source {
            kind: SourceKind::Origin,
            address: ([127, 0, 0, 1], 80).into(),
            tls_name: tls_name.map(str::to_owned),
            origin: None,
            after_s: 0,
            cap_bytes_per_s: None,
        };
        assert!(fetcher.client(&source(None)).is_ok());
        let refused = fetcher.client(&source(Some("origin.test"))).expect_err("no roots");
        assert!(matches!(refused, FetchFailed::Unusable(_)), "{refused}");
    }

    #[test]
    fn only_the_answer_to_the_question_is_taken() {
        let (all, part) = (0..10, 4..8);
        assert_eq!(check(&answer(200, &[("content-length", "10")]), 10, &all), Ok(()));
        assert_eq!(check(&answer(200, &[]), 10, &all), Ok(()));
        assert_eq!(check(&answer(206, &[("content-range", "bytes 4-7/10")]), 10, &part), Ok(()));
        assert_eq!(check(&answer(200, &[]), 10, &part), Err(FetchFailed::IgnoresRange));
        assert_eq!(check(&answer(404, &[]), 10, &all), Err(FetchFailed::NotThere));
        assert_eq!(check(&answer(412, &[]), 10, &all), Err(FetchFailed::NotThere));
        assert_eq!(check(&answer(504, &[]), 10, &all), Err(FetchFailed::NotThere));
        assert_eq!(check(&answer(410, &[]), 10, &all), Err(FetchFailed::NotThere));
        let denied = FetchFailed::Denied("403 Forbidden".to_owned());
        assert_eq!(check(&answer(403, &[]), 10, &all), Err(denied));
        let wanted = ("cache-status", "\"oca1.a\"; detail=wanted");
        assert_eq!(check(&answer(404, &[wanted]), 10, &all), Err(FetchFailed::Coming));
        let unknown = ("cache-status", "\"oca1.a\"; detail=unknown");
        assert_eq!(check(&answer(404, &[unknown]), 10, &all), Err(FetchFailed::NotThere));
        assert_eq!(check(&answer(503, &[]), 10, &all), Err(FetchFailed::Status(503)));
        for (range, headers) in [
            (&all, ("content-length", "11")),
            (&part, ("content-range", "bytes 3-7/10")),
            (&part, ("content-range", "bytes 4-9/10")),
            (&part, ("content-range", "bytes 4-7/11")),
            (&part, ("content-length", "4")),
        ] {
            let status = if *range == all { 200 } else { 206 };
            let refused = check(&answer(status, &[headers]), 10, range);
            assert!(matches!(refused, Err(FetchFailed::Length { .. })), "{headers:?}");
        }
    }
}
