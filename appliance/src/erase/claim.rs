//! Which disk it is, and that nobody else uses it.

use crate::machine::{disk_called, names_of_disk};
use anyhow::{Context, Result, bail, ensure};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Of a device: fails where it, or a partition of it, is mounted or part of something else (open(2)).
const EXCLUSIVE: i32 = nix::libc::O_EXCL;

/// A disk that is ours alone.
pub(super) struct Claimed {
    pub(super) file: File,
    pub(super) bytes: u64,
}

/// Takes a disk, if it is the one that is meant.
pub(super) fn claim(disk: &Path, serial: &str) -> Result<Claimed> {
    let shown = disk.display();
    let place = disk.canonicalize().with_context(|| format!("{shown}: no such disk"))?;
    let name = place.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let Some(part) = disk_called(name) else {
        bail!(
            "{shown} is no disk of this machine that has a serial number: a whole one is erased, such as /dev/nvme0n1; \
             `appliance hardware` says which there are"
        );
    };
    let is = &part.serial;
    ensure!(
        is == serial,
        "the serial number of {shown} is {is}, and not {serial}: nothing is done"
    );
    let others: Vec<String> = names_of_disk(serial).into_iter().filter(|it| it != name).collect();
    ensure!(
        others.is_empty(),
        "{serial} is {} as well: what is written over is not all of it; leave it one namespace, and one way to it",
        others.join(" and ")
    );
    let open = OpenOptions::new().read(true).write(true).custom_flags(EXCLUSIVE).open(&place);
    let mut file = match open {
        Err(err) if err.kind() == ErrorKind::ResourceBusy => bail!(
            "{shown} is in use: have the box let go of it (`fleet disk eject`), and unmount it (`lsblk {shown}`)"
        ),
        open => open.with_context(|| format!("cannot open {shown}"))?,
    };
    let bytes = file.seek(SeekFrom::End(0)).with_context(|| format!("cannot measure {shown}"))?;
    ensure!(bytes > 0, "{shown} says that it has no room at all");
    Ok(Claimed { file, bytes })
}
