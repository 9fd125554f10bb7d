//! The socket that the admin listener is behind. It is a file: who owns this process may connect,
//! and root, and nobody else.

use rustix::fs::{Mode, fchmod};
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with,
};
use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// Questions that wait.
const BACKLOG: i32 = 64;

/// A socket that stands beside its place. The process before answers there until this one is the
/// appliance.
#[derive(Debug)]
pub(crate) struct AdminDoor {
    listener: UnixListener,
    beside: PathBuf,
    place: PathBuf,
}

impl AdminDoor {
    /// Makes it. Whatever can fail fails here.
    pub(crate) fn make(place: PathBuf) -> std::io::Result<Self> {
        if let Some(folder) = place.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let beside = beside(&place);
        match std::fs::remove_file(&beside) {
            Err(err) if err.kind() != ErrorKind::NotFound => return Err(err),
            _ => {}
        }
        Ok(Self { listener: bound(&beside)?, beside, place })
    }

    /// Puts it in its place, where a process that has ended may have left one.
    pub(crate) fn open(self) -> std::io::Result<tokio::net::UnixListener> {
        std::fs::rename(&self.beside, &self.place)?;
        tokio::net::UnixListener::from_std(self.listener)
    }
}

fn beside(place: &Path) -> PathBuf {
    let mut name = OsString::from(place);
    name.push(contract::config::ADMIN_SOCKET_DRAFT);
    name.into()
}

fn bound(path: &Path) -> std::io::Result<UnixListener> {
    // The next process opens its own: it inherits none.
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let made = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    // A socket's file has the mode that the socket had: there is no moment at which others may.
    fchmod(&made, Mode::RUSR | Mode::WUSR)?;
    bind(&made, &SocketAddrUnix::new(path)?)?;
    listen(&made, BACKLOG)?;
    Ok(UnixListener::from(made))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixStream;

    #[tokio::test]
    async fn one_follows_another_and_both_are_the_owners() {
        let folder = tempfile::tempdir().expect("folder");
        let place = folder.path().join("state/admin.sock");
        let first = AdminDoor::make(place.clone()).expect("made");
        assert!(!place.exists(), "nobody has put it there");
        let first = first.open().expect("opened");
        assert_eq!(place.metadata().expect("there").permissions().mode() & 0o777, 0o600);
        let second = AdminDoor::make(place.clone()).expect("made");
        UnixStream::connect(&place).expect("the first is there");
        first.accept().await.expect("the first is asked");
        // One that came to nothing leaves a file, and is in nobody's way.
        drop(second);
        let third = AdminDoor::make(place.clone()).expect("made").open().expect("opened");
        UnixStream::connect(&place).expect("the third is there");
        third.accept().await.expect("the third is asked");
        assert_eq!(std::fs::read_dir(place.parent().expect("a folder")).expect("list").count(), 1);
    }
}
