//! Disks: files of the lab behind loop devices, which a machine sees under names of its own.
//!
//! A device lets go of its file by itself when nobody has it open any more (LO_FLAGS_AUTOCLEAR):
//! neither we nor the machine. So nothing stays behind, however we end.

use crate::process::output;
use anyhow::{Context, Result};
use std::fs::File;
use std::path::{Path, PathBuf};

/// A disk of a machine.
#[derive(Debug)]
pub(super) struct Disk {
    /// As the machine calls it: `/dev/NAME`.
    name: String,
    device: PathBuf,
    /// Held open until the machine is gone.
    _open: File,
}

impl Disk {
    /// Makes one, empty, in a file of this folder that takes room only as it is written to.
    pub(super) async fn make(folder: &Path, name: &str, mib: u64) -> Result<Self> {
        let path = folder.join(format!("{name}.disk"));
        File::create(&path)?.set_len(mib << 20)?;
        let find = ["--find".as_ref(), "--show".as_ref(), path.as_os_str()];
        let device = output("losetup", find).await.context("no loop device is to be had")?;
        let device = PathBuf::from(device.trim());
        let open = File::open(&device).with_context(|| device.display().to_string());
        // From now on it goes with whoever has it open last.
        output("losetup", ["--detach".as_ref(), device.as_os_str()]).await?;
        Ok(Self { name: name.to_owned(), device, _open: open? })
    }

    /// How systemd-nspawn is told of it.
    pub(super) fn arg(&self) -> String {
        format!("--bind={}:/dev/{}", self.device.display(), self.name)
    }
}
