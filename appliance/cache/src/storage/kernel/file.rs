//! A file of the kernel's, through its page cache and around it.

use crate::layout::PAGE_LEN;
use crate::storage::StoredFile;
use nix::fcntl::OFlag;
use nix::libc;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Shorter writes are not worth a turn of the disk each: the kernel gathers them.
const LEAST_DIRECT: usize = 64 << 10;

/// Whole pages are written around the page cache: nobody reads content through it, and to copy
/// it there and have the kernel write it out costs more than to receive and verify it. All else
/// goes through.
#[derive(Debug)]
pub(super) struct TwoWays {
    cached: File,
    path: PathBuf,
    /// Opened when something is long enough; `None` where the file system has no such way.
    direct: OnceLock<Option<File>>,
}

impl TwoWays {
    pub(super) fn new(cached: File, path: &Path) -> Self {
        Self { cached, path: path.to_owned(), direct: OnceLock::new() }
    }

    /// Why it cannot be opened does not matter: the other way is open.
    fn direct(&self) -> Option<&File> {
        let open = || {
            File::options().write(true).custom_flags(OFlag::O_DIRECT.bits()).open(&self.path).ok()
        };
        self.direct.get_or_init(open).as_ref()
    }

    /// Writes whole pages around the page cache; gives how many bytes of these that were.
    fn write_direct(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let pages = whole_pages(bytes, offset);
        let Some(direct) = (pages > 0).then(|| self.direct()).flatten() else { return Ok(0) };
        match FileExt::write_all_at(direct, &bytes[..pages], offset) {
            // A disk of larger blocks than a page.
            Err(err) if err.raw_os_error() == Some(libc::EINVAL) => Ok(0),
            done => done.map(|()| pages),
        }
    }
}

/// How many of these bytes are whole pages, here and in the file, and worth it.
fn whole_pages(bytes: &[u8], offset: u64) -> usize {
    let begins_on_page =
        bytes.as_ptr().addr().is_multiple_of(PAGE_LEN) && offset.is_multiple_of(PAGE_LEN as u64);
    let pages = bytes.len() - bytes.len() % PAGE_LEN;
    if begins_on_page && pages >= LEAST_DIRECT { pages } else { 0 }
}

impl StoredFile for TwoWays {
    fn len_bytes(&self) -> io::Result<u64> {
        self.cached.len_bytes()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(&self.cached, buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let written = self.write_direct(bytes, offset)?;
        FileExt::write_all_at(&self.cached, &bytes[written..], offset + written as u64)
    }

    fn sync(&self) -> io::Result<()> {
        self.cached.sync_data()
    }
}

impl StoredFile for File {
    fn len_bytes(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        FileExt::write_all_at(self, bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SliceBuffer;
    use crate::storage::{Kernel, Storage};

    #[test]
    fn whole_pages_go_around_and_the_rest_through() {
        let [mut buffer, _] = SliceBuffer::pair();
        buffer.append(&vec![7; 100_000]);
        let page = PAGE_LEN as u64;
        assert_eq!(whole_pages(&buffer, 3 * page), 98_304);
        assert_eq!(whole_pages(&buffer, 3 * page + 1), 0);
        assert_eq!(whole_pages(&buffer[1..], 0), 0);
        assert_eq!(whole_pages(&buffer[..LEAST_DIRECT - 1], 0), 0);
        assert_eq!(whole_pages(&buffer[..LEAST_DIRECT], 0), LEAST_DIRECT);
    }

    #[test]
    fn what_was_written_either_way_is_read() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("file");
        let file = Kernel.create(&path, 300_000).expect("a file");
        let [_, mut buffer] = SliceBuffer::pair();
        buffer.append(&(0..100_000_u32).map(|at| (at % 251) as u8).collect::<Vec<_>>());
        file.write_all_at(b"before", 0).expect("written");
        file.write_all_at(&buffer, 8192).expect("written");
        file.write_all_at(b"within", 8192 + 50).expect("written");
        // Around the page cache, in which these pages stand by now.
        file.write_all_at(&buffer, 8192).expect("written");
        file.write_all_at(&buffer, 150_001).expect("written");
        file.sync().expect("synchronised");
        let read = std::fs::read(&path).expect("read");
        assert_eq!((&read[..6], read.len()), (&b"before"[..], 300_000));
        assert!(read[8192..108_192] == *buffer && read[150_001..250_001] == *buffer);
        assert!(read[108_192..150_001].iter().all(|byte| *byte == 0));
    }
}
