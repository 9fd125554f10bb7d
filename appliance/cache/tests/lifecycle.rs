//! Objects come in, are served, break, come back, survive a restart.

mod parts;

use cache::{Cache, CacheEvent, DiskSetup, Intake, IntakeError, Lookup, Object, ReadFailed, Tier};
use contract::config::DiskClass;
use contract::names::GroupName;
use contract::slices::{SliceHasher, SliceHashes};
use parts::{Box_, content, entry, fill, held, open, poll, setup};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::task::Poll;

const SLICE: usize = 1 << 20;

/// The bytes of a slice.
fn slice(content: &[u8], slice: u32) -> &[u8] {
    content.chunks(SLICE).nth(slice as usize).expect("a slice")
}

fn missing(intake: &Intake) -> Vec<u32> {
    intake.missing().into_iter().flatten().collect()
}

fn read_all(parts: &Box_, object: &Arc<Object>) -> Result<Vec<u8>, ReadFailed> {
    let mut out = Vec::new();
    let blocks = u32::try_from(object.entry.size_bytes.div_ceil(cache::BLOCK_BYTES)).expect("few");
    for block in 0..blocks {
        let mut read = parts.cache.read(object, block);
        parts.io.complete_all();
        let Poll::Ready(block) = poll(&mut read) else { panic!("not settled") };
        out.extend_from_slice(block?.bytes());
    }
    Ok(out)
}

#[test]
fn what_goes_in_comes_out_at_every_size() {
    let folder = tempfile::tempdir().expect("folder");
    let parts = open(folder.path(), 64 << 20);
    let block = usize::try_from(cache::BLOCK_BYTES).expect("small");
    let sizes = [0, 1, 4095, 4096, block - 1, block, block + 1, 3 * block + 77];
    let objects: Vec<_> = sizes
        .iter()
        .map(|size| (entry(&format!("/{size}"), &content(*size, 1)), content(*size, 1)))
        .collect();
    parts.cache.set_wanted(objects.iter().map(|(entry, _)| entry.clone()).collect());
    assert_eq!(parts.cache.missing().len(), sizes.len());
    for (entry, bytes) in &objects {
        fill(&parts.cache, entry, bytes);
        let object = held(&parts.cache, &entry.path);
        assert_eq!(read_all(&parts, &object).as_ref(), Ok(bytes), "{}", entry.path);
    }
    assert!(parts.cache.missing().is_empty());
    let [wanted, have] = parts.cache.totals();
    assert_eq!(wanted, have);
}

#[test]
fn one_disk_read_serves_all_who_ask_and_then_ram_does() {
    let folder = tempfile::tempdir().expect("folder");
    let parts = open(folder.path(), 64 << 20);
    let bytes = content(1000, 2);
    let entry = entry("/a", &bytes);
    parts.cache.set_wanted(vec![entry.clone()]);
    fill(&parts.cache, &entry, &bytes);
    let object = held(&parts.cache, "/a");
    let mut reads: Vec<_> = (0..10).map(|_| parts.cache.read(&object, 0)).collect();
    assert!(reads.iter_mut().all(|read| poll(read).is_pending()));
    reads.pop();
    assert_eq!(parts.io.complete_all(), 1, "ten readers, one read");
    for read in &mut reads {
        let Poll::Ready(Ok(block)) = poll(read) else { panic!("not settled") };
        assert_eq!((block.tier(), block.bytes()), (Tier::Disk, &bytes[..]));
    }
    let Poll::Ready(Ok(block)) = poll(&mut parts.cache.read(&object, 0)) else { panic!("ram") };
    assert_eq!(block.tier(), Tier::Ram);
}

