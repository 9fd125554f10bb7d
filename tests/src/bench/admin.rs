//! What an appliance says of itself on its admin listener.

use anyhow::{Context, Result};
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// An admin listener that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(5);

/// The sum of a metric's samples.
///
/// # Errors
/// When it does not answer, or has no such metric.
pub async fn metric(admin: &Path, name: &str) -> Result<f64> {
    let text = get(admin, "/metrics").await?;
    let samples = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        rest.starts_with([' ', '{']).then(|| rest.rsplit_once(' '))?
    });
    let values: Vec<f64> = samples.filter_map(|(_, value)| value.parse().ok()).collect();
    anyhow::ensure!(!values.is_empty(), "no metric {name}");
    Ok(values.iter().sum())
}

/// Whether it takes viewers: everything on its disks has been found again.
pub async fn is_ready(admin: &Path) -> bool {
    get(admin, "/readyz").await.is_ok()
}

async fn get(admin: &Path, path: &str) -> Result<String> {
    let answer = async {
        let mut stream = UnixStream::connect(admin).await?;
        let request = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = tokio::time::timeout(PATIENCE, answer).await.context("no answer")??;
    let (head, body) = answer.split_once("\r\n\r\n").context("no head")?;
    anyhow::ensure!(head.split(' ').nth(1) == Some("200"), "{path}: {head}");
    Ok(body.to_owned())
}
