//! The kernel's file systems, but for something: for tests and measurements, each of which changes
//! little of them.

use super::{Kernel, Storage, StoredFile};
use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is done otherwise than the kernel does it.
pub trait Otherwise: Send + Sync + Debug + 'static {
    /// A file was opened to read and write.
    fn opened(&self) {}

    /// As [`StoredFile::write_all_at`].
    ///
    /// # Errors
    /// As there.
    fn write_all_at(&self, file: &dyn StoredFile, bytes: &[u8], offset: u64) -> io::Result<()> {
        file.write_all_at(bytes, offset)
    }

    /// As [`StoredFile::write_through`].
    ///
    /// # Errors
    /// As there.
    fn write_through(&self, file: &dyn StoredFile, bytes: &[u8], offset: u64) -> io::Result<()> {
        file.write_through(bytes, offset)
    }

    /// As [`StoredFile::sync`].
    ///
    /// # Errors
    /// As there.
    fn sync(&self, file: &dyn StoredFile) -> io::Result<()> {
        file.sync()
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
#[derive(Debug)]
pub struct KernelBut<O>(pub Arc<O>);

impl<O: Otherwise> KernelBut<O> {
    /// With what is done otherwise.
    pub fn new(otherwise: O) -> Self {
        Self(Arc::new(otherwise))
    }

    fn file(&self, file: Arc<dyn StoredFile>) -> Arc<dyn StoredFile> {
        Arc::new(FileBut { file, otherwise: Arc::clone(&self.0) })
    }
}

/// One of their files.
#[derive(Debug)]
struct FileBut<O> {
    file: Arc<dyn StoredFile>,
    otherwise: Arc<O>,
}

impl<O: Otherwise> StoredFile for FileBut<O> {
    fn len_bytes(&self) -> io::Result<u64> {
        self.file.len_bytes()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.otherwise.write_all_at(&*self.file, bytes, offset)
    }

    fn write_through(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.otherwise.write_through(&*self.file, bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.otherwise.sync(&*self.file)
    }
}

impl<O: Otherwise> Storage for KernelBut<O> {
    fn make_folders(&self, folder: &Path) -> io::Result<()> {
        Kernel.make_folders(folder)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        Kernel.list(folder)
    }

    fn create(&self, file: &Path, len_bytes: u64) -> io::Result<Arc<dyn StoredFile>> {
        Kernel.create(file, len_bytes).map(|file| self.file(file))
    }

    fn open(&self, file: &Path) -> io::Result<Arc<dyn StoredFile>> {
        let opened = Kernel.open(file)?;
        self.0.opened();
        Ok(self.file(opened))
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
