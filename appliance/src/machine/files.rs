//! The files in which the kernel tells of a machine.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Of what says one thing.
const MOST_LINE_OCTETS: u64 = 4096;

/// The most entries of a folder that are looked at: more than a machine has disks or ports.
const MOST_NAMES: usize = 1024;

/// The files of a machine: those below `/`, or a folder that looks like it.
pub(super) struct Files(PathBuf);

impl Files {
    pub(super) fn below(root: &Path) -> Self {
        Self(root.to_owned())
    }

    pub(super) fn root(&self) -> &Path {
        &self.0
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.0.join(path).exists()
    }

    /// All that stands in a file that is no longer than that.
    pub(super) fn octets(&self, path: &str, most: u64) -> Option<Vec<u8>> {
        let mut octets = Vec::new();
        File::open(self.0.join(path)).ok()?.take(most + 1).read_to_end(&mut octets).ok()?;
        (octets.len() as u64 <= most).then_some(octets)
    }

    /// What a file says in one line; makers write what they like.
    pub(super) fn line(&self, path: &str) -> Option<String> {
        let octets = self.octets(path, MOST_LINE_OCTETS)?;
        Some(String::from_utf8_lossy(&octets).trim().to_owned())
    }

    pub(super) fn number(&self, path: &str) -> Option<u64> {
        self.line(path)?.parse().ok()
    }

    /// What is in a folder, in order.
    pub(super) fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.0.join(folder)).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<String> = names.take(MOST_NAMES).collect();
        names.sort();
        names
    }

    /// The names of the folders that a link leads through: of what a device is plugged in, and of it.
    pub(super) fn way_to(&self, link: &str) -> Vec<String> {
        let Ok(place) = fs::canonicalize(self.0.join(link)) else { return Vec::new() };
        let names = place.iter().map(|name| name.to_string_lossy().into_owned());
        names.collect()
    }
}
