//! A disk that fails when told to: a file system of ours (FUSE) over a folder, which hands
//! everything on. While it fails, the kernel answers each read of a file with EIO, as it
//! does for a disk that is dying; names, sizes and writes are as good as ever.
//!
//! The file system is a process of its own ([`daemon`], the binary `fuse_disk`): a process
//! that had both ends of it open could not even be killed, for the kernel would wait for the
//! dead one to answer.

pub mod daemon;
mod names;
mod passthrough;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use tempfile::TempDir;

/// What the file system is told: a line of its standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    Fail,
    Mend,
    Look,
}

/// What it has seen by then: a line of its standard output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Files that somebody has open.
    pub open_files: usize,
    /// Reads around the page cache that were answered.
    pub direct_reads: usize,
    /// Reads that were answered with EIO.
    pub failed_reads: usize,
}

/// The disk. Goes with its content.
pub struct FuseDisk {
    daemon: Child,
    /// Orders, until they end, and answers.
    lines: Mutex<(Option<ChildStdin>, BufReader<ChildStdout>)>,
    folder: TempDir,
    _behind: TempDir,
}

impl FuseDisk {
    /// Mounts one by its `program`, the binary `fuse_disk`; `None`, with a message, where the
    /// kernel has no FUSE, but not in CI.
    ///
    /// # Errors
    /// When there is FUSE and it cannot be mounted: root may, others need `fusermount3`; in CI
    /// when there is none.
    pub fn mount(program: &str) -> Result<Option<Self>> {
        if !Path::new("/dev/fuse").exists() {
            ensure!(std::env::var_os("CI").is_none(), "there is no /dev/fuse");
            eprintln!("skipped: without /dev/fuse there is no disk that fails when told to");
            return Ok(None);
        }
        let (folder, behind) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let mut daemon = Command::new(program)
            .args([folder.path(), behind.path()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let orders = daemon.stdin.take();
        let answers = BufReader::new(daemon.stdout.take().context("a pipe")?);
        let lines = Mutex::new((orders, answers));
        let disk = Self { daemon, lines, folder, _behind: behind };
        disk.look().context("FUSE cannot be mounted: be root, or install fuse3")?;
        Ok(Some(disk))
    }

    /// Where it is mounted.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// From now on every read fails.
    ///
    /// # Errors
    /// When the file system has ended.
    pub fn fail(&self) -> Result<()> {
        self.tell(Order::Fail).map(drop)
    }

    /// From now on everything can be read again.
    ///
    /// # Errors
    /// When the file system has ended.
    pub fn mend(&self) -> Result<()> {
        self.tell(Order::Mend).map(drop)
    }

    /// What it has seen so far.
    ///
    /// # Errors
    /// When the file system has ended.
    pub fn look(&self) -> Result<Seen> {
        self.tell(Order::Look)
    }

    /// Ends it.
    ///
    /// # Errors
    /// When somebody still uses it.
    pub fn unmount(mut self) -> Result<()> {
        let status = self.end()?;
        ensure!(status.success(), "somebody still uses the disk");
        Ok(())
    }

    fn tell(&self, order: Order) -> Result<Seen> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let (orders, answers) = &mut *lines;
        let orders = orders.as_mut().context("it was told to end")?;
        writeln!(orders, "{}", serde_json::to_string(&order)?)?;
        let mut answer = String::new();
        answers.read_line(&mut answer)?;
        serde_json::from_str(&answer).context("the file system has ended")
    }

    /// The end of its orders is that of the file system.
    fn end(&mut self) -> std::io::Result<ExitStatus> {
        let lines = self.lines.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(lines.0.take());
        self.daemon.wait()
    }
}

impl Drop for FuseDisk {
    fn drop(&mut self) {
        // Its folders go only when it has let go of them.
        let _ = self.end();
    }
}