#[test]
fn a_flipped_bit_is_refused_withdrawn_told_of_once_and_refilled() {
    let folder = tempfile::tempdir().expect("folder");
    let parts = open(folder.path(), 64 << 20);
    let bytes = content(600_000, 3);
    let entry = entry("/a", &bytes);
    parts.cache.set_wanted(vec![entry.clone()]);
    fill(&parts.cache, &entry, &bytes);
    let object = held(&parts.cache, "/a");
    let file = File::options().read(true).write(true).open(object.file()).expect("file");
    let at = 8192 + bytes.len() as u64 - 5;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).expect("read");
    file.write_all_at(&[byte[0] ^ 0x10], at).expect("write");

    let mut reads = [parts.cache.read(&object, 2), parts.cache.read(&object, 2)];
    parts.io.complete_all();
    for read in &mut reads {
        assert_eq!(
            poll(read).map(|r| r.err()),
            Poll::Ready(Some(ReadFailed::Corrupt { block: 2 }))
        );
    }
    let group = GroupName::new("g").expect("name");
    assert!(matches!(parts.cache.lookup(&group, "/a"), Lookup::Wanted));
    let events = parts.seen.0.lock().expect("lock").clone();
    assert!(matches!(&events[..], [CacheEvent::BlockCorrupt { block: 2, .. }]), "{events:?}");

    // Refilled while a reader still has the broken version in hand.
    fill(&parts.cache, &entry, &bytes);
    drop((object, reads));
    let object = held(&parts.cache, "/a");
    assert_eq!(read_all(&parts, &object), Ok(bytes));
    assert_eq!(parts.cache.disks()[0].objects(), 1);
}

#[test]
fn a_bad_slice_is_fetched_again_and_the_others_stay() {
    let folder = tempfile::tempdir().expect("folder");
    let parts = open(folder.path(), 64 << 20);
    let bytes = content(3 * SLICE + 5, 4);
    let entry = entry("/a", &bytes);
    parts.cache.set_wanted(vec![entry.clone()]);
    fill(&parts.cache, &entry, &bytes);
    let object = held(&parts.cache, "/a");
    let file = File::options().write(true).open(object.file()).expect("file");
    file.write_all_at(b"?", 8192 + 2 * SLICE as u64 + 600_000).expect("write");

    assert_eq!(read_all(&parts, &object), Err(ReadFailed::Corrupt { block: 10 }));
    assert_eq!(parts.cache.missing(), std::slice::from_ref(&entry));
    let intake = parts.cache.begin(&entry).expect("begin");
    assert_eq!(missing(&intake), [2]);
    // What can still be read of it is read meanwhile, and what comes back can be waited for.
    let mut waits = parts.cache.read(&object, 10);
    assert!(poll(&mut waits).is_pending());
    intake.put(2, slice(&bytes, 2)).expect("put");
    parts.cache.publish(&intake.finish().expect("verified")).expect("publish");
    let again = held(&parts.cache, "/a");
    assert_eq!(again.file(), object.file());
    assert_eq!(read_all(&parts, &again), Ok(bytes));
    assert_eq!(parts.cache.disks()[0].objects(), 1);
}

#[test]
fn an_interrupted_intake_goes_on_and_wrong_bytes_never_become_visible() {
    let folder = tempfile::tempdir().expect("folder");
    let parts = open(folder.path(), 64 << 20);
    let bytes = content(3 * SLICE + 5, 4);
    let entry = entry("/a", &bytes);
    parts.cache.set_wanted(vec![entry.clone()]);

    let intake = parts.cache.begin(&entry).expect("begin");
    intake.put(1, slice(&bytes, 1)).expect("put");
    intake.put(3, slice(&bytes, 3)).expect("put");
    assert!(matches!(parts.cache.begin(&entry), Err(IntakeError::Busy)));
    for (at, len) in [(0, SLICE - 1), (3, SLICE), (4, 5), (3, 0)] {
        let refused = intake.put(at, &bytes[..len]);
        assert!(matches!(refused, Err(IntakeError::WrongLength { .. })), "{at} {len}");
    }
    assert_eq!(missing(&intake), [0, 2]);
    assert!(matches!(intake.finish(), Err(IntakeError::Missing { slices: 2 })));

    // The next one lies: without the hashes of slices, only the whole can tell.
    let intake = parts.cache.begin(&entry).expect("begin");
    assert!(!intake.knows_slices());
    assert_eq!(missing(&intake), [0, 2]);
    let mut lie = slice(&bytes, 0).to_vec();
    lie[5] ^= 1;
    intake.put(0, &lie).expect("put");
    intake.put(2, slice(&bytes, 2)).expect("put");
    assert!(matches!(intake.finish(), Err(IntakeError::WrongBytes { .. })));
    let intake = parts.cache.begin(&entry).expect("begin");
    assert_eq!(missing(&intake), [0, 1, 2, 3]);
    drop(intake);

    assert_eq!(parts.cache.totals()[1], (0, 0));
    fill(&parts.cache, &entry, &bytes);
    assert_eq!(read_all(&parts, &held(&parts.cache, "/a")), Ok(bytes));
}

