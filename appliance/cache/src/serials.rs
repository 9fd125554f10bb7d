//! Serials rise for as long as a disk lives, whatever was on it.
//!
//! Those of the files that are there do not tell: the latest may have been removed, and a power
//! cut may bring an earlier one back, which must not be taken for the later. So each process
//! takes a range for itself, and writes its end down, before it uses the first. It stands in
//! two pages, so that a bit that rots does not have them begin anew.

use crate::crc::crc32c;
use crate::layout::PAGE;
use crate::storage::{Storage, StoredFile, read_full};
use std::io;
use std::path::{Path, PathBuf};

/// What one process may use up. No process publishes as many objects, and no disk sees as many
/// processes as there are ranges.
const RANGE: u64 = 1 << 32;

const LEN: usize = 12;

/// Where it is written.
const PLACES: [u64; 2] = [0, PAGE];

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
    let ends: Vec<_> = PLACES.iter().map(|place| read(&*file, *place)).collect::<Result<_, _>>()?;
    Ok(ends.into_iter().flatten().max())
}

fn read(file: &dyn StoredFile, place: u64) -> io::Result<Option<u64>> {
    let mut line = [0; LEN];
    let count = read_full(file, &mut line, place)?;
    let (end, sum) = line.split_at(LEN - 4);
    let is_it = count == LEN && sum == crc32c(end).to_le_bytes();
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
    line[8..].copy_from_slice(&crc32c(&end).to_le_bytes());
    let path = file_of(disk);
    let opened = match storage.open(&path) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => {
            storage.create(&path, PLACES.len() as u64 * PAGE)
        }
        opened => opened,
    };
    let file = match opened {
        Err(err) if err.kind() == io::ErrorKind::StorageFull => return Ok(()),
        opened => opened?,
    };
    // It fits a sector: a disk has the old one or the new one.
    for place in PLACES {
        file.write_all_at(&line, place)?;
    }
    file.sync()?;
    storage.sync_folder(disk)
}
