//! How far purges have come on one disk, in its file `purged`: a disk that was elsewhere when
//! something was purged says so itself, to whichever process finds it.

use crate::storage::Storage;
use crate::twice;
use contract::tombstones::PurgedUpTo;
use std::path::{Path, PathBuf};

const LEN: usize = 12;

pub(super) fn file_of(disk: &Path) -> PathBuf {
    disk.join("purged")
}

/// What a disk says; `None` where it says nothing, or cannot be understood: whatever was purged,
/// it may have missed.
pub(super) fn read(storage: &dyn Storage, disk: &Path) -> Option<PurgedUpTo> {
    let file = storage.open(&file_of(disk)).ok()?;
    let lines = twice::read(&*file).into_iter().filter_map(|line| line.ok().flatten());
    // It is written when all of it was forgotten: the later of two is true.
    lines.map(|line| decode(&line)).max_by_key(|mark| (mark.epoch, mark.version))
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
        assert_eq!(read(&Kernel, disk.path()), None);
        let mark = PurgedUpTo { epoch: 2, version: 7 };
        write(disk.path(), mark);
        assert_eq!(read(&Kernel, disk.path()), Some(mark));
        let mut whole = std::fs::read(file_of(disk.path())).expect("read");
        whole[2] ^= 1;
        std::fs::write(file_of(disk.path()), &whole).expect("written");
        assert_eq!(read(&Kernel, disk.path()), Some(mark), "the other will do");
        std::fs::write(file_of(disk.path()), &whole[..4096]).expect("written");
        assert_eq!(read(&Kernel, disk.path()), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(epoch: u32, version: u64) {
            let mark = PurgedUpTo { epoch, version };
            prop_assert_eq!(decode(&encode(mark)), mark);
        }
    }
}