fn hashes(bytes: &[u8]) -> SliceHashes {
    let mut hasher = SliceHasher::default();
    hasher.update(bytes);
    hasher.finish().2
}

#[test]
fn with_hashes_a_slice_is_read_when_it_comes_and_a_lie_costs_only_itself() {
    let folder = tempfile::tempdir().expect("folder");
    let parts = open(folder.path(), 64 << 20);
    let bytes = content(2 * SLICE + 300_000, 5);
    let entry = entry("/a", &bytes);
    parts.cache.set_wanted(vec![entry.clone()]);
    let group = GroupName::new("g").expect("name");
    let mut intake = parts.cache.begin(&entry).expect("begin");
    intake.put(0, slice(&bytes, 0)).expect("put");
    let Lookup::Arriving(object) = parts.cache.lookup(&group, "/a") else { panic!("coming") };
    // Block 1 was received before anybody knew the hashes, block 9 has not come.
    let mut early = [parts.cache.read(&object, 1), parts.cache.read(&object, 9)];
    assert!(early.iter_mut().all(|read| poll(read).is_pending()));
    intake.expect(hashes(&bytes)).expect("expected");
    let Poll::Ready(Ok(block)) = poll(&mut early[0]) else { panic!("known now") };
    assert_eq!(block.bytes(), &bytes[262_144..524_288]);

    let mut lie = slice(&bytes, 2).to_vec();
    lie[7] ^= 1;
    assert!(matches!(intake.put(2, &lie), Err(IntakeError::WrongSlice { slice: 2, .. })));
    assert!(poll(&mut early[1]).is_pending());
    intake.put(2, slice(&bytes, 2)).expect("put");
    let Poll::Ready(Ok(block)) = poll(&mut early[1]) else { panic!("it came") };
    assert_eq!(block.bytes(), &bytes[2 * SLICE + 262_144..]);
    let mut again = parts.cache.read(&object, 8);
    assert_eq!(parts.io.complete_all(), 1, "from the disk, like any other");
    assert!(matches!(poll(&mut again), Poll::Ready(Ok(_))));

    // Who waits hears that nobody brings it.
    let mut waits = parts.cache.read(&object, 4);
    assert!(poll(&mut waits).is_pending());
    drop(intake);
    let not_coming = Poll::Ready(Some(ReadFailed::NotComing { block: 4 }));
    assert_eq!(poll(&mut waits).map(Result::err), not_coming);
    assert_eq!(poll(&mut parts.cache.read(&object, 4)).map(Result::err), not_coming);
    assert!(matches!(parts.cache.lookup(&group, "/a"), Lookup::Wanted));

    let mut intake = parts.cache.begin(&entry).expect("begin");
    assert_eq!(missing(&intake), [1]);
    intake.expect(hashes(&bytes)).expect("expected");
    intake.set_from_beyond(false);
    assert!(!object.is_from_beyond(), "a sibling brings what is missing");
    intake.put_missing(&bytes).expect("put");
    assert!(object.is_from_beyond() && !object.is_whole(), "nothing is missing but the seal");
    parts.cache.publish(&intake.finish().expect("whole")).expect("published");
    assert_eq!(read_all(&parts, &object), Ok(bytes), "the one in hand is whole now");
    assert!(object.is_whole() && !object.is_coming());
}

#[test]
fn what_is_purged_while_it_comes_does_not_come_back() {
    let folder = tempfile::tempdir().expect("folder");
    let parts = open(folder.path(), 64 << 20);
    let bytes = content(300_000, 5);
    let entry = entry("/a", &bytes);
    parts.cache.set_wanted(vec![entry.clone()]);
    let intake = parts.cache.begin(&entry).expect("begin");
    intake.put_missing(&bytes).expect("put");
    let file = intake.object().file();
    assert_eq!(parts.cache.purge(|_| true).expect("purged"), 1);
    let verified = intake.finish().expect("whole");
    assert!(matches!(parts.cache.publish(&verified), Err(IntakeError::Withdrawn)));
    drop(verified);
    assert!(!file.exists());
    fill(&parts.cache, &entry, &bytes);
}

