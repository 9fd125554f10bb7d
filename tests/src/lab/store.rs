//! Where the lab keeps things: below the build, so that `make clean` takes them along.
//!
//! `root-NAME` is a Debian root, `runs/ID` all files of a lab that runs.

use super::id::LabId;
use anyhow::{Context, Result};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const ROOT: &str = "root-";

/// The folder.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// Beside the program that runs: `target/lab` of this checkout.
    ///
    /// # Errors
    /// When the program is not where Cargo puts it, or the folder cannot be made.
    pub fn open() -> Result<Self> {
        let program = std::env::current_exe()?;
        // Cargo puts the second into a folder that was there before it, too.
        let marks = ["CACHEDIR.TAG", ".rustc_info.json"];
        let is_target = |folder: &&Path| marks.iter().any(|mark| folder.join(mark).exists());
        let target = program.ancestors().find(is_target);
        let folder = target.context("this program stands in no target folder")?.join("lab");
        // They stand in an option of mount, between commas and colons.
        let is_plain = !folder.display().to_string().contains([',', ':', '\\', ' ']);
        anyhow::ensure!(is_plain, "{}: the lab needs a path without , : \\", folder.display());
        std::fs::create_dir_all(folder.join("runs"))?;
        Ok(Self { folder })
    }

    pub(super) fn root(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{ROOT}{name}"))
    }

    /// Every root, half-made ones and what belongs to them too.
    pub(super) fn roots(&self) -> Result<Vec<PathBuf>> {
        let paths = std::fs::read_dir(&self.folder)?.map(|entry| Ok(entry?.path()));
        let is_root = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(ROOT))
        };
        let paths: Vec<PathBuf> = paths.collect::<Result<_>>()?;
        Ok(paths.into_iter().filter(is_root).collect())
    }

    /// Held by whoever makes a root.
    pub(super) fn lock(&self) -> PathBuf {
        self.folder.join("lock")
    }

    pub(super) fn runs(&self) -> PathBuf {
        self.folder.join("runs")
    }

    /// The folder of one lab.
    #[must_use]
    pub fn run(&self, id: LabId) -> PathBuf {
        self.runs().join(id.to_string())
    }
}

/// The files of one machine, below its lab's folder.
#[derive(Debug, Clone)]
pub struct MachineFolder(PathBuf);

impl MachineFolder {
    pub(super) fn of(run: &Path, name: &str) -> Self {
        Self(run.join("machines").join(name))
    }

    /// What the machine itself has written, and was given before it booted.
    pub(super) fn upper(&self) -> PathBuf {
        self.0.join("upper")
    }

    pub(super) fn work(&self) -> PathBuf {
        self.0.join("work")
    }

    /// What stands behind its disks.
    pub(super) fn disks(&self) -> PathBuf {
        self.0.join("disks")
    }

    /// The machine's root, as it sees it itself.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.0.join("root")
    }

    /// What nspawn says, and the machine on its console.
    #[must_use]
    pub fn console(&self) -> PathBuf {
        self.0.join("console")
    }

    /// The number of the machine's first process, while it is up.
    #[must_use]
    pub fn leader(&self) -> PathBuf {
        self.0.join("leader")
    }

    /// Without that file a shell finds no way in: the number may be somebody else's soon.
    pub(super) fn forget_leader(&self) -> std::io::Result<()> {
        match std::fs::remove_file(self.leader()) {
            Err(err) if err.kind() == ErrorKind::NotFound => Ok(()),
            outcome => outcome,
        }
    }
}
