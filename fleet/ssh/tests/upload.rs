//! Files on a box: whole, or as they were.

mod support;

use ssh::{Device, Session, Why};
use std::fs::{read, read_dir, write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use support::proxy::Proxy;
use support::server::Server;
use support::{limits, open};
use tempfile::TempDir;

fn content(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at % 249).to_le_bytes()[0]).collect()
}

fn upload(session: &mut Session, path: &Path, bytes: &[u8]) -> Result<(), Why> {
    let path = path.to_str().expect("letters");
    session.upload(path, bytes, 0o640, &limits()).map_err(|failure| failure.why)
}

/// Waits until a folder has only these files: what a box does when nobody listens any more takes a moment.
fn has_only(folder: &Path, names: &[&str]) {
    let begun = Instant::now();
    loop {
        let mut there: Vec<String> = read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
            .collect();
        there.sort();
        if there == names {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{there:?} instead of {names:?}");
        std::thread::yield_now();
    }
}

#[test]
fn a_file_is_placed_with_its_mode_and_nothing_beside_it() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let mut session = open(&server.device()).expect("open");
    let path = folder.path().join("it's a file");
    for bytes in [0, 1, 300_000, 5_000_000] {
        let bytes = content(bytes);
        upload(&mut session, &path, &bytes).expect("placed");
        assert!(read(&path).expect("a file") == bytes);
        let mode = path.metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o7777, 0o640);
        has_only(folder.path(), &["it's a file"]);
    }
    let none = folder.path().join("none/f");
    assert!(matches!(upload(&mut session, &none, b"x"), Err(Why::Exit { status: 1, .. })));
}

#[test]
fn wherever_the_connection_is_cut_the_old_file_is_there_and_nothing_else() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("f");
    write(&path, "old").expect("written");
    let (new, mut cut) = (content(200_000), 0);
    // From the version on, over keys and log-in, to the last piece of the content.
    for bytes in [10, 1000, 2500, 4000, 20_000, 100_000, 195_000] {
        let proxy = Proxy::start(server.address(), bytes);
        let device = Device { address: proxy.address, ..server.device() };
        let why = open(&device).map_err(|failure| failure.why);
        let why = why.and_then(|mut session| upload(&mut session, &path, &new)).expect_err("cut");
        assert!(matches!(why, Why::Closed { .. }), "{bytes}: {why}");
        cut += usize::from(why == Why::Closed { during: ssh::During::Command });
        proxy.end();
        has_only(folder.path(), &["f"]);
        assert_eq!(read(&path).expect("a file"), b"old");
    }
    assert!(cut >= 3, "only {cut} were cut in the middle of the upload");
    upload(&mut open(&server.device()).expect("open"), &path, &new).expect("placed");
    assert!(read(&path).expect("a file") == new);
}

/// A file system of its own, of a megabyte.
struct Small(TempDir);

impl Small {
    fn mount() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(folder.path());
        assert!(mount.status().expect("mount").success(), "only root may mount");
        Self(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("f")
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_is_said_to_be_full_and_the_old_file_is_there() {
    let server = Server::start();
    let small = Small::mount();
    let path = small.path();
    write(&path, "old").expect("written");
    let mut session = open(&server.device()).expect("open");
    match upload(&mut session, &path, &content(2 << 20)) {
        Err(Why::Full { stderr, .. }) => assert!(stderr.contains("No space left"), "{stderr}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(read(&path).expect("a file"), b"old");
    has_only(small.0.path(), &["f"]);
    // The session goes on, and so does the disk.
    upload(&mut session, &path, &content(1000)).expect("placed");
    assert_eq!(read(&path).expect("a file"), content(1000));
}
