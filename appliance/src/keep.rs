//! Files that survive a crash: the old content or the new, never half of either.

use anyhow::{Context, Result};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

const FOR_ALL_TO_READ: u32 = 0o644;
const OWNER_ONLY: u32 = 0o600;

/// Replaces the content of a file.
pub(crate) fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    replace(file, bytes, FOR_ALL_TO_READ)
}

/// The same, for a file that nobody but its owner reads.
pub(crate) fn write_secret(file: &Path, bytes: &[u8]) -> Result<()> {
    replace(file, bytes, OWNER_ONLY)
}

fn replace(file: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let folder = file.parent().context("a file stands in a folder")?;
    let fresh = file.with_extension("new");
    let attempt = || -> std::io::Result<()> {
        // What another has left there may be read by others.
        if let Err(err) = fs::remove_file(&fresh)
            && err.kind() != std::io::ErrorKind::NotFound
        {
            return Err(err);
        }
        let mut out = OpenOptions::new().write(true).create_new(true).mode(mode).open(&fresh)?;
        out.write_all(bytes)?;
        out.sync_all()?;
        fs::rename(&fresh, file)?;
        File::open(folder)?.sync_all()
    };
    attempt().with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn a_secret_is_its_owners_whatever_stood_there_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("identity.pem");
        let mode = || file.metadata().expect("a file").mode() & 0o777;
        write(&file, b"for all").expect("written");
        assert_eq!(mode(), 0o644);
        fs::write(folder.path().join("identity.new"), "left by a crash").expect("written");
        write_secret(&file, b"for one").expect("written");
        assert_eq!((mode(), fs::read(&file).expect("read")), (0o600, b"for one".to_vec()));
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1);
    }
}
