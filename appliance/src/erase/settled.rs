//! The kernel and udev know what was on a disk, until they look again.

use crate::machine::block;
use anyhow::{Result, bail};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// udev has many devices to look at when a machine has just been started.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(200);

/// Has partitions read again, and waits until nobody takes anything to be on it.
pub(super) fn until_seen(disk: &Path, number: &str) -> Result<()> {
    let begun = Instant::now();
    // udev does it as well where it runs; of what has no partitions it changes nothing.
    let mut reread = Command::new("blockdev");
    let _ = reread.arg("--rereadpt").arg(disk).stderr(Stdio::null()).status();
    while block(number).is_none_or(|it| it.part.is_in_use) {
        if begun.elapsed() > PATIENCE {
            bail!(
                "{} is written over and read back as zeros, but this system goes on to say that something is on \
                 it: look with lsblk and `udevadm info`; it does not count as empty",
                disk.display()
            );
        }
        sleep(LOOK);
    }
    Ok(())
}
