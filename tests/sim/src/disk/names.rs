//! Folders: which names stand in them, and which of these a power cut leaves.

use rand::Rng;
use rand::rngs::StdRng;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The number of a file.
pub(super) type FileNumber = u64;

/// Names of files and folders as programs see them, and as they were synchronised.
#[derive(Debug, Default)]
pub(super) struct Names {
    files: BTreeMap<PathBuf, FileNumber>,
    folders: BTreeSet<PathBuf>,
    durable_files: BTreeMap<PathBuf, FileNumber>,
    durable_folders: BTreeSet<PathBuf>,
}

impl Names {
    /// With a root that is a mount point and always there.
    pub(super) fn below(root: &Path) -> Self {
        let root = BTreeSet::from([root.to_path_buf()]);
        Self { folders: root.clone(), durable_folders: root, ..Self::default() }
    }

    pub(super) fn get(&self, file: &Path) -> Option<FileNumber> {
        self.files.get(file).copied()
    }

    pub(super) fn files(&self) -> impl Iterator<Item = (&PathBuf, FileNumber)> {
        self.files.iter().map(|(path, number)| (path, *number))
    }

    /// Every path that has a file, or may have one again after a power cut.
    pub(super) fn all_paths(&self) -> BTreeSet<PathBuf> {
        self.files.keys().chain(self.durable_files.keys()).cloned().collect()
    }

    pub(super) fn has_folder(&self, folder: &Path) -> bool {
        self.folders.contains(folder)
    }

    pub(super) fn make_folders(&mut self, folder: &Path) {
        let missing: Vec<_> =
            folder.ancestors().take_while(|folder| !self.folders.contains(*folder)).collect();
        self.folders.extend(missing.into_iter().map(Path::to_path_buf));
    }

    pub(super) fn list(&self, folder: &Path) -> Vec<PathBuf> {
        let stands_here = |path: &&PathBuf| path.parent() == Some(folder);
        let folders = self.folders.iter().filter(stands_here);
        folders.chain(self.files.keys().filter(stands_here)).cloned().collect()
    }

    pub(super) fn add(&mut self, file: &Path, number: FileNumber) {
        self.files.insert(file.to_path_buf(), number);
    }

    pub(super) fn remove(&mut self, file: &Path) -> Option<FileNumber> {
        self.files.remove(file)
    }

    /// Whether a power cut could bring this file back.
    pub(super) fn is_durable(&self, number: FileNumber) -> bool {
        self.durable_files.values().any(|durable| *durable == number)
    }

    pub(super) fn sync(&mut self, folder: &Path) {
        let stands_here = |path: &PathBuf| path.parent() == Some(folder);
        self.durable_files.retain(|path, _| !stands_here(path));
        let files = self.files.iter().filter(|(path, _)| stands_here(path));
        self.durable_files.extend(files.map(|(path, number)| (path.clone(), *number)));
        self.durable_folders.extend(self.folders.iter().filter(|it| stands_here(it)).cloned());
    }

    pub(super) fn sync_all(&mut self) {
        self.durable_files.clone_from(&self.files);
        self.durable_folders.clone_from(&self.folders);
    }

    /// Of each change that was not synchronised, the disk has it or not.
    pub(super) fn cut_power(&mut self, random: &mut StdRng) {
        let new_folders: Vec<_> = self.folders.difference(&self.durable_folders).collect();
        // A folder is lost with all that stands in it, be it synchronised or not.
        let lost: Vec<PathBuf> =
            new_folders.into_iter().filter(|_| random.random_bool(0.5)).cloned().collect();
        let is_lost = |path: &Path| lost.iter().any(|folder| path.starts_with(folder));
        let mut after = BTreeMap::new();
        let paths: BTreeSet<_> = self.files.keys().chain(self.durable_files.keys()).collect();
        for path in paths {
            let (now, durable) = (self.files.get(path), self.durable_files.get(path));
            let left = if now == durable || random.random_bool(0.5) { now } else { durable };
            if let Some(number) = left.filter(|_| !is_lost(path)) {
                after.insert(path.clone(), *number);
            }
        }
        self.folders.retain(|folder| !is_lost(folder));
        self.durable_folders.clone_from(&self.folders);
        self.durable_files.clone_from(&after);
        self.files = after;
    }
}
