//! Which disk it is, and that nobody else uses it.
//!
//! What a name leads to may be another disk in the next moment, or a file that is called so. Everything is asked of
//! what has been opened.

use crate::machine::{Block, block};
use anyhow::{Context, Result, bail, ensure};
use rustix::fs::{major, minor};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Seek, SeekFrom};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Of a device: fails where it, or a partition of it, is mounted or part of something else (open(2)). What is no
/// disk keeps nobody waiting.
const FLAGS: i32 = nix::libc::O_EXCL | nix::libc::O_NONBLOCK;

/// A disk that is ours alone.
pub(super) struct Claimed {
    pub(super) file: File,
    pub(super) bytes: u64,
    /// By what the kernel numbers it.
    pub(super) number: String,
}

/// Takes a disk, if it is the one that is meant.
pub(super) fn claim(disk: &Path, serial: &str) -> Result<Claimed> {
    let shown = disk.display();
    let mut file = match OpenOptions::new().read(true).write(true).custom_flags(FLAGS).open(disk) {
        Err(err) if err.kind() == ErrorKind::ResourceBusy => bail!(
            "{shown} is in use: have the box let go of it (`fleet disk eject`), and unmount it (`lsblk {shown}`)"
        ),
        open => open.with_context(|| format!("cannot open {shown}"))?,
    };
    let opened = file.metadata()?;
    let number = format!("{}:{}", major(opened.rdev()), minor(opened.rdev()));
    let found = opened.file_type().is_block_device().then(|| block(&number)).flatten();
    let Some(Block { part, others }) = found else {
        bail!(
            "{shown} is no disk of this machine that has a serial number: a whole one is erased, such as \
             /dev/nvme0n1; `appliance hardware` says which there are"
        );
    };
    let is = &part.serial;
    ensure!(
        is == serial,
        "the serial number of {shown} is {is}, and not {serial}: nothing is done"
    );
    ensure!(
        others.is_empty(),
        "{serial} is {} as well: what is written over is not all of it; leave it one namespace, and one way to it",
        others.join(" and ")
    );
    let bytes = file.seek(SeekFrom::End(0)).with_context(|| format!("cannot measure {shown}"))?;
    ensure!(
        bytes > 0 && part.capacity_bytes == Some(bytes),
        "{shown} has room for {bytes} bytes, and another size by what the kernel says of it: nothing is done"
    );
    Ok(Claimed { file, bytes, number })
}
