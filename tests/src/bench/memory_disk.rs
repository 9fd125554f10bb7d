//! A file system in memory, which takes whatever is brought to it: shows what a box makes of what it
//! is given where its disk is not what it waits for.

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted tmpfs. It goes with this.
#[derive(Debug)]
pub struct MemoryDisk(PathBuf);

impl MemoryDisk {
    /// Mounts one with room for so much. Only root can.
    ///
    /// # Errors
    /// When it cannot be mounted.
    pub fn new(folder: &Path, bytes: u64) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let size = format!("size={bytes}");
        let mounting = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "headend-bench"])
            .arg(folder)
            .output()
            .context("mount")?;
        let said = String::from_utf8_lossy(&mounting.stderr);
        ensure!(mounting.status.success(), "{}", said.trim());
        Ok(Self(folder.to_owned()))
    }
}

impl Drop for MemoryDisk {
    fn drop(&mut self) {
        let ended = Command::new("umount").arg(&self.0).status();
        if !ended.is_ok_and(|status| status.success()) {
            eprintln!("bench: {}: it stays mounted", self.0.display());
        }
    }
}
