//! How the authority is asked: HTTPS, with bounds to time and size.

use crate::settings::Settings;
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::timeout;

/// An authority answers within seconds, or has trouble.
const PATIENCE: Duration = Duration::from_secs(30);

/// The longest answer is a chain, for which boxes take no more than an eighth of this.
const MAX_ANSWER_BYTES: usize = 256 << 10;

/// Longer than this nobody is left alone, whatever he says: a day is as long as any limit that
/// authorities count by, but for the week.
const LONGEST_RETRY_S: u64 = 7 * 86_400;

type Https = Client<HttpsConnector<HttpConnector>, BodyWrapper<Bytes>>;

/// Asks the authority.
#[derive(Clone)]
pub(crate) struct Wire {
    client: Https,
    retry_after_s: Arc<AtomicU64>,
}

impl Wire {
    /// # Errors
    /// When the certificates to believe cannot be read.
    pub(crate) fn new(settings: &Settings) -> std::io::Result<Self> {
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(std::io::Error::other)?;
        let connector = HttpsConnectorBuilder::new();
        let connector = match &settings.ca_file {
            Some(file) => {
                let roots = roots(&std::fs::read(file)?)?;
                let config = config.with_root_certificates(roots).with_no_client_auth();
                connector.with_tls_config(config)
            }
            None => connector.with_provider_and_native_roots(default_provider())?,
        };
        let connector = connector.https_only().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, retry_after_s: Arc::default() })
    }

    /// When the authority wants to be asked again, as it has said when it last refused.
    pub(crate) fn take_retry_after(&self) -> Option<Duration> {
        let said_s = self.retry_after_s.swap(0, Ordering::Relaxed);
        (said_s > 0).then(|| Duration::from_secs(said_s))
    }
}

impl HttpClient for Wire {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let wire = self.clone();
        Box::pin(async move {
            let slow = |_| other(format!("no answer within {} s", PATIENCE.as_secs()));
            let response = timeout(PATIENCE, exchange(&wire.client, request)).await;
            let response = response.map_err(slow)??;
            if is_refused(response.status()) {
                wire.retry_after_s.store(retry_after_s(&response).unwrap_or(0), Ordering::Relaxed);
            }
            Ok(BytesResponse::from(response))
        })
    }
}

async fn exchange(
    client: &Https,
    request: Request<BodyWrapper<Bytes>>,
) -> Result<Response<Full<Bytes>>, Error> {
    let (head, body) = client.request(request).await.map_err(other)?.into_parts();
    let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await.map_err(Error::Other)?;
    let body = body.to_bytes();
    // The library reads whatever is refused as a problem in JSON; a proxy in between gives none.
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_ok();
    if (head.status.is_client_error() || head.status.is_server_error()) && !is_json {
        return Err(other(format!("it answers {}", head.status)));
    }
    Ok(Response::from_parts(head, Full::new(body)))
}

fn other(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Other(why.into())
}

fn is_refused(status: StatusCode) -> bool {
    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
}

/// In seconds, as all who limit rates say it; dates are not read.
fn retry_after_s<B>(response: &Response<B>) -> Option<u64> {
    let said = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    Some(said.trim().parse::<u64>().ok()?.min(LONGEST_RETRY_S))
}

fn roots(pem: &[u8]) -> std::io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for each in CertificateDer::pem_slice_iter(pem) {
        let each = each.map_err(std::io::Error::other)?;
        roots.add(each).map_err(std::io::Error::other)?;
    }
    if roots.is_empty() {
        return Err(std::io::Error::other("it holds no certificate"));
    }
    Ok(roots)
}
