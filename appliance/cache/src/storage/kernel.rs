//! The file systems that the kernel has mounted.

mod file;

use super::{Storage, StoredFile};
use file::TwoWays;
use nix::fcntl::{FallocateFlags, OFlag, PosixFadviseAdvice, fallocate, posix_fadvise};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// Reads of a few KiB under way at once that keep an NVMe disk busy; a spinning disk sorts
/// them.
const DEPTH: usize = 16;

/// The kernel's file systems.
#[derive(Debug, Clone, Copy, Default)]
pub struct Kernel;

impl Storage for Kernel {
    fn make_folders(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
    }

    fn create(&self, file: &Path, len_bytes: u64) -> io::Result<Arc<dyn StoredFile>> {
        let made = File::options().create_new(true).read(true).write(true).open(file)?;
        if let Err(err) = allocate(&made, len_bytes) {
            fs::remove_file(file)?;
            return Err(err);
        }
        Ok(Arc::new(TwoWays::new(made, file)))
    }

    fn open(&self, file: &Path) -> io::Result<Arc<dyn StoredFile>> {
        let opened = File::options().read(true).write(true).open(file)?;
        Ok(Arc::new(TwoWays::new(opened, file)))
    }

    fn open_uncached(&self, file: &Path) -> io::Result<Arc<dyn StoredFile>> {
        let direct = OFlag::O_DIRECT.bits();
        match File::options().read(true).custom_flags(direct).open(file) {
            Ok(file) => Ok(Arc::new(file)),
            // A file system that has no such reads (in memory, over a network): at least what
            // it has written is forgotten first.
            Err(err) if err.raw_os_error() == Some(nix::libc::EINVAL) => {
                let file = File::open(file)?;
                posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED)?;
                Ok(Arc::new(file))
            }
            Err(err) => Err(err),
        }
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        fs::remove_file(file)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn sync_all(&self, folder: &Path) -> io::Result<()> {
        Ok(nix::unistd::syncfs(File::open(folder)?)?)
    }

    fn free_bytes(&self, folder: &Path) -> io::Result<u64> {
        let stat = nix::sys::statvfs::statvfs(folder)?;
        Ok(stat.blocks_available().saturating_mul(stat.fragment_size()))
    }

    fn lock_file(&self, file: &Path) -> io::Result<File> {
        File::options().create(true).truncate(false).write(true).open(file)
    }

    fn now_us(&self) -> u64 {
        static BEGAN: OnceLock<Instant> = OnceLock::new();
        u64::try_from(BEGAN.get_or_init(Instant::now).elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn depth(&self) -> usize {
        DEPTH
    }
}

/// Blocks of the file system are set aside at once and, as far as may be, side by side.
fn allocate(file: &File, len_bytes: u64) -> io::Result<()> {
    let len = i64::try_from(len_bytes).map_err(io::Error::other)?;
    match fallocate(file, FallocateFlags::empty(), 0, len) {
        // A file system that cannot promise room (some network and FUSE ones): it may run out
        // later, which is an error of the disk then.
        Err(nix::errno::Errno::EOPNOTSUPP | nix::errno::Errno::ENOSYS) => file.set_len(len_bytes),
        done => Ok(done?),
    }
}
