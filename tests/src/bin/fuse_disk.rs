//! A disk that fails when told to: `fuse_disk FOLDER BEHIND` mounts what is in BEHIND on
//! FOLDER, takes orders from its standard input, and ends with them.

use anyhow::{Context, Result};
use std::path::PathBuf;

fn main() -> Result<()> {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let (folder, behind) = args.next().zip(args.next()).context("FOLDER BEHIND")?;
    tests::fuse_disk::daemon::run(&folder, &behind)
}
