//! A file system in memory, which takes whatever is brought to it: shows what a box makes of what it
//! is given where its disk is not what it waits for.

use super::loop_disk::run;
use anyhow::Result;
use std::path::{Path, PathBuf};

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
        let (size, place) = (format!("size={bytes}"), folder.display().to_string());
        run("mount", &["-t", "tmpfs", "-o", &size, "headend-bench", &place])?;
        Ok(Self(folder.to_owned()))
    }
}

impl Drop for MemoryDisk {
    fn drop(&mut self) {
        if let Err(err) = run("umount", &[&self.0.display().to_string()]) {
            eprintln!("bench: {err:#}");
        }
    }
}
