//! Asks the running appliance something, at its admin listener.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use contract::config::ApplianceConfig;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;
use tokio::net::UnixStream;

const MAX_ANSWER_BYTES: usize = 16 << 20;

const PATIENCE: Duration = Duration::from_secs(5);

/// Gets a path, over a connection of its own.
pub(crate) async fn ask(config: &ApplianceConfig, path: &str) -> Result<Bytes> {
    let socket = config.admin_socket();
    let answer = tokio::time::timeout(PATIENCE, exchange(&socket, path)).await;
    answer.with_context(|| format!("{} does not answer", socket.display()))?
}

async fn exchange(socket: &Path, path: &str) -> Result<Bytes> {
    let stream = UnixStream::connect(socket).await.map_err(|err| {
        let help = match err.kind() {
            ErrorKind::PermissionDenied => "only root and the owner of the appliance are answered",
            _ => "is the appliance running?",
        };
        anyhow::anyhow!("nothing answers at {}: {err}: {help}", socket.display())
    })?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends with the sender.
    tokio::spawn(connection);
    let request = Request::get(path).header("Host", "appliance").body(Empty::<Bytes>::new())?;
    let answer = sender.send_request(request).await.context("the appliance has hung up")?;
    if !answer.status().is_success() {
        bail!("{} answered {}", socket.display(), answer.status());
    }
    let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await;
    Ok(body.map_err(anyhow::Error::from_boxed)?.to_bytes())
}
