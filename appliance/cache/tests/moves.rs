//! Which disk an object comes to, and how it moves to another while it is served.

#[allow(dead_code, reason = "shared with tests that need more of it")]
mod parts;

use cache::{Cache, DiskSetup, Lookup, Move, MoveFailed, MoveStep};
use contract::catalogue::CatalogueEntry;
use contract::config::DiskClass::{self, Hdd, Nvme};
use contract::names::GroupName;
use parts::{Box_, content, entry, fill, held, poll, setup};
use std::collections::HashSet;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::task::Poll;
use tempfile::TempDir;

const MIB: u64 = 1 << 20;

/// A small fast disk, and a large slow one.
struct Tiered {
    folders: [TempDir; 2],
    parts: Box_,
}

fn disk(folder: &Path, class: DiskClass, capacity_bytes: u64) -> DiskSetup {
    DiskSetup { folder: folder.to_path_buf(), class, capacity_bytes, reserve_bytes: 0 }
}

fn open(folders: &[TempDir; 2]) -> Box_ {
    let (io, seen) = (Arc::default(), Arc::default());
    let [fast, slow] = folders.each_ref().map(TempDir::path);
    let disks = vec![disk(fast, Nvme, 4 * MIB), disk(slow, Hdd, 64 * MIB)];
    Box_ { cache: Cache::open(setup(disks, &io, &seen)).expect("open"), io, seen }
}

