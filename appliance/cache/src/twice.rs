//! A line that stands in two pages of a file of its own, so that a bit that rots, or a sector that
//! cannot be read, leaves the other.

use crate::crc::crc32c;
use crate::layout::PAGE;
use crate::storage::{Storage, StoredFile, read_full};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Where it is written.
const PLACES: [u64; 2] = [0, PAGE];

/// What its file takes.
const BYTES: u64 = PLACES.len() as u64 * PAGE;

const SUM: usize = 4;

/// The file, or a new one: also in the place of one that is too short, since a crash came when it
/// was being made, and nothing was ever written to it for good.
///
/// # Errors
/// As the storage says it.
pub(crate) fn open(storage: &dyn Storage, path: &Path) -> io::Result<Arc<dyn StoredFile>> {
    match storage.open(path) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => {}
        opened => {
            let file = opened?;
            if file.len_bytes()? >= BYTES {
                return Ok(file);
            }
            storage.remove(path)?;
        }
    }
    storage.create(path, BYTES)
}

/// The line in each of its places; `None` where it is damaged, or was never written.
pub(crate) fn read<const LEN: usize>(file: &dyn StoredFile) -> [io::Result<Option<[u8; LEN]>>; 2] {
    PLACES.map(|place| {
        let mut found = vec![0; LEN + SUM];
        let count = read_full(file, &mut found, place)?;
        let (line, sum) = found.split_at(LEN);
        let is_it = count == LEN + SUM && sum == crc32c(line).to_le_bytes();
        Ok(line.first_chunk().filter(|_| is_it).copied())
    })
}

/// Writes it, to be synchronised with the file. It fits a sector: of each place a disk has the
/// old one or the new one.
///
/// # Errors
/// As the storage says it.
pub(crate) fn write(file: &dyn StoredFile, line: &[u8]) -> io::Result<()> {
    let whole = [line, &crc32c(line).to_le_bytes()].concat();
    PLACES.iter().try_for_each(|place| file.write_all_at(&whole, *place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Kernel;

    #[test]
    fn one_that_was_not_made_to_its_end_is_made_anew() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("line");
        std::fs::write(&path, [0; 8]).expect("written");
        let file = open(&Kernel, &path).expect("a file");
        assert_eq!(file.len_bytes().expect("a length"), BYTES);
        write(&*file, b"one").expect("written");
        assert_eq!(
            read::<3>(&*open(&Kernel, &path).expect("the same"))[1].as_ref().ok(),
            Some(&Some(*b"one"))
        );
    }

    #[test]
    fn either_will_do() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("line");
        let file = open(&Kernel, &path).expect("a file");
        let lines = || read::<3>(&*file).map(|line| line.expect("read"));
        assert_eq!(lines(), [None, None]);
        write(&*file, b"one").expect("written");
        assert_eq!(lines(), [Some(*b"one"); 2]);
        for (place, left) in PLACES.into_iter().zip([[None, Some(*b"two")], [Some(*b"two"), None]])
        {
            write(&*file, b"two").expect("written");
            file.write_all_at(b"?", place + 1).expect("written");
            assert_eq!(lines(), left);
        }
    }
}
