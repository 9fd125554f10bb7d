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

#[derive(Debug)]
struct WatchedFile(Arc<dyn StoredFile>, Writes);

impl Watched {
    fn watch(&self, file: Arc<dyn StoredFile>) -> Arc<dyn StoredFile> {
        Arc::new(WatchedFile(file, self.0.clone()))
    }
}

impl StoredFile for WatchedFile {
    fn len_bytes(&self) -> io::Result<u64> {
        self.0.len_bytes()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let is_on_page = bytes.as_ptr().addr().is_multiple_of(4096) && offset.is_multiple_of(4096);
        self.1.0.lock().expect("lock").push(Write { len: bytes.len(), is_on_page });
        self.0.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
}

impl Otherwise for Watched {
    fn created(&self, file: Arc<dyn StoredFile>) -> Arc<dyn StoredFile> {
        self.watch(file)
    }

    fn opened(&self, file: Arc<dyn StoredFile>) -> Arc<dyn StoredFile> {
        self.watch(file)
    }
}