impl Tiered {
    fn new() -> Self {
        let folders = [tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder")];
        Self { parts: open(&folders), folders }
    }

    fn cache(&self) -> &Arc<Cache> {
        &self.parts.cache
    }

    fn class_of(&self, path: &str) -> DiskClass {
        let file = held(self.cache(), path).file();
        if file.starts_with(self.folders[0].path()) { Nvme } else { Hdd }
    }

    /// The move that there is.
    fn one_move(&self) -> Move {
        let plan = self.cache().plan_moves(8, &HashSet::new());
        assert_eq!((plan.objects, plan.blocked_bytes), (1, 0), "{plan:?}");
        self.cache().begin_move(&plan.first[0]).expect("begun")
    }

    fn files(&self) -> usize {
        let count = |folder: &TempDir| {
            let below = std::fs::read_dir(folder.path().join("objects")).expect("folder");
            let files = below.map(|sub| std::fs::read_dir(sub.expect("folder").path()));
            files.map(|files| files.expect("folder").count()).sum::<usize>()
        };
        self.folders.iter().map(count).sum()
    }

    fn used_bytes(&self) -> Vec<u64> {
        self.cache().disks().iter().map(|disk| disk.used_bytes()).collect()
    }
}

/// An object of two slices and a bit.
fn hot() -> (Arc<CatalogueEntry>, Vec<u8>) {
    let bytes = content(2_200_000, 1);
    (entry("/hot", &bytes), bytes)
}

fn cold() -> (Arc<CatalogueEntry>, Vec<u8>) {
    let bytes = content(3_500_000, 2);
    (entry("/cold", &bytes), bytes)
}

/// `/hot` came when it was not: it stands on the slow disk, and its place on the fast one is free.
fn misplaced() -> (Tiered, Vec<u8>) {
    let tiered = Tiered::new();
    let ((hot, bytes), (cold, _)) = (hot(), cold());
    tiered.cache().set_wanted(vec![cold, Arc::clone(&hot)]);
    fill(tiered.cache(), &hot, &bytes);
    assert_eq!(tiered.class_of("/hot"), Hdd);
    tiered.cache().set_wanted(vec![hot]);
    (tiered, bytes)
}

fn finish(mut moving: Move) -> MoveStep {
    loop {
        match moving.step() {
            MoveStep::Copied(bytes) => assert!(bytes > 0),
            end => return end,
        }
    }
}

fn read_all(parts: &Box_, object: &Arc<cache::Object>, bytes: &[u8]) {
    let blocks = u32::try_from(bytes.len().div_ceil(256 << 10)).expect("small");
    let mut found = Vec::new();
    for block in 0..blocks {
        let mut read = parts.cache.read(object, block);
        parts.io.complete_all();
        match poll(&mut read) {
            Poll::Ready(Ok(block)) => found.extend_from_slice(block.bytes()),
            other => panic!("block {block}: {other:?}"),
        }
    }
    assert!(found == bytes, "other bytes");
}

#[test]
fn what_is_hot_comes_to_the_fastest_disk_and_what_has_no_room_there_to_the_next() {
    let tiered = Tiered::new();
    let ((hot, hot_bytes), (cold, cold_bytes)) = (hot(), cold());
    tiered.cache().set_wanted(vec![Arc::clone(&hot), Arc::clone(&cold)]);
    fill(tiered.cache(), &cold, &cold_bytes);
    fill(tiered.cache(), &hot, &hot_bytes);
    // The slow disk has more room than the fast one.
    assert_eq!([tiered.class_of("/hot"), tiered.class_of("/cold")], [Nvme, Hdd]);
    let larger = content(6_000_000, 3);
    let larger = (entry("/larger", &larger), larger);
    tiered.cache().set_wanted(vec![Arc::clone(&larger.0)]);
    fill(tiered.cache(), &larger.0, &larger.1);
    assert_eq!(tiered.class_of("/larger"), Hdd);
}

#[test]
fn a_disk_that_has_failed_lately_is_given_nothing_while_another_has_room() {
    let tiered = Tiered::new();
    let (hot, bytes) = hot();
    tiered.cache().set_wanted(vec![Arc::clone(&hot)]);
    fill(tiered.cache(), &hot, &bytes);
    let object = held(tiered.cache(), "/hot");
    let file = std::fs::File::options().write(true).open(object.file()).expect("file");
    file.write_all_at(b"?", 8192 + 1_100_000).expect("written");
    let mut read = tiered.cache().read(&object, 4);
    tiered.parts.io.complete_all();
    assert!(matches!(poll(&mut read), Poll::Ready(Err(_))));
    // What it has goes on where it is; what is new does not come there.
    fill(tiered.cache(), &hot, &bytes);
    assert_eq!(tiered.class_of("/hot"), Nvme);
    tiered.cache().purge(|_| true).expect("purged");
    fill(tiered.cache(), &hot, &bytes);
    assert_eq!(tiered.class_of("/hot"), Hdd);
    assert_eq!(tiered.cache().plan_moves(8, &HashSet::new()).objects, 0);
}

#[test]
fn an_object_moves_while_it_is_read_and_is_found_there_again() {
    let (tiered, bytes) = misplaced();
    let old = held(tiered.cache(), "/hot");
    let mut moving = tiered.one_move();
    assert!(matches!(moving.step(), MoveStep::Copied(MIB)));
    assert_eq!(held(tiered.cache(), "/hot").file(), old.file());
    let ended = finish(moving);
    let MoveStep::Done { from, to } = ended else { panic!("{ended:?}") };
    let new = held(tiered.cache(), "/hot");
    assert_eq!((from, to), (old.file(), new.file()));
    assert_eq!(tiered.class_of("/hot"), Nvme);
    // Whoever has the old one in hand goes on with it.
    read_all(&tiered.parts, &old, &bytes);
    read_all(&tiered.parts, &new, &bytes);
    assert_eq!(tiered.files(), 2);
    drop(old);
    assert_eq!(tiered.files(), 1);
    assert_eq!(tiered.used_bytes(), [cache::layout::disk_bytes(2_200_000), 0]);
    assert_eq!(tiered.cache().plan_moves(8, &HashSet::new()).objects, 0);
    let Tiered { folders, parts } = tiered;
    drop((parts, new));
    let again = open(&folders);
    read_all(&again, &held(&again.cache, "/hot"), &bytes);
}

#[test]
fn a_purge_takes_the_file_from_which_an_object_has_moved_away() {
    let (tiered, bytes) = misplaced();
    let old = held(tiered.cache(), "/hot");
    assert!(matches!(finish(tiered.one_move()), MoveStep::Done { .. }));
    tiered.cache().purge(|_| true).expect("purged");
    // Whoever has it in hand goes on with it; no later process takes it for the object.
    read_all(&tiered.parts, &old, &bytes);
    assert_eq!(&std::fs::read(old.file()).expect("file")[..8], [0; 8]);
    drop(old);
    assert_eq!(tiered.files(), 0);
}

#[test]
fn a_move_that_is_broken_off_leaves_nothing_behind() {
    let (tiered, bytes) = misplaced();
    let mut moving = tiered.one_move();
    assert!(matches!(moving.step(), MoveStep::Copied(MIB)));
    drop(moving);
    assert_eq!((tiered.files(), tiered.used_bytes()[0]), (1, 0));
    // Nor does one that a crash breaks off: nobody tells the process.
    let mut moving = tiered.one_move();
    assert!(matches!(moving.step(), MoveStep::Copied(MIB)));
    std::mem::forget(moving);
    let Tiered { folders, parts } = tiered;
    // A process takes its locks with it; here the folders go to another place without them.
    let moved = [tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder")];
    for (from, to) in folders.iter().zip(&moved) {
        std::fs::remove_dir(to.path()).expect("removed");
        std::fs::rename(from.path(), to.path()).expect("renamed");
        std::fs::remove_file(to.path().join("lock")).expect("removed");
    }
    std::mem::forget(parts);
    let tiered = Tiered { parts: open(&moved), folders: moved };
    assert_eq!((tiered.files(), tiered.used_bytes()[0]), (1, 0));
    read_all(&tiered.parts, &held(tiered.cache(), "/hot"), &bytes);
}

#[test]
fn a_purge_takes_both_copies() {
    for steps in 0..4 {
        let (tiered, _) = misplaced();
        let old = held(tiered.cache(), "/hot");
        let mut moving = tiered.one_move();
        for _ in 0..steps {
            moving.step();
        }
        let files = [old.file(), moving.file()];
        assert_eq!(tiered.cache().purge(|entry| *entry.path == *"/hot").expect("purged"), 1);
        // Out of sight, and no later process would find it.
        for file in files.iter().filter(|file| file.exists()) {
            assert_eq!(&std::fs::read(file).expect("file")[..8], [0; 8], "after {steps} steps");
        }
        assert!(matches!(moving.step(), MoveStep::GivenUp(_)), "after {steps} steps");
        drop((moving, old));
        assert_eq!((tiered.files(), tiered.used_bytes()), (0, vec![0, 0]), "after {steps} steps");
    }
}

#[test]
fn what_cannot_be_read_stays_and_is_fetched_again() {
    let (tiered, bytes) = misplaced();
    let object = held(tiered.cache(), "/hot");
    let file = std::fs::File::options().write(true).open(object.file()).expect("file");
    file.write_all_at(b"?", 8192 + 1_100_000).expect("written");
    let ended = finish(tiered.one_move());
    assert!(matches!(&ended, MoveStep::GivenUp(MoveFailed::Read(_))), "{ended:?}");
    let group = GroupName::new("g").expect("name");
    assert!(matches!(tiered.cache().lookup(&group, "/hot"), Lookup::Wanted));
    assert_eq!(tiered.parts.seen.0.lock().expect("lock").len(), 1);
    fill(tiered.cache(), &object.entry, &bytes);
    assert_eq!(held(tiered.cache(), "/hot").file(), object.file());
}

#[test]
fn a_disk_that_goes_ends_a_move() {
    for which in [0, 1] {
        let (tiered, _) = misplaced();
        let mut moving = tiered.one_move();
        assert!(matches!(moving.step(), MoveStep::Copied(MIB)));
        tiered.cache().eject(tiered.folders[which].path(), "").expect("ejected");
        assert!(matches!(moving.step(), MoveStep::GivenUp(MoveFailed::Gone)));
        drop(moving);
        let kept = tiered.cache().readmit(tiered.folders[which].path()).expect("readmitted");
        assert_eq!(kept, which, "the copy that was not finished goes");
        assert_eq!((tiered.class_of("/hot"), tiered.files()), (Hdd, 1));
    }
}