#[test]
fn a_restart_finds_what_was_published_and_what_has_come_and_throws_away_what_was_damaged() {
    let folder = tempfile::tempdir().expect("folder");
    let (a, b, c) = (content(300_000, 5), content(10, 6), content(3 * SLICE, 7));
    let entries = [entry("/a", &a), entry("/b", &b), entry("/c", &c)];
    let [file_b, file_c] = {
        let parts = open(folder.path(), 64 << 20);
        parts.cache.set_wanted(entries.to_vec());
        fill(&parts.cache, &entries[0], &a);
        fill(&parts.cache, &entries[1], &b);
        let intake = parts.cache.begin(&entries[2]).expect("begin");
        intake.put(0, slice(&c, 0)).expect("put");
        intake.put(2, slice(&c, 2)).expect("put");
        [held(&parts.cache, "/b").file(), intake.object().file()]
    };
    let damage = |file: &Path, at| {
        let file = File::options().write(true).open(file).expect("file");
        file.write_all_at(b"?", at).expect("write");
    };
    damage(&file_b, 100);
    // Of a slice that has come; after a crash, its content may not have reached the disk.
    damage(&file_c, 8192 + 2 * SLICE as u64 + 77);

    let parts = open(folder.path(), 64 << 20);
    let object = held(&parts.cache, "/a");
    assert_eq!(read_all(&parts, &object), Ok(a), "served before any manifest came");
    assert!(!file_b.exists());
    let events = parts.seen.0.lock().expect("lock").clone();
    assert!(matches!(&events[..], [CacheEvent::FileDiscarded { .. }]), "{events:?}");
    parts.cache.set_wanted(entries.to_vec());
    assert_eq!(parts.cache.missing(), entries[1..]);
    assert_eq!(missing(&parts.cache.begin(&entries[2]).expect("begin")), [1, 2]);
    parts.cache.set_wanted(entries[..2].to_vec());
    assert!(!file_c.exists(), "wanted no more");
}

#[test]
fn a_damaged_table_costs_the_slices_that_it_speaks_of() {
    let folder = tempfile::tempdir().expect("folder");
    let bytes = content(2 * SLICE, 3);
    let wanted = entry("/a", &bytes);
    let file = {
        let parts = open(folder.path(), 64 << 20);
        parts.cache.set_wanted(vec![wanted.clone()]);
        fill(&parts.cache, &wanted, &bytes);
        held(&parts.cache, "/a").file()
    };
    let file = File::options().write(true).open(file).expect("file");
    file.write_all_at(b"?", 4096 + 64 + 3).expect("write");
    let parts = open(folder.path(), 64 << 20);
    let events = parts.seen.0.lock().expect("lock").clone();
    assert!(matches!(&events[..], [CacheEvent::TableDamaged { .. }]), "{events:?}");
    parts.cache.set_wanted(vec![wanted.clone()]);
    assert_eq!(missing(&parts.cache.begin(&wanted).expect("begin")), [0]);
    fill(&parts.cache, &wanted, &bytes);
    assert_eq!(read_all(&parts, &held(&parts.cache, "/a")), Ok(bytes));
}

#[test]
fn capacity_holds_and_what_is_wanted_no_more_makes_room_when_its_readers_have_gone() {
    let folder = tempfile::tempdir().expect("folder");
    let parts = open(folder.path(), 1 << 20);
    let (a, b) = (content(700_000, 7), content(700_000, 8));
    let (first, second) = (entry("/a", &a), entry("/b", &b));
    parts.cache.set_wanted(vec![first.clone(), second.clone()]);
    fill(&parts.cache, &first, &a);
    assert!(matches!(parts.cache.begin(&second), Err(IntakeError::NoRoom { .. })));

    let reader = held(&parts.cache, "/a");
    parts.cache.set_wanted(vec![second.clone()]);
    assert!(matches!(parts.cache.begin(&second), Err(IntakeError::NoRoom { .. })));
    assert_eq!(read_all(&parts, &reader), Ok(a), "a reader finishes what it began");
    drop(reader);
    fill(&parts.cache, &second, &b);
    assert_eq!(parts.cache.disks()[0].objects(), 1);
}

