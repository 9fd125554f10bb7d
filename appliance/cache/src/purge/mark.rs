//! How far purges have come on one disk, in its file `purged`: a disk that was elsewhere when
//! something was purged says so itself, to whichever process finds it.

use crate::storage::Storage;
use crate::twice;
use contract::tombstones::PurgedUpTo;
use std::io;
use std::path::{Path, PathBuf};

const LEN: usize = 12;

pub(super) fn file_of(disk: &Path) -> PathBuf {
    disk.join("purged")
}

/// What stands on a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// No file: no version that knows of marks has used it yet.
    Nothing,
    /// A file that says nothing, or cannot be understood: whatever was purged, it may have missed.
    Silence,
    Mark(PurgedUpTo),
}

/// What a disk says.
///
/// # Errors
/// As the storage says it: what cannot be read may well be there.
pub(super) fn read(storage: &dyn Storage, disk: &Path) -> io::Result<Found> {
    let file = match storage.open(&file_of(disk)) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        opened => opened?,
    };
    let (mut latest, mut failed) = (None, None);
    for line in twice::read(&*file) {
        match line {
            // It is written when all of it was forgotten: the later of two is true.
            Ok(line) => latest = line.map(|line| by_age(decode(&line))).max(latest),
            Err(err) => failed = Some(err),
        }
    }
    match (latest, failed) {
        (Some((epoch, version)), _) => Ok(Found::Mark(PurgedUpTo { epoch, version })),
        (None, Some(err)) => Err(err),
        (None, None) => Ok(Found::Silence),
    }
}

fn by_age(mark: PurgedUpTo) -> (u32, u64) {
    (mark.epoch, mark.version)
}

/// Makes the file while there is room for it.
///
/// # Errors
/// As the storage says it.
pub(super) fn make(storage: &dyn Storage, disk: &Path) -> io::Result<()> {
    match twice::open(storage, &file_of(disk)) {
        Err(err) if err.kind() == io::ErrorKind::StorageFull => Ok(()),
        made => made.map(drop),
    }
}

pub(super) fn encode(mark: PurgedUpTo) -> [u8; LEN] {
    let mut line = [0; LEN];
    line[..4].copy_from_slice(&mark.epoch.to_le_bytes());
    line[4..].copy_from_slice(&mark.version.to_le_bytes());
    line
}

fn decode(line: &[u8; LEN]) -> PurgedUpTo {
    let ([epoch @ .., _, _, _, _, _, _, _, _], [_, _, _, _, version @ ..]) = (line, line);
    PurgedUpTo { epoch: u32::from_le_bytes(*epoch), version: u64::from_le_bytes(*version) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Kernel;
    use proptest::prelude::*;

    fn write(disk: &Path, mark: PurgedUpTo) {
        let file = twice::open(&Kernel, &file_of(disk)).expect("a file");
        twice::write(&*file, &encode(mark)).expect("written");
    }

    #[test]
    fn a_disk_says_how_far_it_has_come_or_nothing() {
        let disk = tempfile::tempdir().expect("folder");
        let found = || read(&Kernel, disk.path()).expect("read");
        assert_eq!(found(), Found::Nothing);
        make(&Kernel, disk.path()).expect("made");
        assert_eq!(found(), Found::Silence);
        let mark = PurgedUpTo { epoch: 2, version: 7 };
        write(disk.path(), mark);
        assert_eq!(found(), Found::Mark(mark));
        let mut whole = std::fs::read(file_of(disk.path())).expect("read");
        whole[2] ^= 1;
        std::fs::write(file_of(disk.path()), &whole).expect("written");
        assert_eq!(found(), Found::Mark(mark), "the other will do");
        std::fs::write(file_of(disk.path()), &whole[..4096]).expect("written");
        assert_eq!(found(), Found::Silence);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(epoch: u32, version: u64) {
            let mark = PurgedUpTo { epoch, version };
            prop_assert_eq!(decode(&encode(mark)), mark);
        }
    }
}
