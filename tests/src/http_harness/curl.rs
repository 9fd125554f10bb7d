//! Requests by curl: a client that nobody here wrote.

use super::table::{Row, Version};
use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// What came.
#[derive(Debug)]
pub struct Reply {
    /// The status; 0 when none came.
    pub status: u16,
    fields: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// One with nothing but a status.
    #[must_use]
    pub fn bare(status: u16) -> Self {
        Self { status, fields: Vec::new(), body: Vec::new() }
    }

    /// The values of a field, joined.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<String> {
        let named = self.fields.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let values: Vec<&str> = named.map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }
}

/// Sends one row's request.
///
/// # Errors
/// When curl cannot be run, or spoke another version than it was told to.
pub async fn send(
    row: &Row,
    version: Version,
    to: SocketAddr,
    etag: &str,
    ca_file: &Path,
) -> Result<Reply> {
    send_slowly(row, version, to, etag, ca_file, u64::MAX).await
}

/// The same, taking no more than so many bytes a second.
///
/// # Errors
/// As [`send`].
pub async fn send_slowly(
    row: &Row,
    version: Version,
    to: SocketAddr,
    etag: &str,
    ca_file: &Path,
    bytes_per_s: u64,
) -> Result<Reply> {
    let scratch = tempfile::tempdir()?;
    let (head, body) = (scratch.path().join("head"), scratch.path().join("body"));
    let mut command = command(row, version, to, etag, ca_file, [&head, &body]);
    if bytes_per_s != u64::MAX {
        command.args(["--limit-rate", &bytes_per_s.to_string()]);
    }
    let output = command.output().await?;
    let said = String::from_utf8(output.stdout)?;
    let (status, spoken) = said.split_once(' ').with_context(|| format!("curl said {said:?}"))?;
    let status: u16 = status.parse()?;
    let expected = match version {
        Version::Http10 | Version::Http11 => "1",
        Version::Http2 => "2",
    };
    anyhow::ensure!(status == 0 || spoken.starts_with(expected), "curl spoke HTTP/{spoken}");
    // Output of a HEAD is the head again.
    let body =
        if row.method == "HEAD" { Vec::new() } else { std::fs::read(body).unwrap_or_default() };
    Ok(Reply { status, fields: fields(&std::fs::read(head).unwrap_or_default()), body })
}

fn command(
    row: &Row,
    version: Version,
    to: SocketAddr,
    etag: &str,
    ca_file: &Path,
    [head, body]: [&PathBuf; 2],
) -> Command {
    let host = format!("{}.headend.test", row.host);
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--globoff", "--path-as-is", "--max-time", "20"])
        .args(["--noproxy", "*", "--user-agent", "table/1", "--header", "Accept:"])
        .arg(match version {
            Version::Http10 => "--http1.0",
            Version::Http11 => "--http1.1",
            Version::Http2 => "--http2",
        })
        .arg("--cacert")
        .arg(ca_file)
        .args(["--connect-to", &format!("{host}:443:{}:{}", literal(to), to.port())])
        .arg("--dump-header")
        .arg(head)
        .arg("--output")
        .arg(body)
        .args(["--write-out", "%{http_code} %{http_version}"])
        .args(["--request-target", &row.target]);
    for field in &row.fields {
        curl.args(["--header", &field.replace("$ETAG", etag)]);
    }
    match row.method.as_str() {
        "GET" => {}
        "HEAD" => {
            curl.arg("--head");
        }
        method => {
            curl.args(["--request", method]);
        }
    }
    curl.arg(format!("https://{host}/"));
    curl.kill_on_drop(true);
    curl
}

fn literal(to: SocketAddr) -> String {
    match to {
        SocketAddr::V4(to) => to.ip().to_string(),
        SocketAddr::V6(to) => format!("[{}]", to.ip()),
    }
}

fn fields(head: &[u8]) -> Vec<(String, String)> {
    let head = String::from_utf8_lossy(head);
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    lines.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()
}
