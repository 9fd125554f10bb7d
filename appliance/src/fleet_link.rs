//! The connection to the fleet's control listener: mTLS, always begun by the box.

use crate::fleet::{Fleet, Refusal};
use crate::pem;
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use contract::catalogue::SegmentRef;
use contract::config::ApplianceConfig;
use contract::exchange::{
    Answer, LATE_PATH, MAX_ANSWER_BYTES, MAX_SLICES_BYTES, REPORT_PATH, SEGMENT_PATH, SLICES_PATH,
};
use contract::late::{LateAnswer, LateReports};
use contract::object::Digest;
use contract::report::Report;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls_pki_types::ServerName;
use std::net::SocketAddr;
use std::time::Duration;

/// An exchange that takes longer has failed: the next one begins anew.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(15);

/// The answer to late reports is a number, or a complaint.
const MAX_LATE_ANSWER_BYTES: usize = 64 << 10;

/// Speaks to the fleet.
pub(crate) struct FleetLink {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    address: SocketAddr,
    tls_name: String,
}

impl FleetLink {
    /// `None` for a box without a fleet.
    pub(crate) fn new(config: &ApplianceConfig) -> Result<Option<Self>> {
        let Some(fleet) = &config.fleet else { return Ok(None) };
        let name = ServerName::try_from(fleet.tls_name.clone()).context("fleet.tls_name")?;
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(Duration::from_secs(5)));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(pem::box_tls(&config.identity)?)
            .https_only()
            .with_server_name_resolver(FixedServerNameResolver::new(name))
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(60))
            .build(connector);
        Ok(Some(Self { client, address: fleet.address, tls_name: fleet.tls_name.clone() }))
    }

    /// Fetches the hashes of an object's slices; the caller proves them.
    pub(crate) async fn slice_hashes(&self, blake3: &Digest) -> Result<Bytes> {
        let path = format!("{SLICES_PATH}/{blake3}");
        self.exchange(Method::GET, &path, Vec::new(), MAX_SLICES_BYTES).await
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
        max: usize,
    ) -> Result<Bytes> {
        let request = Request::builder()
            .method(method)
            .uri(format!("https://{}{path}", self.address))
            .header(HOST, &self.tls_name)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(body))?;
        let exchange = async {
            let response = self.client.request(request).await?;
            let status = response.status();
            let body = Limited::new(response.into_body(), max).collect().await;
            let body = body.map_err(anyhow::Error::from_boxed)?.to_bytes();
            if !status.is_success() {
                let text = String::from_utf8_lossy(&body).trim().to_owned();
                bail!(Refusal { status: status.as_u16(), text });
            }
            Ok(body)
        };
        tokio::time::timeout(EXCHANGE_TIMEOUT, exchange)
            .await
            .with_context(|| format!("no answer within {} s", EXCHANGE_TIMEOUT.as_secs()))?
    }
}

impl Fleet for FleetLink {
    async fn report(&self, report: &Report) -> Result<Answer> {
        let body = serde_json::to_vec(report)?;
        let bytes = self.exchange(Method::POST, REPORT_PATH, body, MAX_ANSWER_BYTES).await?;
        serde_json::from_slice(&bytes).context("the fleet's answer cannot be read")
    }

    async fn late_reports(&self, late: &LateReports) -> Result<LateAnswer> {
        let body = serde_json::to_vec(late)?;
        let bytes = self.exchange(Method::POST, LATE_PATH, body, MAX_LATE_ANSWER_BYTES).await?;
        serde_json::from_slice(&bytes).context("the fleet's answer cannot be read")
    }

    async fn segment(&self, segment: &SegmentRef) -> Result<Bytes> {
        let path = format!("{SEGMENT_PATH}/{}", segment.digest);
        self.exchange(Method::GET, &path, Vec::new(), crate::holding::MAX_SEGMENT_BYTES).await
    }
}
