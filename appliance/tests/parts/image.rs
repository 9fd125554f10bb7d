//! A file system (ext4) in a file, mounted where the box has its disk: it can be full, and its
//! octets can change under it. Only the box sees the mount, in a mount namespace of its own: with
//! its process the mount goes, and the loop device under it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Ends with us, mounts, and becomes what follows.
const MOUNT: &str = r#"mount -o loop "$1" "$2" && shift 2 && exec "$@""#;

const PAGE: u64 = 4096;

/// The image, and where the box has it.
pub(crate) struct Image {
    file: PathBuf,
    folder: PathBuf,
}

/// Whether this machine lets us mount; in CI it must.
pub(crate) fn may_mount() -> bool {
    let may = nix::unistd::geteuid().is_root() && Path::new("/dev/loop-control").exists();
    assert!(may || std::env::var_os("CI").is_none(), "root and loop devices are needed");
    if !may {
        eprintln!("skipped: without root and loop devices nothing can be mounted");
    }
    may
}

/// What a program says; it must succeed.
pub(crate) fn said(program: &str, args: &[&str]) -> String {
    let out = Command::new(program).args(args).output().expect(program);
    assert!(out.status.success(), "{program} {args:?}: {out:?}");
    String::from_utf8(out.stdout).expect("text")
}

impl Image {
    /// A new one, as large as that.
    pub(crate) fn new(file: PathBuf, folder: PathBuf, bytes: u64) -> Self {
        File::create(&file).and_then(|file| file.set_len(bytes)).expect("an image");
        fs::create_dir_all(&folder).expect("a folder");
        // Blocks of a page, as on disks; and nothing is kept for root: full is full.
        let options = ["-q", "-F", "-b", "4096", "-m", "0", file.to_str().expect("text")];
        said("mkfs.ext4", &options);
        Self { file, folder }
    }

    /// What goes before the command of the box.
    pub(crate) fn mounted(&self) -> Vec<OsString> {
        let words = ["setpriv", "--pdeathsig", "KILL", "--", "unshare", "--mount"];
        let words = words.into_iter().chain(["--propagation", "private", "sh", "-c", MOUNT, "sh"]);
        words.map(OsString::from).chain([(&self.file).into(), (&self.folder).into()]).collect()
    }

    /// A place below the mount, as everybody else reaches it while the box runs.
    pub(crate) fn within(&self, pid: u32, name: &str) -> PathBuf {
        let folder = self.folder.strip_prefix("/").expect("an absolute path");
        Path::new(&format!("/proc/{pid}/root")).join(folder).join(name)
    }

    /// How many bytes are free.
    pub(crate) fn free(&self, pid: u32) -> u64 {
        let seen = nix::sys::statvfs::statvfs(&self.within(pid, ".")).expect("mounted");
        seen.blocks_available() * seen.fragment_size()
    }

    /// Changes a bit of a file in the image, under the file system. Synchronised: the loop device
    /// sees it whether it reads around the page cache or not.
    pub(crate) fn flip(&self, file: &Path, offset: u64) {
        let place = physical(file, offset / PAGE) * PAGE;
        let image = File::options().read(true).write(true).open(&self.file).expect("the image");
        let (mut there, mut seen) = ([0; 4096], [0; 4096]);
        image.read_exact_at(&mut there, place).expect("read");
        let open = File::open(file).expect("the file");
        open.read_exact_at(&mut seen, offset / PAGE * PAGE).expect("read");
        assert!(there == seen, "{} does not stand there", file.display());
        let at = usize::try_from(offset % PAGE).expect("small");
        image.write_all_at(&[there[at] ^ 0x10], place + at as u64).expect("written");
        image.sync_all().expect("synchronised");
    }
}

/// Where a page of a file stands in the file system, in pages: by `filefrag`, whose lines are
/// `0: first.. last: physical.. physical: length: …`.
fn physical(file: &Path, page: u64) -> u64 {
    let text = said("filefrag", &["-s", "-v", "-b4096", file.to_str().expect("text")]);
    let extent = |line: &str| {
        let mut parts = line.split(':').skip(1);
        let mut span = || {
            let (first, last) = parts.next()?.split_once("..")?;
            Some((first.trim().parse::<u64>().ok()?, last.trim().parse::<u64>().ok()?))
        };
        let ((first, last), (physical, _)) = (span()?, span()?);
        (first..=last).contains(&page).then(|| physical + page - first)
    };
    let place = text.lines().find_map(extent);
    place.unwrap_or_else(|| panic!("page {page} of {} is nowhere:\n{text}", file.display()))
}
