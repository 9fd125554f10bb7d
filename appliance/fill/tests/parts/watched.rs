//! The kernel's file systems, and a note of every write as it came.

use cache::storage::{Otherwise, StoredFile};
use std::io;
use std::sync::{Arc, Mutex};

/// A write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Write {
    pub(crate) len: usize,
    /// The bytes begin on a page, in memory and in the file: whole pages of them can go around
    /// the page cache.
    pub(crate) is_on_page: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Writes(Arc<Mutex<Vec<Write>>>);

impl Writes {
    pub(crate) fn all(&self) -> Vec<Write> {
        self.0.lock().expect("lock").clone()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Watched(pub(crate) Writes);

impl Otherwise for Watched {
    fn write_all_at(&self, file: &dyn StoredFile, bytes: &[u8], offset: u64) -> io::Result<()> {
        let is_on_page = bytes.as_ptr().addr().is_multiple_of(4096) && offset.is_multiple_of(4096);
        self.0.0.lock().expect("lock").push(Write { len: bytes.len(), is_on_page });
        file.write_all_at(bytes, offset)
    }
}
