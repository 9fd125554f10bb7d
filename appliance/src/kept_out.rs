//! Disks that somebody at the fleet has had ejected. They stay so, through restarts and reloads,
//! until they are readmitted the same way, or have left the configuration.

use crate::keep;
use anyhow::Result;
use cache::Cache;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the report says of such a disk.
const REASON: &str = "as an operator asked";

/// The folders of these disks, here and in a file. Cheap to clone.
#[derive(Clone)]
pub(crate) struct KeptOut(Arc<Parts>);

struct Parts {
    file: PathBuf,
    folders: Mutex<BTreeSet<PathBuf>>,
}

impl KeptOut {
    /// Goes on from what an earlier process has written to this file.
    pub(crate) fn open(file: PathBuf) -> Self {
        let folders = read(&file).unwrap_or_else(|err| {
            tracing::warn!("disks that were ejected may be in use again: {err:#}");
            BTreeSet::new()
        });
        Self(Arc::new(Parts { file, folders: Mutex::new(folders) }))
    }

    fn folders(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.0.folders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn has(&self, folder: &Path) -> bool {
        self.folders().contains(folder)
    }

    /// Keeps a disk out from now on.
    pub(crate) fn put(&self, folder: &Path) -> Result<()> {
        self.change(|folders| folders.insert(folder.to_owned()))
    }

    /// Lets it in again.
    pub(crate) fn take(&self, folder: &Path) -> Result<()> {
        self.change(|folders| folders.remove(folder))
    }

    /// Ejects those that are in use, and forgets those that the configuration names no more.
    pub(crate) fn enforce(&self, cache: &Cache) {
        let slots = cache.disk_slots();
        let kept = |folders: &mut BTreeSet<PathBuf>| {
            let before = folders.len();
            folders.retain(|folder| slots.iter().any(|slot| slot.setup.folder == *folder));
            folders.len() != before
        };
        if let Err(err) = self.change(kept) {
            tracing::warn!("a disk that comes back will stay ejected: {err:#}");
        }
        for slot in slots.iter().filter(|slot| slot.in_use().is_some()) {
            let folder = &slot.setup.folder;
            if self.has(folder)
                && let Err(err) = cache.eject(folder, REASON)
            {
                tracing::warn!(%err, folder = %folder.display(), "the disk was to stay ejected");
            }
        }
    }

    /// On the disk before it counts here.
    fn change(&self, change: impl FnOnce(&mut BTreeSet<PathBuf>) -> bool) -> Result<()> {
        let mut folders = self.folders();
        let mut changed = folders.clone();
        if change(&mut changed) {
            keep::write(&self.0.file, &serde_json::to_vec(&changed)?)?;
            *folders = changed;
        }
        Ok(())
    }
}

/// No file, no such disks.
fn read(file: &Path) -> Result<BTreeSet<PathBuf>> {
    match std::fs::read(file) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(err) => Err(err.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_process_knows_of_it_until_it_is_let_in() {
        let place = tempfile::tempdir().expect("folder");
        let file = place.path().join("ejected.json");
        let folder = Path::new("/disks/a");
        let first = KeptOut::open(file.clone());
        assert!(!first.has(folder));
        first.put(folder).expect("kept");
        assert!(first.has(folder) && KeptOut::open(file.clone()).has(folder));
        first.take(folder).expect("kept");
        assert!(!first.has(folder) && !KeptOut::open(file.clone()).has(folder));

        std::fs::write(&file, "[").expect("written");
        assert!(!KeptOut::open(file).has(folder), "a damaged file keeps nobody from serving");
    }

    #[test]
    fn what_cannot_be_kept_is_not_said_to_be() {
        let place = tempfile::tempdir().expect("folder");
        let kept_out = KeptOut::open(place.path().join("gone/ejected.json"));
        assert!(kept_out.put(Path::new("/disks/a")).is_err());
        assert!(!kept_out.has(Path::new("/disks/a")));
    }
}
