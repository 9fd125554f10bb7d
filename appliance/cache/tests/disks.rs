//! Disks that come and go while a cache serves.

#[allow(dead_code, reason = "shared with tests that need more of it")]
mod parts;

use cache::{Cache, CacheEvent, DiskRefused, DiskSetup, DiskState, Lookup, OpenError, Setup};
use contract::catalogue::CatalogueEntry;
use contract::names::GroupName;
use contract::tombstones::PurgedUpTo;
use parts::{Box_, content, entry, fill, held, setup};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

fn disk(folder: &Path) -> DiskSetup {
    parts::disk(folder, 64 << 20)
}

fn open(folders: &[&Path]) -> Result<Box_, OpenError> {
    let (io, seen) = (Arc::default(), Arc::default());
    let disks = folders.iter().map(|folder| disk(folder)).collect();
    Ok(Box_ { cache: Cache::open(setup(disks, &io, &seen))?, io, seen })
}

fn events(parts: &Box_) -> Vec<CacheEvent> {
    parts.seen.0.lock().expect("lock").clone()
}

fn is_wanted(cache: &Cache, path: &str) -> bool {
    let group = GroupName::new("g").expect("name");
    matches!(cache.lookup(&group, path), Lookup::Wanted)
}

fn up_to(version: u64) -> PurgedUpTo {
    PurgedUpTo { epoch: 1, version }
}

fn two_objects() -> [(Arc<CatalogueEntry>, Vec<u8>); 2] {
    let contents = [content(300_000, 1), content(200_000, 2)];
    contents.map(|bytes| (entry(&format!("/{}", bytes.len()), &bytes), bytes))
}

/// Two disks; the one with the most room takes the next object, so that each has one.
struct TwoDisks {
    folders: [TempDir; 2],
    parts: Box_,
    objects: [(Arc<CatalogueEntry>, Vec<u8>); 2],
}

