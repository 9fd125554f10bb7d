//! Objects come in, are served, break, come back, survive a restart.

mod parts;

use cache::{Cache, CacheEvent, DiskSetup, IntakeError, Lookup, Object, ReadFailed, Setup, Tier};
use contract::names::GroupName;
use parts::{Box_, HeldIo, Seen, content, entry, fill, held, open, poll};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::task::Poll;

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
    let at = file.metadata().expect("metadata").len() - 5;
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
fn an_interrupted_intake_goes_on_and_wrong_bytes_never_become_visible() {
    let folder = tempfile::tempdir().expect("folder");
    let parts = open(folder.path(), 64 << 20);
    let bytes = content(700_000, 4);
    let entry = entry("/a", &bytes);
    parts.cache.set_wanted(vec![entry.clone()]);

    let mut intake = parts.cache.begin(entry.clone()).expect("begin");
    intake.append(&bytes[..300_001]).expect("append");
    assert!(matches!(parts.cache.begin(entry.clone()), Err(IntakeError::Busy)));
    assert!(matches!(intake.finish(), Err(IntakeError::TooShort { received: 300_001, .. })));

    // The next one lies from there on: all of it is thrown away.
    let mut intake = parts.cache.begin(entry.clone()).expect("begin");
    assert_eq!(intake.received(), 300_001);
    let mut lie = bytes[300_001..].to_vec();
    lie[5] ^= 1;
    intake.append(&lie).expect("append");
    assert!(matches!(intake.finish(), Err(IntakeError::WrongBytes { .. })));
    let mut intake = parts.cache.begin(entry.clone()).expect("begin");
    assert_eq!(intake.received(), 0);
    let one_more = [&bytes[..], b"x"].concat();
    assert!(matches!(intake.append(&one_more), Err(IntakeError::TooLong { .. })));
    drop(intake);

    assert_eq!(parts.cache.totals()[1], (0, 0));
    fill(&parts.cache, &entry, &bytes);
    assert_eq!(read_all(&parts, &held(&parts.cache, "/a")), Ok(bytes));
}

#[test]
fn a_restart_finds_what_was_published_and_throws_away_what_was_damaged() {
    let folder = tempfile::tempdir().expect("folder");
    let (a, b) = (content(300_000, 5), content(10, 6));
    let entries = [entry("/a", &a), entry("/b", &b)];
    let (file_b, partial) = {
        let parts = open(folder.path(), 64 << 20);
        parts.cache.set_wanted(entries.to_vec());
        fill(&parts.cache, &entries[0], &a);
        fill(&parts.cache, &entries[1], &b);
        let other = entry("/c", &a);
        let mut intake = parts.cache.begin(other.clone()).expect("begin");
        intake.append(&a[..5]).expect("append");
        (held(&parts.cache, "/b").file(), other)
    };
    let file = File::options().write(true).open(&file_b).expect("file");
    file.write_all_at(b"?", 100).expect("write");

    let parts = open(folder.path(), 64 << 20);
    let object = held(&parts.cache, "/a");
    assert_eq!(read_all(&parts, &object), Ok(a), "served before any manifest came");
    assert!(!file_b.exists());
    let events = parts.seen.0.lock().expect("lock").clone();
    assert!(matches!(&events[..], [CacheEvent::FileDiscarded { .. }]), "{events:?}");
    parts.cache.set_wanted(entries.to_vec());
    assert_eq!(parts.cache.missing(), [entries[1].clone()]);
    parts.cache.clear_incoming().expect("clear");
    assert_eq!(parts.cache.begin(partial).expect("begin").received(), 0);
}

#[test]
fn capacity_holds_and_what_is_wanted_no_more_makes_room_when_its_readers_have_gone() {
    let folder = tempfile::tempdir().expect("folder");
    let parts = open(folder.path(), 1 << 20);
    let (a, b) = (content(700_000, 7), content(700_000, 8));
    let (first, second) = (entry("/a", &a), entry("/b", &b));
    parts.cache.set_wanted(vec![first.clone(), second.clone()]);
    fill(&parts.cache, &first, &a);
    assert!(matches!(parts.cache.begin(second.clone()), Err(IntakeError::NoRoom { .. })));

    let reader = held(&parts.cache, "/a");
    parts.cache.set_wanted(vec![second.clone()]);
    assert!(matches!(parts.cache.begin(second.clone()), Err(IntakeError::NoRoom { .. })));
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
    assert_eq!(parts.cache.purge(|entry| entry.path.starts_with("/drop/")), 1);
    let group = GroupName::new("g").expect("name");
    assert!(matches!(parts.cache.lookup(&group, "/drop/b"), Lookup::Wanted));
    assert!(matches!(parts.cache.lookup(&group, "/keep/a"), Lookup::Held(_)));
    assert_eq!(parts.cache.missing(), [entries[1].clone()]);
    assert_eq!(parts.cache.disks()[0].objects(), 1);
}

#[test]
fn a_folder_belongs_to_one_process_and_must_be_writable() {
    let folder = tempfile::tempdir().expect("folder");
    let _first = open(folder.path(), 1 << 20);
    let disk = |folder: &Path| DiskSetup {
        folder: folder.to_path_buf(),
        capacity_bytes: 1 << 20,
        reserve_bytes: 0,
    };
    let try_open = |disk: DiskSetup| {
        Cache::open(Setup {
            disks: vec![disk],
            ram_budget_bytes: 1 << 20,
            io: Arc::new(HeldIo::default()),
            watch: Arc::new(Seen::default()),
        })
        .expect_err("refused")
        .to_string()
    };
    assert!(try_open(disk(folder.path())).contains("another process"));
    let not_a_folder = folder.path().join("lock");
    assert!(try_open(disk(&not_a_folder)).contains("disk "));
}
