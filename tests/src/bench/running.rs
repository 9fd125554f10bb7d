//! A server under load: one process on the server's core.

use super::core::Cores;
use crate::process::{Daemon, is_listening};
use anyhow::Result;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// A running server. Ends with this.
pub struct Running {
    /// What the table calls it.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
    daemon: Daemon,
}

impl Running {
    /// Starts a server that listens on this port of 127.0.0.1, and waits until it does. Its
    /// log is in `folder`.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start(name: &str, args: Vec<String>, port: u16, folder: &Path) -> Result<Self> {
        Self::start_on(Cores::Server, name, args, port, folder, Duration::from_secs(30)).await
    }

    /// The same on other cores, and with more time.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start_on(
        cores: Cores,
        name: &str,
        args: Vec<String>,
        port: u16,
        folder: &Path,
        time: Duration,
    ) -> Result<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let spare = ["chrt", "--idle", "0"].map(str::to_owned);
        let spare = (cores == Cores::Spare).then_some(spare).into_iter().flatten();
        let args = ["-c".to_owned(), cores.list()].into_iter().chain(spare).chain(args);
        let mut daemon = Daemon::start(name, "taskset", args, &folder.join("log"))?;
        daemon.wait_for(time, async || is_listening(address).await).await?;
        Ok(Self { name: name.to_owned(), address, daemon })
    }

    /// Waits until something is so.
    ///
    /// # Errors
    /// When it ends first, or it is not so in time.
    pub async fn wait_for(
        &mut self,
        time: Duration,
        is_so: impl AsyncFnMut() -> bool,
    ) -> Result<()> {
        self.daemon.wait_for(time, is_so).await
    }

    /// Ends it, and waits for its end.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub async fn end(mut self) -> Result<()> {
        self.daemon.kill().await
    }

    /// The process.
    ///
    /// # Errors
    /// When it has ended.
    pub fn pid(&self) -> Result<u32> {
        self.daemon.pid()
    }
}
