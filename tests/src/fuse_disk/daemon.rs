//! The file system's own process: mounts, obeys, and ends with its orders. So it never
//! outlives whoever gives them.

use super::passthrough::Passthrough;
use super::{Order, Seen};
use anyhow::{Context, Result};
use fuser::{Config, MountOption};
use nix::mount::{MntFlags, umount2};
use std::io::{Write, stdin, stdout};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What the file system is told, and what it has seen.
#[derive(Debug, Default)]
pub(super) struct Health {
    pub(super) fails: AtomicBool,
    pub(super) open_files: AtomicUsize,
    pub(super) direct_reads: AtomicUsize,
    pub(super) failed_reads: AtomicUsize,
}

/// Mounts what is in `behind` on `folder`, and obeys until there are no more orders.
///
/// # Errors
/// When it cannot be mounted, or is used to the last.
pub fn run(folder: &Path, behind: &Path) -> Result<()> {
    let health = Arc::<Health>::default();
    let files = Passthrough::over(behind, Arc::clone(&health));
    let mut config = Config::default();
    config.mount_options = vec![MountOption::FSName("headend-test".to_owned())];
    let session = fuser::spawn_mount(files, folder, &config)?;
    obey(&health)?;
    let ended = session.umount_and_join().context("it is in use");
    if ended.is_err() {
        // Out of the tree at least; with this process goes what is open.
        umount2(folder, MntFlags::MNT_DETACH)?;
    }
    ended
}

fn obey(health: &Health) -> Result<()> {
    for line in stdin().lines() {
        match serde_json::from_str(&line?)? {
            Order::Fail => health.fails.store(true, Ordering::SeqCst),
            Order::Mend => health.fails.store(false, Ordering::SeqCst),
            Order::Look => {}
        }
        let seen = Seen {
            open_files: health.open_files.load(Ordering::SeqCst),
            direct_reads: health.direct_reads.load(Ordering::SeqCst),
            failed_reads: health.failed_reads.load(Ordering::SeqCst),
        };
        writeln!(stdout(), "{}", serde_json::to_string(&seen)?)?;
    }
    Ok(())
}
