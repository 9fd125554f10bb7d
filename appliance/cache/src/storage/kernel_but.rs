//! The kernel's file systems, but for something: for tests and measurements, each of which changes
//! little of them.

use super::{Kernel, Storage, StoredFile};
use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is done otherwise than the kernel does it.
pub trait Otherwise: Send + Sync + Debug {
    /// What stands for a file that was made.
    fn created(&self, file: Arc<dyn StoredFile>) -> Arc<dyn StoredFile> {
        file
    }

    /// What stands for a file that was opened to read and write.
    fn opened(&self, file: Arc<dyn StoredFile>) -> Arc<dyn StoredFile> {
        file
    }

    /// As [`Storage::sync_folder`].
    ///
    /// # Errors
    /// As there.
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        Kernel.sync_folder(folder)
    }

    /// As [`Storage::sync_all`].
    ///
    /// # Errors
    /// As there.
    fn sync_all(&self, folder: &Path) -> io::Result<()> {
        Kernel.sync_all(folder)
    }
}

/// The kernel's file systems, but for this.
#[derive(Debug, Default)]
pub struct KernelBut<O>(pub O);

impl<O: Otherwise> Storage for KernelBut<O> {
    fn make_folders(&self, folder: &Path) -> io::Result<()> {
        Kernel.make_folders(folder)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        Kernel.list(folder)
    }

    fn create(&self, file: &Path, len_bytes: u64) -> io::Result<Arc<dyn StoredFile>> {
        Kernel.create(file, len_bytes).map(|file| self.0.created(file))
    }

    fn open(&self, file: &Path) -> io::Result<Arc<dyn StoredFile>> {
        Kernel.open(file).map(|file| self.0.opened(file))
    }

    fn open_uncached(&self, file: &Path) -> io::Result<Arc<dyn StoredFile>> {
        Kernel.open_uncached(file)
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        Kernel.remove(file)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.0.sync_folder(folder)
    }

    fn sync_all(&self, folder: &Path) -> io::Result<()> {
        self.0.sync_all(folder)
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
