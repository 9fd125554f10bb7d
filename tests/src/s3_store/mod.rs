//! A store with buckets: a real S3 server that checks signatures, with a log that says what it was
//! asked for. It is a process of its own ([`server`], the binary `s3_server`), so that it can be
//! killed.

pub mod server;

use crate::process::{Daemon, is_listening};
use anyhow::{Context, Result};
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The key that is let in.
pub const KEY_ID: &str = "HEADENDTEST";
/// Its secret.
pub const SECRET: &str = "made/up+for/tests+and/nothing/else";

/// A store over folders: one for each bucket.
pub struct S3Store {
    folder: TempDir,
    /// Where it listens.
    pub address: SocketAddr,
    program: PathBuf,
    tls: Option<[PathBuf; 2]>,
    /// The server, while it runs.
    pub server: Option<Daemon>,
}

/// What the server does beside answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Nothing.
    Good,
    /// It gives so many bytes of content in all, and then no more, and does not say so.
    StallsAfter(u64),
    /// It answers everything with 503 `SlowDown`.
    Busy,
}

/// One request that a store has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The status of its answer.
    pub status: u16,
    /// For whom: the `Host` field.
    pub host: String,
    /// The path.
    pub path: String,
    /// The part that was asked for; none for all of it.
    pub range: Option<RangeInclusive<u64>>,
}

impl S3Store {
    /// A store that does not run yet, over nothing. `program` is the binary `s3_server`; with TLS
    /// it shows a certificate (chain and key, in PEM).
    ///
    /// # Errors
    /// When there is no port or no folder.
    pub fn new(program: &str, tls: Option<[PathBuf; 2]>) -> Result<Self> {
        let address = (Ipv4Addr::LOCALHOST, ports::free()?).into();
        let (folder, program) = (tempfile::tempdir()?, program.into());
        Ok(Self { folder, address, program, tls, server: None })
    }

    /// Puts an object into a bucket.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&self, bucket: &str, key: &str, content: &[u8]) -> Result<()> {
        let file = self.folder.path().join("buckets").join(bucket).join(key);
        std::fs::create_dir_all(file.parent().context("a folder")?)?;
        Ok(std::fs::write(file, content)?)
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("requests")
    }

    /// Starts the server (again).
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start(&mut self, manner: Manner) -> Result<()> {
        let buckets = self.folder.path().join("buckets");
        let mut args = vec![format!("--listen={}", self.address)];
        args.push(format!("--root={}", buckets.display()));
        args.push(format!("--log={}", self.log().display()));
        args.extend([format!("--key-id={KEY_ID}"), format!("--secret={SECRET}")]);
        match manner {
            Manner::Good => {}
            Manner::StallsAfter(bytes) => args.push(format!("--stall-after-bytes={bytes}")),
            Manner::Busy => args.push("--busy".to_owned()),
        }
        if let Some([chain, key]) = &self.tls {
            args.push(format!("--chain={}", chain.display()));
            args.push(format!("--key={}", key.display()));
        }
        let said = self.folder.path().join("said");
        let mut server = Daemon::start("the store", &self.program, args, &said)?;
        let address = self.address;
        server.wait_until(async || is_listening(address).await).await?;
        self.server = Some(server);
        Ok(())
    }

    /// SIGKILL.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn kill(&mut self) -> Result<()> {
        self.server.take().context("it runs")?.kill().await
    }

    /// What it was asked for, in order.
    ///
    /// # Errors
    /// When its log cannot be read.
    pub fn asked(&self) -> Result<Vec<Asked>> {
        asked(&self.log())
    }
}

fn asked(log: &Path) -> Result<Vec<Asked>> {
    // Nobody has asked yet.
    if !log.exists() {
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(log)?;
    text.lines().map(|line| read(line).with_context(|| format!("a request: {line}"))).collect()
}

/// `206 127.0.0.1:9000 /media/a.mp4 bytes=0-1048575`
fn read(line: &str) -> Option<Asked> {
    let words: Vec<&str> = line.split(' ').collect();
    let [status, host, path, range] = words[..] else { return None };
    let range = match range {
        "-" => None,
        range => {
            let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
            Some(first.parse().ok()?..=last.parse().ok()?)
        }
    };
    let (host, path) = (host.to_owned(), path.to_owned());
    Some(Asked { status: status.parse().ok()?, host, path, range })
}
