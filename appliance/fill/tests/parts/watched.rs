//! The kernel's file systems, and a note of every write as it came.

use cache::storage::{Kernel, Storage, StoredFile};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
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

impl Storage for Watched {
    fn make_folders(&self, folder: &Path) -> io::Result<()> {
        Kernel.make_folders(folder)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        Kernel.list(folder)
    }

    fn create(&self, file: &Path, len_bytes: u64) -> io::Result<Arc<dyn StoredFile>> {
        Kernel.create(file, len_bytes).map(|file| self.watch(file))
    }

    fn open(&self, file: &Path) -> io::Result<Arc<dyn StoredFile>> {
        Kernel.open(file).map(|file| self.watch(file))
    }

    fn open_uncached(&self, file: &Path) -> io::Result<Arc<dyn StoredFile>> {
        Kernel.open_uncached(file)
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        Kernel.remove(file)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        Kernel.sync_folder(folder)
    }

    fn sync_all(&self, folder: &Path) -> io::Result<()> {
        Kernel.sync_all(folder)
    }

    fn free_bytes(&self, folder: &Path) -> io::Result<u64> {
        Kernel.free_bytes(folder)
    }

    fn lock_file(&self, file: &Path) -> io::Result<File> {
        Kernel.lock_file(file)
    }

    fn now_us(&self) -> u64 {
        Kernel.now_us()
    }

    fn depth(&self) -> usize {
        Kernel.depth()
    }
}
