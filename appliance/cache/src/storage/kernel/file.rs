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

/// What is written through to the disk at a time. With more, readers wait longer for one of them;
/// with less, there are more of them than a disk likes to be asked to keep.
const THROUGH: usize = 256 << 10;

/// Whole pages are written around the page cache: nobody reads content through it, and to copy
/// it there and have the kernel write it out costs more than to receive and verify it. All else
/// goes through it.
#[derive(Debug)]
pub(super) struct TwoWays {
    cached: File,
    path: PathBuf,
    /// Past the page cache; the disk may gather what comes, and write it down later.
    direct: Around,
    /// Written down before the next piece comes.
    through: Around,
}

impl TwoWays {
    pub(super) fn new(cached: File, path: &Path) -> Self {
        let direct = Around::new(OFlag::O_DIRECT, usize::MAX);
        let through = Around::new(OFlag::O_DIRECT | OFlag::O_DSYNC, THROUGH);
        Self { cached, path: path.to_owned(), direct, through }
    }

    /// Writes all of it, as much as may be around the page cache.
    fn write(&self, around: &Around, bytes: &[u8], offset: u64) -> io::Result<()> {
        let pages = whole_pages(bytes, offset);
        let written = around.write(&self.path, &bytes[..pages], offset)?;
        FileExt::write_all_at(&self.cached, &bytes[written..], offset + written as u64)
    }
}

/// A way around the page cache.
#[derive(Debug)]
struct Around {
    flags: OFlag,
    most_at_a_time: usize,
    /// Opened when something is long enough; `None` where the file system has no such way.
    file: OnceLock<Option<File>>,
}

impl Around {
    fn new(flags: OFlag, most_at_a_time: usize) -> Self {
        Self { flags, most_at_a_time, file: OnceLock::new() }
    }

    /// Why it cannot be opened does not matter: the other way is open.
    fn opened(&self, path: &Path) -> Option<&File> {
        let open = || File::options().write(true).custom_flags(self.flags.bits()).open(path).ok();
        self.file.get_or_init(open).as_ref()
    }

    /// Writes whole pages; gives how many bytes of them it has.
    fn write(&self, path: &Path, pages: &[u8], offset: u64) -> io::Result<usize> {
        let file = (!pages.is_empty()).then(|| self.opened(path)).flatten();
        let Some(file) = file else { return Ok(0) };
        let mut written = 0;
        for piece in pages.chunks(self.most_at_a_time) {
            match FileExt::write_all_at(file, piece, offset + written as u64) {
                // A disk of larger blocks than a page.
                Err(err) if err.raw_os_error() == Some(libc::EINVAL) => break,
                done => done?,
            }
            written += piece.len();
        }
        Ok(written)
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
        self.write(&self.direct, bytes, offset)
    }

    fn write_through(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write(&self.through, bytes, offset)
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

    #[test]
    fn what_was_written_through_piece_by_piece_is_read() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("file");
        let file = Kernel.create(&path, 2_000_000).expect("a file");
        let [mut buffer, _] = SliceBuffer::pair();
        // The same nowhere in two pieces.
        buffer.append(&(0..700_000_u32).map(|at| (at / 3 % 251) as u8).collect::<Vec<_>>());
        file.write_through(&buffer, 8192).expect("written");
        file.write_through(&buffer, 1_000_001).expect("written");
        file.sync().expect("synchronised");
        let read = std::fs::read(&path).expect("read");
        assert!(read[8192..708_192] == *buffer && read[1_000_001..1_700_001] == *buffer);
        assert!(read[..8192].iter().chain(&read[708_192..1_000_001]).all(|byte| *byte == 0));
    }
}
