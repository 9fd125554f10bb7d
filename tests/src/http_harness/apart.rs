//! A server in a process of its own: what it has open and in memory is nobody else's.

use super::client::Client;
use super::world::{sockets_at, wait_for};
use crate::process::{Daemon, output};
use anyhow::{Context, Result};
use contract::config::EngineChoice;
use nix::sys::signal::Signal;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What a server in another process leaves in its folder for whoever started it.
pub trait Note: Serialize + DeserializeOwned {
    /// The file.
    const FILE: &str;

    /// Leaves it in `folder`, all at once.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn leave(&self, folder: &Path) -> Result<()> {
        let draft = folder.join("draft");
        std::fs::write(&draft, serde_json::to_vec(self)?)?;
        Ok(std::fs::rename(draft, folder.join(Self::FILE))?)
    }
}

/// What a client must know of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Whereabouts {
    /// Where players connect.
    pub players: SocketAddr,
    /// Whom they believe.
    pub ca_file: PathBuf,
}

impl Note for Whereabouts {
    const FILE: &str = "whereabouts.json";
}

/// What it has asked its allocator for.
#[derive(Debug, Serialize, Deserialize)]
pub struct Memory {
    /// How often, since it began.
    pub asked: u64,
    /// What of it was not given back.
    pub in_use_bytes: u64,
}

impl Note for Memory {
    const FILE: &str = "memory.json";
}

/// Waits for a note, and takes it.
async fn take<N: Note>(daemon: &mut Daemon, folder: &Path) -> Result<N> {
    let file = folder.join(N::FILE);
    daemon.wait_until(async || file.exists()).await?;
    let note = serde_json::from_slice(&std::fs::read(&file)?)?;
    std::fs::remove_file(file)?;
    Ok(note)
}

/// The server.
pub struct Apart {
    daemon: Daemon,
    at: Whereabouts,
    folder: TempDir,
}

impl Apart {
    /// Starts one from its `program`, the binary `world`, under limits as `prlimit` takes them.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(program: &str, engine: EngineChoice, limits: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let engine = serde_json::to_value(engine)?;
        let engine = engine.as_str().context("an engine has a name")?;
        let path = folder.path().to_str().context("a path in UTF-8")?;
        let args = limits.iter().copied().chain(["--", program, engine, path]);
        // What it makes goes with `folder`, even when it is killed.
        let home = format!("TMPDIR={path}");
        let args = [home.as_str(), "prlimit"].into_iter().chain(args);
        let log = folder.path().join("log");
        let mut daemon = Daemon::start("world", "env", args, &log)?;
        let at = take(&mut daemon, folder.path()).await?;
        let server = Self { daemon, at, folder };
        server.begun().await?;
        Ok(server)
    }

    /// Waits until every thread has what it needs: so many clients were answered that each
    /// of a few threads has met one.
    async fn begun(&self) -> Result<()> {
        for _ in 0..20 {
            self.client()?.connect(self.players()).await.context("nobody answers")?;
        }
        let port = self.players().port();
        wait_for("clients stay", || sockets_at(port).is_ok_and(|count| count == 0)).await
    }

    /// Says how it ended, if it has.
    ///
    /// # Errors
    /// When it has ended.
    pub fn check(&mut self) -> Result<()> {
        self.daemon.check()
    }

    /// Where players connect.
    #[must_use]
    pub fn players(&self) -> SocketAddr {
        self.at.players
    }

    /// Whom they believe.
    #[must_use]
    pub fn ca_file(&self) -> &Path {
        &self.at.ca_file
    }

    /// A client of it.
    ///
    /// # Errors
    /// When the CA cannot be read.
    pub fn client(&self) -> Result<Client> {
        Client::believing(&self.at.ca_file)
    }

    /// Descriptors that it has open.
    ///
    /// # Errors
    /// When it has ended.
    pub fn descriptors(&self) -> Result<usize> {
        Ok(std::fs::read_dir(format!("/proc/{}/fd", self.daemon.pid()?))?.count())
    }

    /// What it has asked for of memory until now.
    ///
    /// # Errors
    /// When it has ended.
    pub async fn memory(&mut self) -> Result<Memory> {
        self.daemon.signal(Signal::SIGUSR1)?;
        take(&mut self.daemon, self.folder.path()).await
    }

    fn status(&self, name: &str) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.daemon.pid()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).context("not said")?;
        Ok(kib.trim().parse::<u64>()? << 10)
    }

    /// Lets it have so many bytes of memory more than now, and not one more: beyond that the
    /// kernel refuses, and the process ends.
    ///
    /// # Errors
    /// When it has ended.
    pub async fn limit_memory(&self, more: u64) -> Result<()> {
        let limit = self.status("VmData:")? + more;
        let pid = self.daemon.pid()?.to_string();
        let data = format!("--data={limit}:{limit}");
        output("prlimit", ["--pid", pid.as_str(), data.as_str()]).await.map(drop)
    }

    /// Waits until it has exactly so many descriptors open.
    ///
    /// # Errors
    /// When that takes more than ten seconds.
    pub async fn has_open(&self, count: usize) -> Result<()> {
        let waited = wait_for("descriptors", || self.descriptors().is_ok_and(|n| n == count)).await;
        waited.with_context(|| format!("{:?} are open, not {count}", self.descriptors()))
    }
}
