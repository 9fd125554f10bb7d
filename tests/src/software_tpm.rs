//! A TPM that is software: Debian's swtpm. What would be in the chip is in a folder; another folder is
//! another chip.

use crate::process::Daemon;
use anyhow::{Context, Result};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use tempfile::TempDir;

/// The chip.
pub struct SoftwareTpm {
    folder: TempDir,
    /// It has power.
    pub daemon: Option<Daemon>,
}

impl SoftwareTpm {
    /// Makes one, and switches it on.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start() -> Result<Self> {
        let mut tpm = Self { folder: tempfile::tempdir()?, daemon: None };
        tpm.on().await?;
        Ok(tpm)
    }

    /// Switches it on.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn on(&mut self) -> Result<()> {
        let (socket, folder) = (self.socket(), self.folder.path());
        let state = format!("dir={}", folder.display());
        let server = format!("type=unixio,path={}", socket.display());
        let args = ["socket", "--tpm2", "--flags=startup-clear", "--tpmstate", &state];
        let args = args.into_iter().chain(["--server", &server]);
        let mut daemon = Daemon::start("swtpm", "swtpm", args, &folder.join("log"))?;
        daemon.wait_until(async || UnixStream::connect(&socket).is_ok()).await?;
        self.daemon = Some(daemon);
        Ok(())
    }

    /// Takes it out of its machine.
    ///
    /// # Errors
    /// When it is out already.
    pub async fn off(&mut self) -> Result<()> {
        self.daemon.take().context("it is on")?.kill().await?;
        Ok(std::fs::remove_file(self.socket())?)
    }

    /// Where it takes commands, as an appliance is told.
    #[must_use]
    pub fn place(&self) -> String {
        format!("swtpm:{}", self.socket().display())
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }
}
