//! What is synchronised, and a disk where that fails: what one has dropped, a later one takes for
//! written.

#[allow(dead_code, reason = "shared with tests that need more of it")]
mod parts;

use cache::storage::{Kernel, KernelBut, Otherwise, Storage};
use cache::{DiskState, IntakeError, Lookup};
use contract::names::GroupName;
use parts::{content, entry, fill, open, open_on};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What is synchronised as a whole is dropped, once it is told to.
#[derive(Debug, Default)]
struct Dropping(AtomicBool);

impl Otherwise for Dropping {
    fn sync_all(&self, folder: &Path) -> io::Result<()> {
        match self.0.load(Ordering::Relaxed) {
            true => Err(io::Error::other("it was dropped")),
            false => Kernel.sync_all(folder),
        }
    }
}

const CAPACITY: u64 = 128 << 20;

#[test]
fn what_a_failed_synchronisation_may_have_dropped_is_not_sealed() {
    let folder = tempfile::tempdir().expect("folder");
    let storage = Arc::new(KernelBut::new(Dropping::default()));
    let parts = open_on(folder.path(), CAPACITY, storage.clone());
    let [purged, coming] = [content(300_000, 1), content(200_000, 2)];
    let entries = [entry("/purged", &purged), entry("/coming", &coming)];
    parts.cache.set_wanted(entries.to_vec());
    fill(&parts.cache, &entries[0], &purged);
    let intake = parts.cache.begin(&entries[1]).expect("begun");
    intake.put_missing(&coming).expect("put");
    let verified = intake.finish().expect("verified");

    // All of the disk is synchronised for a purge, which fails: and with it, what has come.
    storage.0.0.store(true, Ordering::Relaxed);
    parts.cache.purge(|entry| *entry.path == *"/purged").expect_err("it is not forgotten for good");
    let slots = parts.cache.disk_slots();
    assert!(matches!(slots[0].state, DiskState::Ejected { .. }), "{:?}", slots[0].state);
    let refused = parts.cache.publish(&verified);
    assert!(matches!(refused, Err(IntakeError::Disk(_))), "{refused:?}");
    drop((verified, slots, parts));

    let parts = open(folder.path(), CAPACITY);
    let found = parts.cache.lookup(&GroupName::new("g").expect("name"), "/coming");
    assert!(!matches!(found, Lookup::Held(_)), "{found:?}");
}

/// Counts how often the names of the folders of objects are synchronised.
#[derive(Debug, Default)]
struct Counting(AtomicUsize);

impl Otherwise for Counting {
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let is_of_all = folder.ends_with("objects");
        self.0.fetch_add(usize::from(is_of_all), Ordering::Relaxed);
        Kernel.sync_folder(folder)
    }
}

#[test]
fn the_name_of_each_folder_is_synchronised_once() {
    let folder = tempfile::tempdir().expect("folder");
    let storage = Arc::new(KernelBut::new(Counting::default()));
    let parts = open_on(folder.path(), CAPACITY, storage.clone());
    let entries: Vec<_> = (0..400).map(|at| entry(&format!("/{at}"), b"content")).collect();
    parts.cache.set_wanted(entries.clone());
    entries.iter().for_each(|entry| fill(&parts.cache, entry, b"content"));
    let folders = std::fs::read_dir(folder.path().join("objects")).expect("listed").count();
    assert_eq!(storage.0.0.load(Ordering::Relaxed), folders);
}
