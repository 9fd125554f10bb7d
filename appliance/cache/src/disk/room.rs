//! What is taken of a disk: by objects, by promises for those that are to come, and by a file of
//! our own that is still to be made.

use super::Disk;
use crate::layout;
use crate::storage::StoredFile;
use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};

/// What is taken of a disk.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// By objects and promises, together never above the capacity.
    used_bytes: u64,
    /// Promises whose files were not made yet: the file system still counts them as free.
    promised_bytes: u64,
    /// For a file of our own that is still to be made, and is no object's.
    kept_bytes: u64,
}

/// Room on a disk that was promised for a file. Given back when dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    pub(crate) disk: Arc<Disk>,
    bytes: u64,
}

impl Reservation {
    /// Makes the file; its room stays taken.
    ///
    /// # Errors
    /// As the storage says it; the room is given back.
    pub(crate) fn create(mut self, file: &Path) -> io::Result<Arc<dyn StoredFile>> {
        let storage = &self.disk.storage;
        let made = match (storage.create(file, self.bytes), file.parent()) {
            // The first of its folder.
            (Err(err), Some(folder)) if err.kind() == io::ErrorKind::NotFound => {
                storage.make_folders(folder)?;
                storage.create(file, self.bytes)?
            }
            (made, _) => made?,
        };
        // It is counted by the file from here on.
        self.disk.room().promised_bytes -= std::mem::take(&mut self.bytes);
        Ok(made)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut room = self.disk.room();
        room.promised_bytes -= self.bytes;
        room.used_bytes -= self.bytes;
    }
}

impl Disk {
    /// What objects take, those still arriving included.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        self.room().used_bytes
    }

    /// Promises room for an object, or says no: capacity and reserve both hold.
    pub(crate) fn reserve(self: &Arc<Self>, size_bytes: u64) -> Option<Reservation> {
        if self.is_ejected() {
            return None;
        }
        let bytes = layout::disk_bytes(size_bytes);
        let mut room = self.room();
        let used_bytes = room.used_bytes.checked_add(bytes)?;
        if used_bytes > self.setup.capacity_bytes || !self.is_free(&room, bytes) {
            return None;
        }
        room.used_bytes = used_bytes;
        room.promised_bytes += bytes;
        drop(room);
        Some(Reservation { disk: Arc::clone(self), bytes })
    }

    /// Keeps room for a file of our own, which is no object's, until it is made.
    pub(crate) fn keep_room(&self, bytes: u64) {
        self.room().kept_bytes = bytes;
    }

    /// Whether that file can be made without taking the room of objects that were promised it.
    pub(crate) fn has_kept_room(&self) -> bool {
        let room = self.room();
        room.kept_bytes == 0 || room.promised_bytes == 0 || self.is_free(&room, 0)
    }

    /// Whether a file of our own can be made that takes no room of objects, promised or not.
    pub(crate) fn has_room_beside(&self, bytes: u64) -> bool {
        self.is_free(&self.room(), bytes)
    }

    /// Whether its file system has so much, with all that is spoken for and the reserve beside it.
    /// One that cannot be asked has nothing.
    fn is_free(&self, room: &Room, bytes: u64) -> bool {
        let spoken_for = [room.promised_bytes, room.kept_bytes, self.setup.reserve_bytes];
        let needed = spoken_for.into_iter().try_fold(bytes, u64::checked_add);
        let free_bytes = self.storage.free_bytes(self.folder()).unwrap_or(0);
        needed.is_some_and(|needed| needed <= free_bytes)
    }

    /// What objects can take of it as things are: its capacity, or less where others have
    /// taken of its file system.
    pub(crate) fn usable_bytes(&self) -> u64 {
        let room = self.room();
        // What cannot be asked has no room.
        let free_bytes = self.storage.free_bytes(self.folder()).unwrap_or(0);
        let beyond_bytes = free_bytes.saturating_sub(self.setup.reserve_bytes);
        let made_bytes = room.used_bytes.saturating_sub(room.promised_bytes);
        made_bytes.saturating_add(beyond_bytes).min(self.setup.capacity_bytes)
    }

    pub(crate) fn free_bytes(&self) -> u64 {
        self.setup.capacity_bytes.saturating_sub(self.used_bytes())
    }

    /// Counts an object that was found at start, even above a capacity that was lowered.
    pub(crate) fn take_found(&self, bytes: u64) {
        self.room().used_bytes += bytes;
        self.objects.fetch_add(1, Ordering::Relaxed);
    }

    /// A file of so many bytes has gone.
    pub(super) fn has_gone(&self, bytes: u64) {
        let mut room = self.room();
        room.used_bytes = room.used_bytes.saturating_sub(bytes);
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
