//! Files that survive a crash: the old content or the new, never half of either.

use anyhow::{Context, Result};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

/// Replaces the content of a file.
pub(crate) fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    let folder = file.parent().context("a file stands in a folder")?;
    let fresh = file.with_extension("new");
    let attempt = || -> std::io::Result<()> {
        let mut out = File::create(&fresh)?;
        out.write_all(bytes)?;
        out.sync_all()?;
        fs::rename(&fresh, file)?;
        File::open(folder)?.sync_all()
    };
    attempt().with_context(|| format!("cannot write {}", file.display()))
}
