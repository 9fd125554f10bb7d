//! A disk whose synchronisations fail: what one has dropped, a later one takes for written.

#[allow(dead_code, reason = "shared with tests that need more of it")]
mod parts;

use cache::storage::{Kernel, Storage, StoredFile};
use cache::{Cache, IntakeError, Lookup, Setup};
use contract::names::GroupName;
use parts::{Box_, content, entry, fill, open, setup};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The kernel's file systems, but for what is synchronised as a whole.
#[derive(Debug, Default)]
struct Failing(AtomicBool);

impl Storage for Failing {
    fn make_folders(&self, folder: &Path) -> io::Result<()> {
        Kernel.make_folders(folder)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        Kernel.list(folder)
    }

    fn create(&self, file: &Path, len_bytes: u64) -> io::Result<Arc<dyn StoredFile>> {
        Kernel.create(file, len_bytes)
    }

    fn open(&self, file: &Path) -> io::Result<Arc<dyn StoredFile>> {
        Kernel.open(file)
    }

    fn open_uncached(&self, file: &Path) -> io::Result<Arc<dyn StoredFile>> {
        Kernel.open_uncached(file)
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        Kernel.remove(file)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        Kernel.sync_folder(folder)
    }

    fn sync_all(&self, folder: &Path) -> io::Result<()> {
        if self.0.load(Ordering::Relaxed) {
            return Err(io::Error::other("it was dropped"));
        }
        Kernel.sync_all(folder)
    }

    fn free_bytes(&self, folder: &Path) -> io::Result<u64> {
        Kernel.free_bytes(folder)
    }

    fn lock_file(&self, file: &Path) -> io::Result<File> {
        Kernel.lock_file(file)
    }

    fn now_us(&self) -> u64 {
        Kernel.now_us()
    }

    fn depth(&self) -> usize {
        Kernel.depth()
    }
}

fn open_on(folder: &Path, storage: Arc<dyn Storage>) -> Box_ {
    let (io, seen) = (Arc::default(), Arc::default());
    let disks = vec![parts::disk(folder, 128 << 20)];
    let setup = Setup { storage, ..setup(disks, &io, &seen) };
    Box_ { cache: Cache::open(setup).expect("open"), io, seen }
}

#[test]
fn what_a_failed_synchronisation_may_have_dropped_is_not_sealed() {
    let folder = tempfile::tempdir().expect("folder");
    let storage = Arc::new(Failing::default());
    let parts = open_on(folder.path(), storage.clone());
    let [purged, coming] = [content(300_000, 1), content(200_000, 2)];
    let entries = [entry("/purged", &purged), entry("/coming", &coming)];
    parts.cache.set_wanted(entries.to_vec());
    fill(&parts.cache, &entries[0], &purged);
    let intake = parts.cache.begin(&entries[1]).expect("begun");
    intake.put_missing(&coming).expect("put");
    let verified = intake.finish().expect("verified");

    // All of the disk is synchronised for a purge, which fails: and with it, what has come.
    storage.0.store(true, Ordering::Relaxed);
    parts.cache.purge(|key| &*key.path == "/purged").expect_err("it is not forgotten for good");
    let refused = parts.cache.publish(&verified);
    assert!(matches!(refused, Err(IntakeError::Disk(_))), "{refused:?}");
    drop((verified, parts));

    let parts = open(folder.path(), 128 << 20);
    let group = GroupName::new("g").expect("name");
    let found = parts.cache.lookup(&group, "/coming");
    assert!(!matches!(found, Lookup::Held(_)), "{found:?}");
}
