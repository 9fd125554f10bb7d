//! What the cache tells whoever composes it.

use contract::object::ObjectKey;
use std::path::PathBuf;

/// Something that happened in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheEvent {
    /// A block came off the disk with the wrong checksum. It was not handed out; the
    /// slice it is of must be fetched again.
    BlockCorrupt {
        /// Whose block.
        object: ObjectKey,
        /// Which block.
        block: u32,
        /// The file that held it.
        file: PathBuf,
    },
    /// A disk failed to read or write. What it is about must be fetched again.
    DiskError {
        /// Whose block.
        object: ObjectKey,
        /// The file.
        file: PathBuf,
        /// As the kernel says it.
        reason: String,
    },
    /// A disk is not used any more: it has failed, or somebody wants it so.
    DiskEjected {
        /// Its folder.
        folder: PathBuf,
        /// Why.
        reason: String,
        /// How many objects are out of sight with it.
        objects: usize,
    },
    /// A disk that was ejected is used again.
    DiskReadmitted {
        /// Its folder.
        folder: PathBuf,
        /// How many objects are held again, or go on arriving.
        objects: usize,
    },
    /// A disk was not in use when something was purged, and nobody knows what of it stands
    /// there. All of it goes, and is fetched again.
    DiskMissedPurges {
        /// Its folder.
        folder: PathBuf,
        /// How many objects go.
        objects: usize,
    },
    /// At start: a file that is no object was removed.
    FileDiscarded {
        /// The file.
        file: PathBuf,
        /// What was wrong with it.
        reason: String,
    },
    /// At start: a file could not be read. It stays, and what is in it is not held.
    FileUnreadable {
        /// The file.
        file: PathBuf,
        /// As the kernel says it.
        reason: String,
    },
    /// How much was written to a disk is known no more: its record could not be read. It is
    /// counted anew, beginning with nothing that may be written.
    WritesForgotten {
        /// The record.
        file: PathBuf,
        /// What was wrong with it.
        reason: String,
    },
    /// At start: an object that was whole lacks slices, which must be fetched again.
    TableDamaged {
        /// Which object.
        object: ObjectKey,
        /// Its file.
        file: PathBuf,
    },
}

/// Hears of events; must not block.
pub trait Watch: Send + Sync {
    /// Something happened.
    fn event(&self, event: CacheEvent);
}
