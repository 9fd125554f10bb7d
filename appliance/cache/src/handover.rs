//! From one process to the next: the disks change hands while both read them.
//!
//! The lock of a folder belongs to its open file, not to a process (`flock`(2)), so that a
//! descriptor of it carries the lock along; between the two processes no third gets in. Only
//! one of the two writes: first the old one shuts its gate and waits until whoever was inside
//! has left, then the new one opens the disks, with its own gate shut until the old one has
//! given up. Neither removes a file before the other has gone, since the other may be
//! sending it.

use crate::cache::Cache;
use crate::disk::Disk;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// A disk on its way to another process.
#[derive(Debug)]
pub struct DiskHandover {
    /// Carries the lock of the folder.
    pub lock: File,
    /// Files of objects that are wanted no longer, from the folder: read until the old
    /// process ends, and not to be taken for objects.
    pub leaving: Vec<String>,
}

impl DiskHandover {
    /// Whether the lock is that of this folder.
    pub(crate) fn is_of(&self, folder: &Path) -> bool {
        let place = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
        let theirs = std::fs::metadata(Disk::lock_file(folder)).ok().map(place);
        theirs.is_some() && theirs == self.lock.metadata().ok().map(place)
    }
}

impl Cache {
    /// Stops writing and gives the disks away; reading goes on. Blocks until every intake has
    /// ended; whoever runs them must have told them to.
    ///
    /// # Errors
    /// When some are still under way after `patience`, or a lock cannot be duplicated. The
    /// disks are given away all the same, until [`Cache::take_back`].
    pub fn hand_over(&self, patience: Duration) -> io::Result<Vec<DiskHandover>> {
        self.gate.shut();
        let inside = self.gate.wait(patience);
        if inside > 0 {
            return Err(io::Error::other(format!("{inside} objects are still being taken in")));
        }
        self.disks().iter().map(|disk| disk.hand_over()).collect()
    }

    /// The other process has gone, or never was: what was held back is done.
    pub fn take_back(&self) {
        self.may_write();
        self.may_remove();
    }

    /// The process before has given up writing.
    pub fn may_write(&self) {
        self.gate.open();
    }

    /// The process before has ended: what it may have been reading is removed.
    pub fn may_remove(&self) {
        self.disks().iter().for_each(|disk| disk.release_removals());
    }
}
