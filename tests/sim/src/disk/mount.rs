//! The disks of one machine, as one of its processes sees them.

use super::names::FileNumber;
use super::{Power, SimDisk};
use cache::storage::{Storage, StoredFile};
use nix::sys::memfd::{MFdFlags, memfd_create};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::time::Instant;

/// So much goes to the disk at once of what is written through.
const LITTLE: usize = 256 << 10;

/// Disks in their places. Whose process has ended changes nothing any more.
#[derive(Debug, Clone)]
pub struct Mounts {
    disks: Arc<[Arc<SimDisk>]>,
    power: Arc<Power>,
    began: Instant,
}

impl Mounts {
    /// For a process that lives as long as this says.
    #[must_use]
    pub fn new(disks: Arc<[Arc<SimDisk>]>, power: Arc<Power>) -> Self {
        disks.iter().for_each(|disk| disk.begin_life());
        Self { disks, power, began: Instant::now() }
    }

    /// The disk on which a path stands.
    #[must_use]
    pub fn disk_of(&self, path: &Path) -> Option<&Arc<SimDisk>> {
        self.disks.iter().find(|disk| path.starts_with(&disk.plan.root))
    }

    /// What a call takes longer than it should, on the slowest of them.
    #[must_use]
    pub fn slow_us(&self) -> u64 {
        self.disks.iter().map(|disk| disk.slow_us()).max().unwrap_or(0)
    }

    /// Whether the process still runs.
    #[must_use]
    pub fn is_powered(&self) -> bool {
        !self.power.is_off()
    }

    fn disk(&self, path: &Path) -> io::Result<&Arc<SimDisk>> {
        if self.power.is_off() {
            return Err(io::Error::other("this process has ended"));
        }
        self.disk_of(path).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// A call that changes something: it may be the last that the process makes.
    fn change<T>(
        &self,
        path: &Path,
        call: impl FnOnce(&Arc<SimDisk>) -> io::Result<T>,
    ) -> io::Result<T> {
        let done = call(self.disk(path)?);
        self.power.changed();
        match self.power.is_off() {
            true => Err(io::Error::other("this process has ended")),
            false => done,
        }
    }
}

impl Storage for Mounts {
    fn make_folders(&self, folder: &Path) -> io::Result<()> {
        self.change(folder, |disk| {
            disk.state().names.make_folders(folder);
            Ok(())
        })
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        Ok(self.disk(folder)?.state().names.list(folder))
    }

    fn create(&self, file: &Path, len_bytes: u64) -> io::Result<Arc<dyn StoredFile>> {
        let number = self.change(file, |disk| disk.create(file, len_bytes))?;
        Ok(Arc::new(Open { mounts: self.clone(), path: file.to_path_buf(), number }))
    }

    fn open(&self, file: &Path) -> io::Result<Arc<dyn StoredFile>> {
        let number = self.disk(file)?.state().names.get(file).ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(Open { mounts: self.clone(), path: file.to_path_buf(), number }))
    }

    fn open_uncached(&self, file: &Path) -> io::Result<Arc<dyn StoredFile>> {
        self.open(file)
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        self.change(file, |disk| disk.remove(file))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.change(folder, |disk| disk.sync_folder(folder))
    }

    fn sync_all(&self, folder: &Path) -> io::Result<()> {
        self.change(folder, |disk| disk.sync_all())
    }

    fn free_bytes(&self, folder: &Path) -> io::Result<u64> {
        let disk = self.disk(folder)?;
        Ok(disk.free(&disk.state()))
    }

    fn lock_file(&self, _: &Path) -> io::Result<File> {
        // A process that has ended holds no lock, and two never run at once here.
        Ok(File::from(memfd_create(c"lock", MFdFlags::MFD_CLOEXEC)?))
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn depth(&self) -> usize {
        1
    }
}

#[derive(Debug)]
struct Open {
    mounts: Mounts,
    path: PathBuf,
    number: FileNumber,
}

impl StoredFile for Open {
    fn len_bytes(&self) -> io::Result<u64> {
        let disk = self.mounts.disk(&self.path)?;
        let state = disk.state();
        state.files.get(&self.number).map(super::size).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.mounts.disk(&self.path)?.read(self.number, buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.mounts.change(&self.path, |disk| disk.write(self.number, bytes, offset))
    }

    fn write_through(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        for (little, at) in bytes.chunks(LITTLE).zip((offset..).step_by(LITTLE)) {
            self.mounts.change(&self.path, |disk| disk.write_through(self.number, little, at))?;
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.mounts.change(&self.path, |disk| disk.sync(self.number))
    }
}
