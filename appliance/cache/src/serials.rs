//! Serials rise for as long as a disk lives, whatever was on it.
//!
//! Those of the files that are there do not tell: the latest may have been removed, and a power
//! cut may bring an earlier one back, which must not be taken for the later. So each process
//! takes a range for itself, and writes its end down, before it uses the first. It stands in
//! two pages, so that a bit that rots does not have them begin anew.

use crate::storage::Storage;
use crate::twice;
use std::io;
use std::path::{Path, PathBuf};

/// What one process may use up. No process publishes as many objects, and no disk sees as many
/// processes as there are ranges.
const RANGE: u64 = 1 << 32;

fn file_of(disk: &Path) -> PathBuf {
    disk.join("serials")
}

/// The end of the range that was taken last; `None` where nothing tells.
///
/// # Errors
/// As the storage says it: what cannot be read may well be there.
pub(crate) fn end(storage: &dyn Storage, disk: &Path) -> io::Result<Option<u64>> {
    let file = match storage.open(&file_of(disk)) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let ends: Vec<_> = twice::read(&*file).into_iter().collect::<io::Result<_>>()?;
    Ok(ends.into_iter().flatten().map(u64::from_le_bytes).max())
}

/// Takes the range that begins with this serial.
///
/// # Errors
/// As the storage says it. A file system without room keeps what it has: nothing new comes to
/// it either.
pub(crate) fn take(storage: &dyn Storage, disk: &Path, first: u64) -> io::Result<()> {
    let file = match twice::open(storage, &file_of(disk)) {
        Err(err) if err.kind() == io::ErrorKind::StorageFull => return Ok(()),
        opened => opened?,
    };
    twice::write(&*file, &first.saturating_add(RANGE).to_le_bytes())?;
    file.sync()?;
    storage.sync_folder(disk)
}
