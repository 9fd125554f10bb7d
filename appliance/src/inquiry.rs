//! Asks the running appliance something, at its admin listener.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use contract::config::ApplianceConfig;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use std::time::Duration;

const MAX_ANSWER_BYTES: usize = 16 << 20;

/// Gets a path, over a connection of its own.
pub(crate) async fn ask(config: &ApplianceConfig, path: &str) -> Result<Bytes> {
    let address = config.admin.address;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::get(format!("http://{address}{path}")).body(Empty::<Bytes>::new())?;
    let answer = tokio::time::timeout(Duration::from_secs(5), client.request(request)).await;
    let answer = answer
        .with_context(|| format!("{address} does not answer"))?
        .with_context(|| format!("nothing answers at {address}: is the appliance running?"))?;
    if !answer.status().is_success() {
        bail!("{address} answered {}", answer.status());
    }
    let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await;
    Ok(body.map_err(anyhow::Error::from_boxed)?.to_bytes())
}
