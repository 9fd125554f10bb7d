//! Two processes share disks for a while: one reads and has stopped writing, the other is
//! about to write. Here both are in one process; a lock belongs to an open file either way.

mod parts;

use cache::{Cache, DiskHandover, DiskSetup, IntakeError};
use contract::config::DiskClass;
use contract::tombstones::PurgedUpTo;
use parts::{Box_, HeldIo, Seen, content, entry, fill, held, open, poll, setup};
use std::path::Path;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

const NO_TIME: Duration = Duration::from_millis(1);

fn open_after(folder: &Path, before: Vec<DiskHandover>) -> Result<Box_, cache::OpenError> {
    let (io, seen) = (Arc::new(HeldIo::default()), Arc::new(Seen::default()));
    let folder = folder.to_path_buf();
    let disks = vec![DiskSetup {
        folder,
        class: DiskClass::Ssd,
        capacity_bytes: 64 << 20,
        reserve_bytes: 0,
    }];
    Ok(Box_ { cache: Cache::open_after(setup(disks, &io, &seen), before)?, io, seen })
}

#[test]
fn the_lock_passes_over_and_lets_no_third_in() {
    let folder = tempfile::tempdir().expect("folder");
    let old = open(folder.path(), 64 << 20);
    let handed_over = old.cache.hand_over(NO_TIME).expect("handed over");
    let refused = |when: &str| {
        let third = open_after(folder.path(), Vec::new()).err().expect(when).to_string();
        assert!(third.contains("another process is using this folder"), "{third}");
    };
    refused("between the two");
    let new = open_after(folder.path(), handed_over).expect("taken over");
    refused("beside both");
    drop(old);
    refused("beside the new one");
    drop(new);
    open_after(folder.path(), Vec::new()).expect("free again");
}

#[test]
fn a_lock_of_another_folder_opens_nothing() {
    let folders = [(); 2].map(|()| tempfile::tempdir().expect("folder"));
    let [here, there] = folders.each_ref().map(|folder| open(folder.path(), 64 << 20));
    let of_there = there.cache.hand_over(NO_TIME).expect("handed over");
    assert!(open_after(folders[0].path(), of_there).is_err());
    drop(here);
}

#[test]
fn one_writes_at_a_time() {
    let folder = tempfile::tempdir().expect("folder");
    let old = open(folder.path(), 64 << 20);
    let bytes = content(300_000, 1);
    let wanted = entry("/a", &bytes);
    old.cache.set_wanted(vec![wanted.clone()]);
    let intake = old.cache.begin(&wanted).expect("begin");
    intake.put_missing(&bytes).expect("put");
    // An object that is being taken in holds the handover up.
    let busy = old.cache.hand_over(NO_TIME).expect_err("somebody writes");
    assert!(busy.to_string().contains("1 objects"), "{busy}");
    assert!(matches!(old.cache.begin(&wanted), Err(IntakeError::HandedOver)));
    old.cache.publish(&intake.finish().expect("whole")).expect("published");

    let handed_over = old.cache.hand_over(NO_TIME).expect("handed over");
    let new = open_after(folder.path(), handed_over).expect("taken over");
    held(&new.cache, "/a");
    let more = entry("/b", &content(10, 2));
    new.cache.set_wanted(vec![wanted, more.clone()]);
    assert!(matches!(new.cache.begin(&more), Err(IntakeError::HandedOver)));
    new.cache.may_write();
    fill(&new.cache, &more, &content(10, 2));
    assert!(matches!(old.cache.begin(&more), Err(IntakeError::HandedOver)));
}

#[test]
fn a_failed_handover_changes_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let old = open(folder.path(), 64 << 20);
    let (first, second) = (content(10, 1), content(20, 2));
    let (one, two) = (entry("/one", &first), entry("/two", &second));
    old.cache.set_wanted(vec![one.clone(), two.clone()]);
    fill(&old.cache, &one, &first);
    let file = held(&old.cache, "/one").file();
    drop(old.cache.hand_over(NO_TIME).expect("handed over"));
    old.cache.purge(|entry| *entry.path == *"/one").expect("purged");
    assert!(file.exists(), "removed while another process may read it");
    old.cache.take_back();
    assert!(!file.exists());
    assert_eq!((old.cache.disks()[0].objects(), old.cache.disks()[0].used_bytes()), (0, 0));
    fill(&old.cache, &two, &second);
}

