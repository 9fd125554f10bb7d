//! Disks with ratings: who is given what is new, what waits, and what does not.

#[allow(dead_code, reason = "shared with tests that need more of it")]
mod parts;

use cache::{Cache, DiskSetup, IntakeError, Rating};
use contract::config::DiskClass;
use contract::time::TimeUs;
use parts::{content, entry, fill, held, setup};
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

const MIB: u64 = 1 << 20;

/// So many years that the second of a test gives nothing worth speaking of.
const DAYS: u64 = 36_525;

fn open(folders: &[&Path]) -> Arc<Cache> {
    let disk = |folder: &&Path| DiskSetup {
        folder: folder.to_path_buf(),
        class: DiskClass::Ssd,
        capacity_bytes: 64 * MIB,
        reserve_bytes: 0,
    };
    let disks = folders.iter().map(disk).collect();
    Cache::open(setup(disks, &Arc::default(), &Arc::default())).expect("open")
}

/// With so much a day.
fn rate(cache: &Cache, folders: &[(&Path, u64)]) {
    let rating =
        |(folder, daily): &(&Path, u64)| (folder.to_path_buf(), Rating::new(daily * DAYS, DAYS));
    let ratings: BTreeMap<_, _> = folders.iter().map(rating).collect();
    cache.set_ratings(ratings, TimeUs(0));
}

#[test]
fn a_disk_that_may_not_be_written_to_is_passed_over_until_none_may() {
    let folders = [(); 2].map(|()| tempfile::tempdir().expect("folder"));
    let [first, second] = folders.each_ref().map(tempfile::TempDir::path);
    let cache = open(&[first, second]);
    rate(&cache, &[(first, MIB), (second, 3 * MIB)]);
    let of = |seed: u8| {
        let content = content(3 << 20, seed);
        let entry = entry(&format!("/{seed}"), &content);
        (entry, content)
    };
    let objects: Vec<_> = (0..4).map(of).collect();
    cache.set_wanted(objects.iter().map(|(entry, _)| Arc::clone(entry)).collect());
    // Each takes one, and is below 0 after it.
    for (entry, content) in &objects[..2] {
        fill(&cache, entry, content);
    }
    let used: Vec<u64> = cache.disks().iter().map(|disk| disk.objects()).collect();
    assert_eq!(used, [1, 1]);
    let refused = cache.begin(&objects[2].0).expect_err("both are used up");
    let IntakeError::Exhausted(exhausted) = refused else { panic!("{refused}") };
    assert!(exhausted.wait.is_some() && cache.exhausted().is_some());
    // What is there is held, and the next process knows what was written.
    held(&cache, "/0");
    let written: Vec<_> = cache.disks().iter().map(|disk| disk.write_budget()).collect();
    drop(cache);
    let cache = open(&[first, second]);
    rate(&cache, &[(first, MIB), (second, 3 * MIB)]);
    for (disk, before) in cache.disks().iter().zip(written) {
        let now = disk.write_budget().expect("a rating");
        assert!(now.written_bytes >= before.expect("a rating").written_bytes);
        assert!(now.balance_bytes < 0);
    }
    // Without a rating nobody counts.
    rate(&cache, &[(second, 3 * MIB)]);
    cache.set_wanted(objects.iter().map(|(entry, _)| Arc::clone(entry)).collect());
    fill(&cache, &objects[2].0, &objects[2].1);
}

#[test]
fn what_a_disk_has_lost_comes_again_whatever_was_written() {
    let folder = tempfile::tempdir().expect("folder");
    let cache = open(&[folder.path()]);
    rate(&cache, &[(folder.path(), MIB)]);
    let content = content(3 << 20, 1);
    let entry = entry("/1", &content);
    cache.set_wanted(vec![Arc::clone(&entry)]);
    fill(&cache, &entry, &content);
    assert!(cache.exhausted().is_some());
    let object = held(&cache, "/1");
    let file = File::options().write(true).open(object.file()).expect("open");
    file.write_all_at(b"rot", cache::layout::content_offset(entry.size_bytes)).expect("written");
    let disk = cache.disks().remove(0);
    let mut scrub = cache.scrub(&disk, 0);
    while scrub.step().is_some() {}
    assert!(cache.is_mending(&entry));
    let before = disk.write_budget().expect("a rating").written_bytes;
    fill(&cache, &entry, &content);
    held(&cache, "/1");
    let more = disk.write_budget().expect("a rating").written_bytes - before;
    // One slice of it.
    assert!((MIB..MIB + MIB / 4).contains(&more), "{more}");
}

#[test]
fn a_record_that_is_lost_or_torn_gives_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let content = content(1 << 20, 1);
    let entry = entry("/1", &content);
    let cache = open(&[folder.path()]);
    rate(&cache, &[(folder.path(), 8 * MIB)]);
    cache.set_wanted(vec![Arc::clone(&entry)]);
    fill(&cache, &entry, &content);
    assert!(cache.exhausted().is_none());
    drop(cache);
    let record = folder.path().join("endurance");
    for is_torn in [true, false] {
        if is_torn {
            std::fs::write(&record, b"torn").expect("written");
        } else {
            std::fs::remove_file(&record).expect("removed");
        }
        let cache = open(&[folder.path()]);
        rate(&cache, &[(folder.path(), 8 * MIB)]);
        let budget = cache.disks()[0].write_budget().expect("a rating");
        assert!(budget.balance_bytes < 8 * 1024 && budget.written_bytes > MIB, "{budget:?}");
        held(&cache, "/1");
        cache.keep_budgets(TimeUs(1));
    }
}
