//! HTTP over TLS to one address, one answer at a time. Nobody who answers keeps the box waiting,
//! or sends more than was asked for.

use crate::clock_doubt;
use crate::fleet::Refusal;
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use std::net::SocketAddr;
use std::time::Duration;

/// An exchange that takes longer has failed: the next one begins anew.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(15);

/// A way to somebody.
pub(crate) struct Link {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    address: SocketAddr,
    tls_name: String,
}

impl Link {
    /// Connects with the first exchange.
    ///
    /// # Errors
    /// When the name is none.
    pub(crate) fn new(address: SocketAddr, tls_name: &str, tls: ClientConfig) -> Result<Self> {
        let name = ServerName::try_from(tls_name.to_owned()).context("not a host name")?;
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(Duration::from_secs(5)));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_only()
            .with_server_name_resolver(FixedServerNameResolver::new(name))
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(60))
            .build(connector);
        Ok(Self { client, address, tls_name: tls_name.to_owned() })
    }

    /// # Errors
    /// When nothing comes, or too much, or a [`Refusal`].
    pub(crate) async fn exchange(
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
            let response = self.client.request(request).await.map_err(explained)?;
            let status = response.status();
            let body = Limited::new(response.into_body(), max).collect().await;
            let body = body.map_err(anyhow::Error::from_boxed)?.to_bytes();
            if !status.is_success() {
                bail!(Refusal { status: status.as_u16(), text: reason(&body) });
            }
            Ok(body)
        };
        tokio::time::timeout(EXCHANGE_TIMEOUT, exchange)
            .await
            .with_context(|| format!("no answer within {} s", EXCHANGE_TIMEOUT.as_secs()))?
    }
}

/// Where the clock may be the reason, that is said first.
fn explained(err: hyper_util::client::legacy::Error) -> anyhow::Error {
    match clock_doubt::doubt(&err) {
        Some(doubt) => anyhow::Error::from(err).context(doubt),
        None => err.into(),
    }
}

/// What an answer says of why it is not the one that was hoped for (RFC 9457).
fn reason(body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Problem {
        detail: String,
    }
    match serde_json::from_slice(body) {
        Ok(Problem { detail }) => detail,
        Err(_) => String::from_utf8_lossy(body).trim().to_owned(),
    }
}
