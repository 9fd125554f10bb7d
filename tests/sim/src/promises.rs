//! What boxes have said that they hold: it is there, or they have said that they lost it.

use crate::appliance::{Running, SimBox};
use crate::disk::SimDisk;
use crate::findings::Findings;
use crate::world::World;
use cache::{CacheEvent, Object};
use contract::catalogue::CatalogueEntry;
use contract::object::ObjectId;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What one box has promised.
#[derive(Debug, Default)]
pub struct Promises {
    /// By path.
    held: Mutex<BTreeMap<Arc<str>, Promise>>,
    /// Files that a purge has taken.
    purged: Mutex<BTreeSet<PathBuf>>,
    /// Files that objects have moved away from, or that newer ones have replaced, by path.
    left: Mutex<BTreeMap<Arc<str>, Vec<PathBuf>>>,
    /// Files that could not be read, be it because their disk was ejected: one may be what has
    /// replaced something at a start that nobody lived to see the end of.
    unread: Mutex<BTreeSet<PathBuf>>,
}

/// An object that a box holds.
#[derive(Debug, Clone)]
pub struct Promise {
    /// Its file.
    pub file: PathBuf,
    /// Whether something destroyed it, perhaps.
    pub is_excused: bool,
}

impl Promises {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Promise>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn purged(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.purged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A box has said that these are purged: nothing brings them back.
    pub fn never_again(&self, files: impl IntoIterator<Item = PathBuf>) {
        self.purged().extend(files);
    }

    fn unread(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A box has said that it holds this very object.
    pub fn make(&self, object: &Object) {
        let promise = Promise { file: object.file(), is_excused: false };
        // Published anew, it may have the name of one that is long gone.
        self.purged().remove(&promise.file);
        let path = &object.entry.path;
        let file = promise.file.clone();
        let before = self.all().insert(Arc::clone(path), promise);
        if let Some(before) = before.filter(|before| before.file != file) {
            self.left(path, before.file);
        }
    }

    fn left(&self, path: &Arc<str>, file: PathBuf) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.entry(Arc::clone(path)).or_default().push(file);
    }

    /// What it holds stands in another file from here on.
    pub fn moved(&self, path: &Arc<str>, from: &Path, to: PathBuf) {
        self.left(path, from.to_path_buf());
        if let Some(promise) = self.all().get_mut(path).filter(|promise| promise.file == from) {
            *promise = Promise { file: to, is_excused: false };
        }
    }

    /// The files in which an object stood before.
    #[must_use]
    pub fn stood_in(&self, path: &str) -> Vec<PathBuf> {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.get(path).cloned().unwrap_or_default()
    }

    /// What nobody wants any more need not be held.
    pub fn keep_only(&self, wanted: &[Arc<CatalogueEntry>]) {
        self.all().retain(|path, _| wanted.iter().any(|entry| entry.path == *path));
    }

    /// The box has taken this one back, or was told to.
    pub fn forget(&self, path: &str) -> bool {
        self.all().remove(path).is_some()
    }

    fn forget_file(&self, file: &Path) -> bool {
        let mut all = self.all();
        let before = all.len();
        all.retain(|_, promise| promise.file != file);
        all.len() < before
    }

    /// Before files are made that may have the names of those that were destroyed.
    pub fn excuse(&self, sim_box: &SimBox) {
        for promise in self.all().values_mut() {
            promise.is_excused |= sim_box.is_damaged(&promise.file);
        }
    }

    /// Whether a file of this version could not be read.
    fn has_unread(&self, id: &ObjectId) -> bool {
        let name = id.0.short();
        self.unread().iter().any(|file| file.file_stem().is_some_and(|stem| *stem == *name))
    }

    fn stands(&self, object: &Object) -> bool {
        self.all().get(&object.entry.path).is_some_and(|now| now.file == object.file())
    }

    /// All of them.
    #[must_use]
    pub fn list(&self) -> Vec<(Arc<str>, Promise)> {
        self.all().iter().map(|(path, promise)| (Arc::clone(path), promise.clone())).collect()
    }
}

/// A box has lost something and says so: that is allowed where something was destroyed.
pub(crate) fn hear(sim_box: &SimBox, event: &CacheEvent, findings: &Findings) {
    let (file, by_error) = match event {
        CacheEvent::DiskEjected { folder, .. } => return hear_eject(sim_box, folder, findings),
        CacheEvent::DiskMissedPurges { folder, .. } => {
            return hear_missed_purges(sim_box, folder, findings);
        }
        CacheEvent::DiskReadmitted { .. } | CacheEvent::WritesForgotten { .. } => return,
        CacheEvent::BlockCorrupt { file, .. }
        | CacheEvent::FileDiscarded { file, .. }
        | CacheEvent::TableDamaged { file, .. } => (file, false),
        CacheEvent::DiskError { file, .. } | CacheEvent::FileUnreadable { file, .. } => {
            (file, true)
        }
    };
    let was_promised = sim_box.promises.forget_file(file);
    if was_promised {
        findings.count(|counts| counts.lost += 1);
    }
    let Some(disk) = sim_box.disks.iter().find(|disk| file.starts_with(&disk.plan.root)) else {
        return findings.violation(format_args!("{} is on no disk", file.display()));
    };
    if matches!(event, CacheEvent::FileUnreadable { .. }) {
        sim_box.promises.unread().insert(file.clone());
    }
    let is_excused = disk.is_damaged(file) || by_error && disk.has_failed();
    // What was never whole may be anything after a crash.
    let matters = was_promised || matches!(event, CacheEvent::BlockCorrupt { .. });
    if matters && !is_excused {
        findings.violation(format_args!("{}: {event:?}, and nothing was destroyed", sim_box.name));
    }
}

/// A disk is ejected: all that it held is told to be lost, and there must be a reason.
fn hear_eject(sim_box: &SimBox, folder: &Path, findings: &Findings) {
    let disk = sim_box.disks.iter().find(|disk| disk.plan.root == folder);
    sim_box.promises.unread().extend(disk.into_iter().flat_map(|disk| disk.object_files()));
    let is_excused = lose_all(sim_box, folder, |disk| {
        disk.has_failed() || disk.was_damaged() || disk.is_unwanted()
    });
    if !is_excused {
        let folder = folder.display();
        findings.violation(format_args!("{folder} is ejected, and nothing is wrong with it"));
    }
}

/// A disk was out of use while something was purged: it must have been, or have lost its mark.
fn hear_missed_purges(sim_box: &SimBox, folder: &Path, findings: &Findings) {
    let is_excused = lose_all(sim_box, folder, |disk| {
        let was_out = disk.has_failed() || disk.is_unwanted();
        was_out || disk.was_damaged() || disk.may_repeat() || disk.was_crowded()
    });
    if !is_excused {
        let folder = folder.display();
        findings.violation(format_args!("{folder} was never out of use, and has missed purges"));
    }
}

/// Nothing of what stood on a disk is promised any more; gives whether there is an excuse.
fn lose_all(sim_box: &SimBox, folder: &Path, is_excused: impl FnOnce(&SimDisk) -> bool) -> bool {
    sim_box.promises.all().retain(|_, promise| !promise.file.starts_with(folder));
    let disk = sim_box.disks.iter().find(|disk| disk.plan.root == folder);
    disk.is_some_and(|disk| is_excused(disk))
}

/// Which publication a file is of.
fn serial(file: &Path) -> u64 {
    let serial = file.extension().and_then(|serial| serial.to_str()?.parse().ok());
    serial.unwrap_or(0)
}

/// After a start: what was promised is there, and all of it can be read.
pub(crate) async fn audit(world: &World, sim_box: &SimBox) {
    let Some(running) = sim_box.running() else { return };
    see_that_nothing_is_back(world, sim_box);
    for object in look_up(world, sim_box, &running) {
        if running.power.is_off() {
            return;
        }
        // It may have been purged meanwhile, or its disk ejected.
        if sim_box.promises.stands(&object) {
            crate::reads::read_all(&running, &object, &world.findings).await;
            world.findings.count(|counts| counts.survived += 1);
        }
    }
}

fn see_that_nothing_is_back(world: &World, sim_box: &SimBox) {
    for entry in (0..world.places()).filter_map(|ordinal| world.entry(ordinal)) {
        let file = sim_box.held(&entry).map(|object| object.file());
        let is_back = |file: &PathBuf| sim_box.promises.purged().contains(file);
        let may_repeat = sim_box.disks.iter().any(|disk| disk.may_repeat());
        if let Some(file) = file.filter(is_back).filter(|_| !may_repeat) {
            let (name, file) = (&sim_box.name, file.display());
            world.findings.violation(format_args!("{name}: {file} was purged, and is back"));
        }
    }
}

/// What of that which was promised is there, all at one moment: of what happens to it from then
/// on the box has to tell, by the file in which it stands now.
fn look_up(world: &World, sim_box: &SimBox, running: &Running) -> Vec<Arc<Object>> {
    let mut all = Vec::new();
    for (path, promise) in sim_box.promises.list() {
        let entry = world.entry_at(&path);
        let is_unread =
            entry.as_ref().is_some_and(|entry| sim_box.promises.has_unread(&entry.id()));
        let found = entry.and_then(|entry| sim_box.held(&entry));
        match found {
            // The old state or a new one.
            Some(object) if serial(&object.file()) >= serial(&promise.file) => {
                sim_box.promises.make(&object);
                all.push(object);
            }
            _ => {
                sim_box.promises.forget(&path);
                world.findings.count(|counts| counts.lost += 1);
                let is_damaged = promise.is_excused || sim_box.is_damaged(&promise.file);
                if !is_damaged && !is_unread && !running.power.is_off() {
                    let (name, file) = (&sim_box.name, promise.file.display());
                    world
                        .findings
                        .violation(format_args!("{name} has lost {path} ({file}) in silence"));
                }
            }
        }
    }
    // The next start tells anew of what it cannot read.
    sim_box.promises.unread().clear();
    all
}
