//! The way of a signed request: over the connections that all origins are asked on.

use super::refusal;
use async_trait::async_trait;
use bytes::Bytes;
use contract::sources::Source;
use fill::FetchFailed;
use fill::fetch::{Fetcher, deepest};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Incoming;
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What a store may say about why it refuses. They say a few hundred octets.
const MAX_REFUSAL_BYTES: usize = 16 << 10;

/// For how long it may say it.
const REFUSAL_PATIENCE: Duration = Duration::from_secs(5);

/// To one store.
#[derive(Clone)]
pub(super) struct Wire {
    pub(super) fetcher: Arc<Fetcher>,
    pub(super) source: Source,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wire to {}", self.source.address)
    }
}

impl HttpConnector for Wire {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Wire {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let request = without_body(request).map_err(failed)?;
        let response = self.fetcher.send(&self.source, request).await.map_err(failed)?;
        let status = response.status();
        if !status.is_success() {
            return Err(failed(refusal::read(status, &said(response).await)));
        }
        let broken = |err: hyper::Error| failed(FetchFailed::Connection(deepest(&err)));
        Ok(response.map(|body| HttpResponseBody::new(body.map_err(broken))))
    }
}

/// Objects are read here and nothing else. The store is asked for under the name that the
/// signature is for, wherever it is.
fn without_body(request: HttpRequest) -> Result<Request<Empty<Bytes>>, FetchFailed> {
    let (mut parts, body) = request.into_parts();
    let unusable = |what: &str| FetchFailed::Unusable(what.to_owned());
    if !body.is_empty() {
        return Err(unusable("a request with content"));
    }
    let host = parts.uri.authority().ok_or_else(|| unusable("a request to nobody"))?;
    let host = HeaderValue::from_str(host.as_str()).map_err(|_| unusable("its host is none"))?;
    parts.headers.insert(HOST, host);
    Ok(Request::from_parts(parts, Empty::new()))
}

/// What a store says of why it refuses; nothing, when that cannot be read.
async fn said(response: Response<Incoming>) -> Vec<u8> {
    let body = Limited::new(response.into_body(), MAX_REFUSAL_BYTES).collect();
    match tokio::time::timeout(REFUSAL_PATIENCE, body).await {
        Ok(Ok(body)) => body.to_bytes().into(),
        Ok(Err(_)) | Err(_) => Vec::new(),
    }
}

/// A kind that is never tried again in here: `fill` knows when to.
fn failed(failed: FetchFailed) -> HttpError {
    HttpError::new(HttpErrorKind::Unknown, failed)
}