impl TwoDisks {
    fn full() -> Self {
        let folders = [tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder")];
        let parts = open(&folders.each_ref().map(TempDir::path)).expect("open");
        let objects = two_objects();
        parts.cache.set_wanted(objects.iter().map(|(entry, _)| Arc::clone(entry)).collect());
        objects.iter().for_each(|(entry, bytes)| fill(&parts.cache, entry, bytes));
        Self { folders, parts, objects }
    }

    /// The disk on which an object is held.
    fn disk_of(&self, path: &str) -> &Path {
        let file = held(&self.parts.cache, path).file();
        let folder = self.folders.iter().find(|folder| file.starts_with(folder.path()));
        folder.expect("one of them").path()
    }
}

#[test]
fn a_disk_that_was_out_while_something_was_purged_comes_back_empty() {
    let two = TwoDisks::full();
    let (parts, folder) = (&two.parts, two.disk_of("/300000"));
    let file = held(&parts.cache, "/300000").file();
    parts.cache.eject(folder, "it smells").expect("ejected");
    parts.cache.begin_purges(up_to(1));
    assert_eq!(parts.cache.purge(|entry| *entry.path == *"/300000").expect("purged"), 0);
    // Before it is known to be done, too.
    assert_eq!(parts.cache.readmit(folder).expect("readmitted"), 0);
    parts.cache.has_purged(up_to(1)).expect("marked");
    assert!(is_wanted(&parts.cache, "/300000") && !file.exists());
    // Once it has forgotten, it holds what comes like any other.
    let (entry, bytes) = &two.objects[0];
    fill(&parts.cache, entry, bytes);
    let folder = two.disk_of("/300000");
    parts.cache.eject(folder, "again").expect("ejected");
    assert!(parts.cache.readmit(folder).expect("readmitted") >= 1);
    held(&parts.cache, "/300000");
}

#[test]
fn a_disk_that_was_out_says_so_to_the_next_process() {
    let TwoDisks { folders, parts, objects } = TwoDisks::full();
    let out = held(&parts.cache, "/300000").file();
    let out = folders.iter().map(TempDir::path).find(|folder| out.starts_with(folder));
    let out = out.expect("one of them").to_path_buf();
    parts.cache.has_purged(up_to(3)).expect("marked");
    parts.cache.eject(&out, "it smells").expect("ejected");
    parts.cache.begin_purges(up_to(4));
    parts.cache.purge(|entry| *entry.path == *"/300000").expect("purged");
    parts.cache.has_purged(up_to(4)).expect("marked");
    drop(parts);

    let start = |purged| {
        let (io, seen) = (Arc::default(), Arc::default());
        let disks = folders.iter().map(|folder| disk(folder.path())).collect();
        let cache = Cache::open(Setup { purged, ..setup(disks, &io, &seen) }).expect("open");
        cache.set_wanted(objects.iter().map(|(entry, _)| Arc::clone(entry)).collect());
        Box_ { cache, io, seen }
    };
    // Nothing is lost by a state that is behind what the disks know: a crash came between.
    let parts = start(up_to(3));
    held(&parts.cache, "/300000");
    held(&parts.cache, "/200000");
    assert!(events(&parts).is_empty());
    drop(parts);
    let parts = start(up_to(4));
    assert!(is_wanted(&parts.cache, "/300000"));
    held(&parts.cache, "/200000");
    let missed = CacheEvent::DiskMissedPurges { folder: out, objects: 1 };
    assert_eq!(events(&parts), [missed]);
    // From here on it has missed nothing.
    let (entry, bytes) = &objects[0];
    fill(&parts.cache, entry, bytes);
    drop(parts);
    let parts = start(up_to(4));
    held(&parts.cache, "/300000");
    assert!(events(&parts).is_empty());
    drop(parts);
    // What was purged in an epoch of which it knows nothing, it may have missed.
    let later = PurgedUpTo { epoch: 2, version: 1 };
    let parts = start(later);
    assert!(is_wanted(&parts.cache, "/300000") && is_wanted(&parts.cache, "/200000"));
    objects.iter().for_each(|(entry, bytes)| fill(&parts.cache, entry, bytes));
    drop(parts);
    // Disks that no version with marks has used were all in use; one alone was elsewhere.
    let marks = folders.each_ref().map(|folder| folder.path().join("purged"));
    marks.iter().for_each(|mark| std::fs::remove_file(mark).expect("a mark"));
    let parts = start(later);
    held(&parts.cache, "/300000");
    held(&parts.cache, "/200000");
    drop(parts);
    std::fs::remove_file(&marks[0]).expect("a mark");
    let parts = start(later);
    let held = objects.iter().filter(|(entry, _)| !parts.cache.lacks(entry));
    assert_eq!((held.count(), events(&parts).len()), (1, 1));
}

#[test]
fn what_an_ejected_disk_held_is_missing_until_it_is_readmitted() {
    let two = TwoDisks::full();
    let (parts, folder) = (&two.parts, two.disk_of("/300000"));
    let first = held(&parts.cache, "/300000");

    parts.cache.eject(folder, "it smells").expect("ejected");
    assert!(is_wanted(&parts.cache, "/300000"));
    held(&parts.cache, "/200000");
    assert_eq!(parts.cache.missing(), [Arc::clone(&two.objects[0].0)]);
    assert!(matches!(parts.cache.eject(folder, ""), Err(DiskRefused::Already("ejected"))));
    assert!(matches!(parts.cache.eject(Path::new("/none"), ""), Err(DiskRefused::Unknown)));
    let slots = parts.cache.disk_slots();
    let ejected = slots.iter().find(|slot| slot.setup.folder == folder).expect("there");
    assert!(matches!(&ejected.state, DiskState::Ejected { reason } if reason == "it smells"));
    assert!(first.file().exists(), "its files stay as they are");

    // Nothing holds the folder any more: another process may have it meanwhile.
    drop(open(&[folder]).expect("open"));
    assert_eq!(parts.cache.readmit(folder).expect("readmitted"), 1);
    assert!(matches!(parts.cache.readmit(folder), Err(DiskRefused::Already("in use"))));
    held(&parts.cache, "/300000");
    assert_eq!(parts.cache.missing(), []);
    let folder = folder.to_path_buf();
    let readmitted = CacheEvent::DiskReadmitted { folder: folder.clone(), objects: 1 };
    let reason = "it smells".to_owned();
    let ejected = CacheEvent::DiskEjected { folder, reason, objects: 1 };
    assert_eq!(events(parts), [ejected, readmitted]);
}

#[test]
fn what_was_fetched_elsewhere_meanwhile_or_is_not_wanted_any_more_leaves_the_disk() {
    let folders = [tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder")];
    let [one, other] = folders.each_ref().map(|folder| folder.path());
    let parts = open(&[one]).expect("open");
    let [(refetched, bytes), (dropped, more)] = two_objects();
    parts.cache.set_wanted(vec![refetched.clone(), dropped.clone()]);
    fill(&parts.cache, &refetched, &bytes);
    fill(&parts.cache, &dropped, &more);
    let files = ["/300000", "/200000"].map(|path| held(&parts.cache, path).file());

    parts.cache.set_disks(vec![disk(one), disk(other)]).expect("set");
    parts.cache.eject(one, "").expect("ejected");
    fill(&parts.cache, &refetched, &bytes);
    parts.cache.set_wanted(vec![refetched]);
    assert!(files.iter().all(|file| file.exists()));
    assert_eq!(parts.cache.readmit(one).expect("readmitted"), 0);
    assert!(!files.iter().any(|file| file.exists()));
    assert!(held(&parts.cache, "/300000").file().starts_with(other));
    assert_eq!(parts.cache.disks()[0].used_bytes(), 0);
}

#[test]
fn a_disk_that_cannot_be_used_keeps_nobody_from_the_others() {
    let folders = [tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder")];
    let [sound, dead] = folders.each_ref().map(|folder| folder.path());
    // A file where the folder of objects should be.
    std::fs::write(dead.join("objects"), b"").expect("written");
    assert!(matches!(open(&[dead]), Err(OpenError::Disk { disk: 0, .. })));
    let parts = open(&[dead, sound]).expect("open");
    assert!(
        matches!(&events(&parts)[..], [CacheEvent::DiskEjected { folder, .. }] if folder == dead)
    );
    assert_eq!(parts.cache.disks().len(), 1);
    std::fs::remove_file(dead.join("objects")).expect("removed");
    assert_eq!(parts.cache.readmit(dead).expect("readmitted"), 0);
    assert_eq!(parts.cache.disks().len(), 2);
    // That another process has one is a mistake, and no dead disk.
    let busy = open(&[sound, tempfile::tempdir().expect("folder").path()]);
    assert!(matches!(busy, Err(OpenError::Disk { disk: 0, .. })));
}

#[test]
fn disks_are_added_and_removed_while_serving() {
    let folders = [tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder")];
    let [one, other] = folders.each_ref().map(|folder| folder.path());
    let parts = open(&[one]).expect("open");
    let [(entry, bytes), _] = two_objects();
    parts.cache.set_wanted(vec![Arc::clone(&entry)]);
    fill(&parts.cache, &entry, &bytes);

    assert!(parts.cache.set_disks(vec![disk(one), disk(other)]).expect("set").is_empty());
    held(&parts.cache, "/300000");
    assert_eq!(parts.cache.disks().len(), 2);
    let larger = DiskSetup { capacity_bytes: 128 << 20, ..disk(one) };
    assert!(parts.cache.set_disks(vec![larger, disk(other)]).expect("set").is_empty());
    held(&parts.cache, "/300000");
    assert_eq!(parts.cache.disks()[0].capacity_bytes(), 128 << 20);
    assert!(parts.cache.set_disks(vec![disk(other)]).expect("set").is_empty());
    assert!(is_wanted(&parts.cache, "/300000"));
    let dead = disk(Path::new("/proc/no-disk"));
    let refused = parts.cache.set_disks(vec![disk(other), dead.clone()]).expect("set");
    assert!(matches!(&refused[..], [(setup, DiskRefused::Unusable(_))] if *setup == dead));
    fill(&parts.cache, &entry, &bytes);
    assert!(held(&parts.cache, "/300000").file().starts_with(other));
}

#[test]
fn a_scrub_finds_what_nobody_has_asked_for_and_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("folder");
    let parts = open(&[folder.path()]).expect("open");
    let contents = [1, 2, 3].map(|seed| content(1_300_000 + usize::from(seed), seed));
    let entries: Vec<_> =
        contents.iter().map(|bytes| entry(&format!("/{}", bytes.len()), bytes)).collect();
    parts.cache.set_wanted(entries.clone());
    for (entry, bytes) in entries.iter().zip(&contents) {
        fill(&parts.cache, entry, bytes);
    }
    let rotten = held(&parts.cache, "/1300002").file();
    let file = std::fs::File::options().write(true).open(rotten).expect("file");
    file.write_all_at(b"?", 8192 + 1_299_000).expect("written");

    let disk = &parts.cache.disks()[0];
    let mut scrub = parts.cache.scrub(disk, 0);
    // An object of two slices: opened, read, read.
    assert_eq!([scrub.step(), scrub.step(), scrub.step()], [Some(0), Some(1 << 20), Some(251_425)]);
    // A manifest that names the same again keeps nothing from being read.
    let same = |entry: &Arc<CatalogueEntry>| Arc::new(CatalogueEntry::clone(entry));
    parts.cache.set_wanted(entries.iter().map(same).collect());
    let behind = scrub.progress();
    assert_eq!((behind.bytes_total, behind.bytes_done), (3_900_006, 1_300_001));
    assert_eq!([scrub.step(), scrub.step()], [Some(0), Some(1 << 20)]);
    drop(scrub);

    let mut scrub = parts.cache.scrub(disk, behind.serial);
    assert_eq!(scrub.progress().bytes_total, 2_600_005);
    while scrub.step().is_some() {}
    let done = scrub.progress();
    assert_eq!((done.bytes_done, done.bad_blocks), (2_600_005, 1));
    assert!(matches!(&events(&parts)[..], [CacheEvent::BlockCorrupt { block: 4, .. }]));
    assert!(is_wanted(&parts.cache, "/1300002"));
    assert_eq!(parts.cache.missing(), entries[1..2]);

    let mut scrub = parts.cache.scrub(disk, 0);
    parts.cache.eject(folder.path(), "").expect("ejected");
    assert_eq!(scrub.step(), None);
}