#[test]
fn a_purge_is_out_of_sight_at_once_and_what_is_still_wanted_is_missing() {
    let folder = tempfile::tempdir().expect("folder");
    let parts = open(folder.path(), 64 << 20);
    let bytes = content(1000, 9);
    let entries = [entry("/keep/a", &bytes), entry("/drop/b", &bytes)];
    parts.cache.set_wanted(entries.to_vec());
    entries.iter().for_each(|entry| fill(&parts.cache, entry, &bytes));
    let purged = parts.cache.purge(|entry| entry.path.starts_with("/drop/"));
    assert_eq!(purged.expect("purged"), 1);
    let group = GroupName::new("g").expect("name");
    assert!(matches!(parts.cache.lookup(&group, "/drop/b"), Lookup::Wanted));
    assert!(matches!(parts.cache.lookup(&group, "/keep/a"), Lookup::Held(_)));
    assert_eq!(parts.cache.missing(), [entries[1].clone()]);
    assert_eq!(parts.cache.disks()[0].objects(), 1);
}

#[test]
fn what_was_purged_while_it_was_read_is_not_found_again_after_a_kill() {
    let [folder, after] = [(); 2].map(|()| tempfile::tempdir().expect("folder"));
    let parts = open(folder.path(), 64 << 20);
    let bytes = content(600_000, 9);
    let entry = entry("/a", &bytes);
    parts.cache.set_wanted(vec![entry.clone()]);
    fill(&parts.cache, &entry, &bytes);
    let reading = held(&parts.cache, "/a");
    assert_eq!(parts.cache.purge(|_| true).expect("purged"), 1);
    // What a killed process leaves is what stands on the disk now.
    let left = after.path().join(reading.file().strip_prefix(folder.path()).expect("below"));
    std::fs::create_dir_all(left.parent().expect("a folder")).expect("made");
    std::fs::copy(reading.file(), &left).expect("still there: it is being read");
    let restarted = open(after.path(), 64 << 20);
    restarted.cache.set_wanted(vec![entry.clone()]);
    assert_eq!(restarted.cache.missing(), [entry]);
    assert!(!left.exists() && restarted.seen.0.lock().expect("lock").is_empty());
    // Whoever was reading goes on.
    assert_eq!(read_all(&parts, &reading), Ok(bytes));
}

#[test]
fn a_purge_that_a_disk_does_not_take_is_tried_again() {
    let folder = tempfile::tempdir().expect("folder");
    let parts = open(folder.path(), 64 << 20);
    let bytes = content(1000, 9);
    let entry = entry("/a", &bytes);
    parts.cache.set_wanted(vec![entry.clone()]);
    fill(&parts.cache, &entry, &bytes);
    let reading = held(&parts.cache, "/a");
    // A folder in its place can be neither written nor removed as a file.
    let file = reading.file();
    std::fs::rename(&file, folder.path().join("aside")).expect("moved");
    std::fs::create_dir(&file).expect("made");
    parts.cache.purge(|_| true).expect_err("not wiped");
    assert_eq!(parts.cache.missing(), [entry], "out of sight all the same");
    parts.cache.purge(|_| true).expect_err("still not");
    std::fs::remove_dir(&file).expect("removed");
    std::fs::rename(folder.path().join("aside"), &file).expect("back");
    assert_eq!(parts.cache.purge(|_| true).expect("wiped"), 0);
    assert_eq!(std::fs::read(&file).expect("still read")[..4096], [0; 4096]);
}

#[test]
fn a_folder_belongs_to_one_process_and_must_be_writable() {
    let folder = tempfile::tempdir().expect("folder");
    let _first = open(folder.path(), 1 << 20);
    let disk = |folder: &Path| DiskSetup {
        folder: folder.to_path_buf(),
        class: DiskClass::Ssd,
        capacity_bytes: 1 << 20,
        reserve_bytes: 0,
    };
    let try_open = |disk: DiskSetup| {
        let (io, seen) = (Arc::default(), Arc::default());
        Cache::open(setup(vec![disk], &io, &seen)).expect_err("refused").to_string()
    };
    assert!(try_open(disk(folder.path())).contains("another process"));
    let not_a_folder = folder.path().join("lock");
    assert!(try_open(disk(&not_a_folder)).contains("disk "));
}