#[test]
fn what_the_new_one_takes_for_no_object_stays_until_the_old_one_has_gone() {
    let folder = tempfile::tempdir().expect("folder");
    let old = open(folder.path(), 64 << 20);
    let entry = entry("/a", &content(10, 1));
    old.cache.set_wanted(vec![entry.clone()]);
    fill(&old.cache, &entry, &content(10, 1));
    let file = held(&old.cache, "/a").file();
    let handed_over = old.cache.hand_over(NO_TIME).expect("handed over");
    // As if the new one were a version with another layout.
    std::fs::write(&file, b"?").expect("written");
    let new = open_after(folder.path(), handed_over).expect("taken over");
    assert_eq!(new.cache.disks()[0].objects(), 0);
    assert!(file.exists());
    new.cache.may_remove();
    assert!(!file.exists());
}

#[test]
fn what_one_still_reads_the_other_neither_removes_nor_brings_back() {
    let folder = tempfile::tempdir().expect("folder");
    let old = open(folder.path(), 64 << 20);
    let bytes = content(600_000, 1);
    let (purged, replaced) = (entry("/purged", &bytes), entry("/replaced", &bytes));
    old.cache.set_wanted(vec![purged.clone(), replaced.clone()]);
    for entry in [&purged, &replaced] {
        fill(&old.cache, entry, &bytes);
    }
    // Somebody is being sent both; one of them is purged before the handover.
    let reading = [held(&old.cache, "/purged"), held(&old.cache, "/replaced")];
    old.cache.purge(|entry| *entry.path == *"/purged").expect("purged");
    let handed_over = old.cache.hand_over(NO_TIME).expect("handed over");
    assert_eq!(handed_over[0].leaving.len(), 1);
    let new = open_after(folder.path(), handed_over).expect("taken over");
    new.cache.set_wanted(vec![purged.clone(), replaced]);
    assert_eq!(new.cache.missing().len(), 1, "a purge must not be undone");
    // The new one fetches it again: under another name than the file that is leaving.
    new.cache.may_write();
    fill(&new.cache, &purged, &bytes);
    let again = held(&new.cache, "/purged").file();
    assert_ne!(again, reading[0].file());
    // And wants the other no more.
    new.cache.set_wanted(vec![purged]);
    for object in &reading {
        let mut read = old.cache.read(object, 1);
        old.io.complete_all();
        assert!(matches!(poll(&mut read), Poll::Ready(Ok(_))), "{}", object.entry.path);
    }
    let files = reading.each_ref().map(|object| object.file());
    let old_and_new_saw_nothing = [old.seen.clone(), new.seen.clone()];
    drop((reading, old));
    assert!(files.iter().all(|file| file.exists()), "the old one removes nothing any more");
    new.cache.may_remove();
    assert!(!files.iter().any(|file| file.exists()) && again.exists());
    assert_eq!(new.cache.disks()[0].objects(), 1);
    assert!(old_and_new_saw_nothing.iter().all(|seen| seen.0.lock().expect("lock").is_empty()));
}

#[test]
fn what_a_disk_has_missed_is_out_of_sight_and_its_files_stay_until_the_old_one_has_gone() {
    let folder = tempfile::tempdir().expect("folder");
    let old = open(folder.path(), 64 << 20);
    let bytes = content(300_000, 1);
    let wanted = entry("/a", &bytes);
    old.cache.set_wanted(vec![wanted.clone()]);
    fill(&old.cache, &wanted, &bytes);
    let reading = held(&old.cache, "/a");
    let handed_over = old.cache.hand_over(NO_TIME).expect("handed over");
    let purged = PurgedUpTo { epoch: 1, version: 4 };
    let open_new = |before| {
        let (io, seen) = (Arc::new(HeldIo::default()), Arc::new(Seen::default()));
        let setup = setup(vec![parts::disk(folder.path(), 64 << 20)], &io, &seen);
        let cache = Cache::open_after(cache::Setup { purged, ..setup }, before).expect("open");
        Box_ { cache, io, seen }
    };
    let new = open_new(handed_over);
    new.cache.set_wanted(vec![wanted.clone()]);
    assert!(new.cache.lacks(&wanted) && new.cache.disks()[0].objects() == 1);
    let header = || std::fs::read(reading.file()).expect("file")[..8].to_vec();
    assert_eq!(header(), *b"HEADEND2", "the old one writes still");
    new.cache.settle_purges();
    assert_eq!(header(), *b"HEADEND2");
    new.cache.may_write();
    new.cache.settle_purges();
    assert_eq!(header(), [0; 8], "no later process finds it");
    let file = reading.file();
    drop((reading, old));
    assert!(file.exists());
    new.cache.may_remove();
    assert!(!file.exists());
    // Nothing is missed any more.
    fill(&new.cache, &wanted, &bytes);
    drop(new);
    let again = open_new(Vec::new());
    held(&again.cache, "/a");
    assert!(again.seen.0.lock().expect("lock").is_empty());
}
