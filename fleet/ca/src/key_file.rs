//! Files that appear whole or not at all, and keys that only their owner reads.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use zeroize::Zeroizing;

const OWNER_ONLY: u32 = 0o600;
const FOR_ALL_TO_READ: u32 = 0o644;

/// Makes a folder, and those above it, that only its owner enters. One that is there stays
/// as it is.
///
/// # Errors
/// When it cannot be made.
pub fn make_folder(path: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Writes a file that was not there before, atomically: a reader sees all of it or nothing,
/// and of two writers the second fails with `AlreadyExists`. On file systems without hard links,
/// as memory sticks have them, a reader may see half of it.
///
/// # Errors
/// When the file is there already, or cannot be written.
pub fn write_new(path: &Path, content: &[u8], secret: bool) -> std::io::Result<()> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let draft = folder.join(name);
    // What a killed process with our id left behind.
    let _ = std::fs::remove_file(&draft);
    let written = write_draft(&draft, content, secret)
        // Unlike rename, this refuses to replace.
        .and_then(|()| match std::fs::hard_link(&draft, path) {
            Err(err) if has_no_links(&err) => write_draft(path, content, secret),
            linked => linked,
        });
    let _ = std::fs::remove_file(&draft);
    written?;
    File::open(folder)?.sync_all()
}

/// FAT and exFAT say that it is not permitted, others that they cannot.
fn has_no_links(err: &std::io::Error) -> bool {
    matches!(err.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported)
}

fn write_draft(path: &Path, content: &[u8], secret: bool) -> std::io::Result<()> {
    let mode = if secret { OWNER_ONLY } else { FOR_ALL_TO_READ };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// The file's text; when there is none, what `make` gives, which is then in the file.
///
/// # Errors
/// What `make` fails with, and what `failed` makes of a file that cannot be read or written.
pub fn read_or_make<E>(
    path: &Path,
    secret: bool,
    make: impl FnOnce() -> Result<String, E>,
    failed: impl Fn(std::io::Error) -> E,
) -> Result<Zeroizing<String>, E> {
    let read = || std::fs::read_to_string(path).map(Zeroizing::new);
    match read() {
        Err(err) if err.kind() == ErrorKind::NotFound => {}
        read => return read.map_err(failed),
    }
    let text = Zeroizing::new(make()?);
    match write_new(path, text.as_bytes(), secret) {
        // Somebody was faster: theirs is the one.
        Err(err) if err.kind() == ErrorKind::AlreadyExists => {}
        written => written.map_err(&failed)?,
    }
    read().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn a_name_without_a_folder_is_a_file_here() {
        let name = format!("{}-of-a-test.txt", std::process::id());
        let written = write_new(Path::new(&name), b"one", false);
        let read = std::fs::read(&name);
        std::fs::remove_file(&name).expect("it is there");
        written.expect("written");
        assert_eq!(read.expect("read"), b"one");
    }

    #[test]
    fn a_secret_is_its_owners_and_is_never_replaced() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("key");
        write_new(&path, b"one", true).expect("first");
        assert_eq!(path.metadata().expect("metadata").mode() & 0o777, 0o600);
        let err = write_new(&path, b"two", true).expect_err("second");
        assert_eq!(err.kind(), ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).expect("read"), b"one");
        assert_eq!(std::fs::read_dir(folder.path()).expect("list").count(), 1, "a draft stays");
    }
}
