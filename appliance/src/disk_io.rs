//! Block reads on blocking threads: the portable engine's way to a disk.

use cache::{BlockIo, ReadOrder};
use nix::libc;
use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use tokio::runtime::Handle;

/// Reads on the runtime's blocking threads.
pub(crate) struct ThreadIo(pub(crate) Handle);

impl BlockIo for ThreadIo {
    fn submit(&self, mut order: ReadOrder) {
        self.0.spawn_blocking(move || {
            let read = open(order.file()).and_then(|file| order.read_from(&file));
            order.complete(read);
        });
    }
}

/// Around the page cache: what is worth keeping in memory, the RAM tier keeps, and reading
/// what is cold must not push out what the kernel needs.
fn open(file: &Path) -> io::Result<File> {
    let direct = File::options().read(true).custom_flags(libc::O_DIRECT).open(file);
    match direct {
        // A file system that has no direct reads: tmpfs before Linux 6.6, some overlays.
        Err(err) if err.raw_os_error() == Some(libc::EINVAL) => File::open(file),
        opened => opened,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_opens_whatever_its_file_system_can() {
        for folder in [Some("/dev/shm"), None] {
            let file = match folder {
                Some(folder) => tempfile::NamedTempFile::new_in(folder),
                None => tempfile::NamedTempFile::new(),
            };
            let Ok(file) = file else { continue };
            assert!(open(file.path()).is_ok(), "{}", file.path().display());
        }
        let missing = open(Path::new("/nowhere")).map_err(|err| err.kind());
        assert_eq!(missing.err(), Some(io::ErrorKind::NotFound));
    }
}
