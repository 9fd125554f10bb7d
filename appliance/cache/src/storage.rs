//! What the cache asks of a file system.
//!
//! [`Kernel`] is the one that appliances have. Tests put one in its place that forgets what was
//! not synchronised, tears writes and fails, all of it from a seed.

mod kernel;
mod kernel_but;

pub use kernel::Kernel;
pub use kernel_but::{KernelBut, Otherwise};

use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file system, or several: paths are absolute. All calls block.
pub trait Storage: Send + Sync + Debug {
    /// Makes a folder and those above it that are missing.
    ///
    /// # Errors
    /// As the kernel says it; so everywhere here.
    fn make_folders(&self, folder: &Path) -> io::Result<()>;

    /// What stands in a folder, in no particular order.
    ///
    /// # Errors
    /// As above.
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;

    /// Makes a file of zeros whose room is promised: writing to it does not run out of space.
    ///
    /// # Errors
    /// As above; `AlreadyExists`, `StorageFull`.
    fn create(&self, file: &Path, len_bytes: u64) -> io::Result<Arc<dyn StoredFile>>;

    /// Opens a file to read and write.
    ///
    /// # Errors
    /// As above.
    fn open(&self, file: &Path) -> io::Result<Arc<dyn StoredFile>>;

    /// Opens a file to read what the disk has, and not what is kept of it in memory. Reads begin
    /// on a page, in the file and in memory, and are whole pages long.
    ///
    /// # Errors
    /// As above.
    fn open_uncached(&self, file: &Path) -> io::Result<Arc<dyn StoredFile>>;

    /// Removes a file.
    ///
    /// # Errors
    /// As above.
    fn remove(&self, file: &Path) -> io::Result<()>;

    /// Makes what was created and removed in a folder survive a power cut.
    ///
    /// # Errors
    /// As above.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Makes everything that was done to the file system of a folder survive a power cut, by
    /// whichever process.
    ///
    /// # Errors
    /// As above.
    fn sync_all(&self, folder: &Path) -> io::Result<()>;

    /// How much may still be written to the file system of a folder.
    ///
    /// # Errors
    /// As above.
    fn free_bytes(&self, folder: &Path) -> io::Result<u64>;

    /// The file whose lock says to which process a folder belongs.
    ///
    /// # Errors
    /// As above.
    fn lock_file(&self, file: &Path) -> io::Result<File>;

    /// A clock that never goes back: how long reads take is measured by it.
    fn now_us(&self) -> u64;

    /// How many calls at once serve it best when a great many small reads are to be done.
    fn depth(&self) -> usize;
}

/// An open file.
pub trait StoredFile: Send + Sync + Debug {
    /// Its length.
    ///
    /// # Errors
    /// As the kernel says it; so everywhere here.
    fn len_bytes(&self) -> io::Result<u64>;

    /// Reads; gives how many bytes came, which are fewer at the end of the file, and may be
    /// fewer before it.
    ///
    /// # Errors
    /// As above.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of it.
    ///
    /// # Errors
    /// As above.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Writes all of it little by little, each of which the disk has before the next, where there
    /// is such a way. Only [`sync`](Self::sync) says that it survives a power cut, but has little
    /// left to do: whoever reads from the disk waits for one little at a time, and not for all of
    /// it at once.
    ///
    /// # Errors
    /// As above; one may be of a synchronisation, and of anything that was written before.
    fn write_through(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    /// Makes what was written survive a power cut.
    ///
    /// # Errors
    /// As above.
    fn sync(&self) -> io::Result<()>;
}

/// Reads until the buffer is full or the file ends; gives how many bytes came.
pub(crate) fn read_full(
    file: &dyn StoredFile,
    buffer: &mut [u8],
    offset: u64,
) -> io::Result<usize> {
    let wanted = buffer.len();
    read_at_least(file, buffer, wanted, offset)
}

/// Reads until so many bytes have come, or more where the buffer has room, or the file ends;
/// gives how many came. The buffer is what is read into, in whole pages where the page cache
/// is passed by.
pub(crate) fn read_at_least(
    file: &dyn StoredFile,
    buffer: &mut [u8],
    wanted: usize,
    offset: u64,
) -> io::Result<usize> {
    let mut count = 0;
    while count < wanted {
        match file.read_at(&mut buffer[count..], offset + count as u64) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            Err(err) => return Err(err),
        }
    }
    Ok(count)
}
