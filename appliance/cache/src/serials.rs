//! Serials rise for as long as a disk lives, whatever was on it.
//!
//! Those of the files that are there do not tell: the latest may have been removed, and a power
//! cut may bring an earlier one back, which must not be taken for the later. So each process
//! takes a range for itself, and writes its end down, before it uses the first.

use crate::layout::PAGE;
use crate::storage::{Storage, read_full};
use std::io;
use std::path::{Path, PathBuf};

/// What one process may use up. No process publishes as many objects, and no disk sees as many
/// processes as there are ranges.
const RANGE: u64 = 1 << 32;

const LEN: usize = 12;

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
    let mut line = [0; LEN];
    let count = read_full(&*file, &mut line, 0)?;
    let (end, sum) = line.split_at(LEN - 4);
    let is_it = count == LEN && sum == crc32c::crc32c(end).to_le_bytes();
    Ok(end.first_chunk().filter(|_| is_it).map(|end| u64::from_le_bytes(*end)))
}

/// Takes the range that begins with this serial.
///
/// # Errors
/// As the storage says it. A file system without room keeps what it has: nothing new comes to
/// it either.
pub(crate) fn take(storage: &dyn Storage, disk: &Path, first: u64) -> io::Result<()> {
    let end = first.saturating_add(RANGE).to_le_bytes();
    let mut line = [0; LEN];
    line[..8].copy_from_slice(&end);
    line[8..].copy_from_slice(&crc32c::crc32c(&end).to_le_bytes());
    let path = file_of(disk);
    let file = match storage.open(&path) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => match storage.create(&path, PAGE) {
            Err(err) if err.kind() == io::ErrorKind::StorageFull => return Ok(()),
            made => made?,
        },
        opened => opened?,
    };
    // It fits a sector: a disk has the old one or the new one.
    file.write_all_at(&line, 0)?;
    file.sync()?;
    storage.sync_folder(disk)
}
