//! Files of the kernel below a root folder, each with a bound. What is not there, cannot be
//! read or is too long is unknown.

use super::CpuList;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Lists of the largest machines have a few kilobytes; a line for each mount of a machine
/// full of containers has a few hundred.
const LONGEST_FILE: u64 = 1 << 20;

/// Entries of one folder that are looked at: interrupts of large machines are thousands.
const MOST_ENTRIES: usize = 16_384;

/// How far a device's parents are asked: bridges stand between it and the root.
const MOST_PARENTS: usize = 16;

/// The kernel's files, or what a test put in their place.
#[derive(Debug, Clone)]
pub(super) struct Tree(PathBuf);

impl Tree {
    /// Those below a root folder.
    pub(super) fn below(root: &Path) -> Self {
        // Devices are found by resolving links, so the root must be resolved as well.
        Self(fs::canonicalize(root).unwrap_or_else(|_| root.to_path_buf()))
    }

    /// The real place of a path like `sys/class/net`.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    /// A device's folder, from any link to it; one that is outside of the root is not had.
    pub(super) fn device(&self, link: &Path) -> Option<PathBuf> {
        fs::canonicalize(link).ok().filter(|device| device.starts_with(&self.0))
    }

    /// What the device, or the nearest of its parents, says by a file or folder.
    pub(super) fn nearest<T>(
        &self,
        device: &Path,
        ask: impl FnMut(&Path) -> Option<T>,
    ) -> Option<T> {
        let below = device.ancestors().take_while(|each| each.starts_with(&self.0));
        below.take(MOST_PARENTS).find_map(ask)
    }

    /// The NUMA node of a device. The kernel says -1 for «none in particular».
    pub(super) fn node_of(&self, device: &Path) -> Option<u32> {
        self.nearest(device, |folder| number(&folder.join("numa_node")))
    }
}

/// What a file says.
pub(super) fn text(file: &Path) -> Option<String> {
    let mut text = String::new();
    let read = File::open(file).ok()?.take(LONGEST_FILE + 1).read_to_string(&mut text).ok()?;
    (read as u64 <= LONGEST_FILE).then_some(text)
}

/// One line, without what surrounds it.
pub(super) fn line(file: &Path) -> Option<String> {
    let text = text(file)?;
    let line = text.trim();
    (!line.is_empty() && line.len() <= 256).then(|| line.to_owned())
}

/// A number that is not negative.
pub(super) fn number(file: &Path) -> Option<u32> {
    line(file)?.parse().ok()
}

/// A list of processors.
pub(super) fn list(file: &Path) -> Option<CpuList> {
    CpuList::parse(&text(file)?)
}

/// The names in a folder, in order.
pub(super) fn names(folder: &Path) -> Option<Vec<String>> {
    let entries = fs::read_dir(folder).ok()?.take(MOST_ENTRIES);
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort_unstable();
    Some(names)
}

/// The numbers of those names in a folder that are `prefix` and a number, rising.
pub(super) fn numbered(folder: &Path, prefix: &str) -> Option<Vec<u32>> {
    let number = |name: &String| name.strip_prefix(prefix)?.parse().ok();
    let mut numbers: Vec<u32> = names(folder)?.iter().filter_map(number).collect();
    numbers.sort_unstable();
    Some(numbers)
}
