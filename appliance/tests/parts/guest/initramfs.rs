//! What a guest finds at its root: an archive as the kernel unpacks it into memory when it boots
//! (cpio, "newc": <https://docs.kernel.org/driver-api/early-userspace/buffer-format.html>).

use super::super::image::said;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// File types and permissions, as stat(2) has them.
const FOLDER: u32 = 0o040_755;
const FILE: u32 = 0o100_644;
const PROGRAM: u32 = 0o100_755;

/// The archive, as far as it is written.
#[derive(Default)]
pub(crate) struct Initramfs {
    octets: Vec<u8>,
    there: BTreeSet<PathBuf>,
}

impl Initramfs {
    /// Programs of this system, each where it stands here, with the libraries they load.
    pub(crate) fn add_programs(&mut self, names: &[&str]) {
        for name in names {
            let place = said("sh", &["-c", &format!("command -v {name}")]);
            self.add_program(Path::new(place.trim()));
        }
    }

    /// A program, with the libraries it loads.
    pub(crate) fn add_program(&mut self, program: &Path) {
        let libraries = said("ldd", &[program.to_str().expect("text")]);
        let paths = libraries.split_whitespace().filter(|word| word.starts_with('/'));
        for path in paths.map(Path::new).chain([program]) {
            self.add(path, PROGRAM, &fs::read(path).expect("a file"));
        }
    }

    /// A script that runs as the first process.
    pub(crate) fn add_init(&mut self, script: &str) {
        self.add(Path::new("/init"), PROGRAM, script.as_bytes());
    }

    /// A folder and all that is in it, each where it stands here.
    pub(crate) fn add_folder(&mut self, folder: &Path) {
        self.make(folder);
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                self.add_folder(&path);
            } else if path.is_file() {
                self.add(&path, FILE, &fs::read(&path).expect("a file"));
            }
        }
    }

    /// A folder with nothing in it, and the folders that it stands in.
    pub(crate) fn make(&mut self, folder: &Path) {
        for part in folder.ancestors().collect::<Vec<_>>().into_iter().rev().skip(1) {
            self.entry(part, FOLDER, &[]);
        }
    }

    /// The whole of it.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.entry(Path::new("/TRAILER!!!"), 0, &[]);
        self.octets
    }

    fn add(&mut self, path: &Path, mode: u32, content: &[u8]) {
        self.make(path.parent().expect("an absolute path"));
        self.entry(path, mode, content);
    }

    fn entry(&mut self, path: &Path, mode: u32, content: &[u8]) {
        if !self.there.insert(path.to_owned()) {
            return;
        }
        let name = path.strip_prefix("/").expect("an absolute path").to_str().expect("text");
        // Inode, mode, owner, group, links, time, size, four device numbers, length of the name
        // with its NUL, and a sum that this format does not have.
        let fields = [0, mode, 0, 0, 1, 0, length(content.len()), 0, 0, 0, 0];
        self.octets.extend_from_slice(b"070701");
        for field in fields.into_iter().chain([length(name.len() + 1), 0]) {
            self.octets.extend_from_slice(format!("{field:08x}").as_bytes());
        }
        self.octets.extend_from_slice(name.as_bytes());
        self.octets.push(0);
        self.align();
        self.octets.extend_from_slice(content);
        self.align();
    }

    /// Names and contents end at a multiple of four.
    fn align(&mut self) {
        self.octets.resize(self.octets.len().next_multiple_of(4), 0);
    }
}

fn length(octets: usize) -> u32 {
    octets.try_into().expect("less than 4 GiB")
}
