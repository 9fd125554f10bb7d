//! A start that finds what stands on a disk in its registers.

#[allow(dead_code, reason = "shared with tests that need more of it")]
mod parts;

use cache::storage::{KernelBut, Otherwise};
use cache::{Cache, CacheEvent, Lookup};
use contract::catalogue::CatalogueEntry;
use contract::names::GroupName;
use parts::{Box_, content, entry, fill, held, open, open_on, poll};
use std::ffi::OsStr;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use tempfile::TempDir;

const CAPACITY: u64 = 128 << 20;

/// Counts what is opened to read and write.
#[derive(Debug, Default)]
struct Counting(AtomicUsize);

impl Otherwise for Counting {
    fn opened(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

struct Filled {
    folder: TempDir,
    parts: Box_,
    objects: Vec<(Arc<CatalogueEntry>, Vec<u8>)>,
}

impl Filled {
    fn with(count: u8) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let parts = open(folder.path(), CAPACITY);
        let contents = (0..count).map(|seed| content(300_000 + usize::from(seed) * 100_000, seed));
        let objects: Vec<_> =
            contents.map(|bytes| (entry(&format!("/{}", bytes[0]), &bytes), bytes)).collect();
        parts.cache.set_wanted(objects.iter().map(|(entry, _)| Arc::clone(entry)).collect());
        objects.iter().for_each(|(entry, bytes)| fill(&parts.cache, entry, bytes));
        Self { folder, parts, objects }
    }

    fn path(&self, object: usize) -> &str {
        &self.objects[object].0.path
    }

    /// The register of the folder in which an object stands.
    fn register(&self, object: usize) -> PathBuf {
        let file = held(&self.parts.cache, self.path(object)).file();
        let folder = file.parent().and_then(Path::file_name).expect("a folder");
        self.folder.path().join("registers").join(folder)
    }

    /// A machine that has lost its power now: what its disk has is in another folder.
    fn crash(&self) -> TempDir {
        let copy = tempfile::tempdir().expect("folder");
        let mut command = Command::new("cp");
        command.arg("--recursive").arg(self.folder.path().join(".")).arg(copy.path());
        assert!(command.status().expect("cp").success());
        copy
    }
}

fn keep(cache: &Cache) {
    cache.keep_registers(1, || true);
}

fn is_held(cache: &Cache, path: &str) -> bool {
    let found = cache.lookup(&GroupName::new("g").expect("name"), path);
    matches!(found, Lookup::Held(_))
}

fn events(parts: &Box_) -> Vec<CacheEvent> {
    parts.seen.0.lock().expect("lock").clone()
}

/// All of it is there, and right.
fn read(parts: &Box_, path: &str, bytes: &[u8]) {
    let object = held(&parts.cache, path);
    for (block, expected) in (0..).zip(bytes.chunks(256 << 10)) {
        let mut read = parts.cache.read(&object, block);
        parts.io.complete_all();
        let Poll::Ready(Ok(read)) = poll(&mut read) else { panic!("{path}: block {block}") };
        assert!(read.bytes() == expected, "{path}: block {block}");
    }
}

/// How many files a start opens beside the registers, serials and marks.
fn opened_at_start(folder: &Path) -> (usize, Box_) {
    let is_read = |register: &OsStr| {
        let mut objects =
            std::fs::read_dir(folder.join("objects").join(register)).expect("objects");
        objects.next().is_some()
    };
    let registers = std::fs::read_dir(folder.join("registers")).into_iter().flatten();
    let registers = registers.filter(|it| is_read(&it.as_ref().expect("one").file_name())).count();
    let storage = Arc::new(KernelBut::new(Counting::default()));
    let parts = open_on(folder, CAPACITY, storage.clone());
    // Serials are read and taken, and so is the mark.
    (storage.0.0.load(Ordering::Relaxed) - registers - 4, parts)
}

#[test]
fn what_is_registered_is_not_opened_and_what_is_not_is() {
    let Filled { folder, parts, objects } = Filled::with(4);
    keep(&parts.cache);
    let new = content(900_000, 99);
    let entry = entry("/new", &new);
    parts.cache.set_wanted(
        objects.iter().map(|(entry, _)| Arc::clone(entry)).chain([entry.clone()]).collect(),
    );
    fill(&parts.cache, &entry, &new);
    let used = parts.cache.disks()[0].used_bytes();
    drop(parts);

    let (opened, parts) = opened_at_start(folder.path());
    assert_eq!(opened, 1, "what has come since");
    let there = parts.cache.disks().iter().map(|disk| (disk.objects(), disk.used_bytes())).next();
    assert_eq!(there, Some((5, used)));
    for (entry, bytes) in objects.iter().chain([&(entry.clone(), new)]) {
        read(&parts, &entry.path, bytes);
    }
    // That is registered now as well, and what has gone is not looked for.
    parts.cache.set_wanted(vec![entry]);
    keep(&parts.cache);
    drop(parts);
    let (opened, parts) = opened_at_start(folder.path());
    assert_eq!((opened, parts.cache.disks()[0].objects()), (0, 1));
    assert!(is_held(&parts.cache, "/new") && events(&parts).is_empty());
}

#[test]
fn what_a_purge_has_taken_while_it_was_read_is_not_back() {
    let filled = Filled::with(3);
    keep(&filled.parts.cache);
    let reading = held(&filled.parts.cache, filled.path(0));
    let before = filled.crash();
    let path = filled.path(0).to_owned();
    filled.parts.cache.purge(|entry| *entry.path == *path).expect("purged");
    assert!(reading.file().exists(), "somebody reads it");
    let after = filled.crash();
    assert!(is_held(&open(before.path(), CAPACITY).cache, &path));
    let parts = open(after.path(), CAPACITY);
    assert!(!is_held(&parts.cache, &path));
    for (entry, bytes) in &filled.objects[1..] {
        read(&parts, &entry.path, bytes);
    }
    // Nor is it with a register that is written while it leaves.
    keep(&filled.parts.cache);
    assert!(!is_held(&open(filled.crash().path(), CAPACITY).cache, &path));
}

#[test]
fn what_is_being_mended_is_not_what_was_registered() {
    let filled = Filled::with(1);
    let cache = &filled.parts.cache;
    keep(cache);
    let file = held(cache, filled.path(0)).file();
    let register = filled.register(0);
    let written = std::fs::File::options().write(true).open(&file).expect("file");
    FileExt::write_all_at(&written, b"?", 8192 + 1000).expect("written");
    let mut read = cache.read(&held(cache, filled.path(0)), 0);
    filled.parts.io.complete_all();
    assert!(matches!(poll(&mut read), Poll::Ready(Err(_))));
    let (entry, bytes) = &filled.objects[0];
    let intake = cache.begin(entry).expect("begun");
    assert_eq!(std::fs::read(&register).expect("register")[..8], [0; 8]);
    // It is none of those that are whole until it is.
    keep(cache);
    assert!(std::fs::read(&register).is_ok_and(|register| register[..8] == [0; 8]));
    intake.put_missing(bytes).expect("put");
    cache.publish(&intake.finish().expect("whole")).expect("published");
    keep(cache);
    assert_eq!(std::fs::read(&register).expect("register")[..8], *b"HEADENDG");
}

#[test]
fn a_register_that_is_damaged_costs_time_alone() {
    let Filled { folder, parts, objects } = Filled::with(2);
    keep(&parts.cache);
    drop(parts);
    for at in [20, 4096 + 30] {
        for register in std::fs::read_dir(folder.path().join("registers")).expect("registers") {
            let path = register.expect("a register").path();
            let file = std::fs::File::options().write(true).open(path).expect("file");
            FileExt::write_all_at(&file, b"?", at).expect("written");
        }
        let (opened, parts) = opened_at_start(folder.path());
        assert_eq!(opened, 2);
        for (entry, bytes) in &objects {
            read(&parts, &entry.path, bytes);
        }
        assert!(events(&parts).is_empty());
        // And is written anew.
        keep(&parts.cache);
        drop(parts);
        assert_eq!(opened_at_start(folder.path()).0, 0);
    }
}

#[test]
fn registers_grow() {
    let folder = tempfile::tempdir().expect("folder");
    let parts = open(folder.path(), CAPACITY);
    let contents: Vec<_> = (0..3000_u32).map(|at| at.to_le_bytes().to_vec()).collect();
    let entries: Vec<_> =
        (0..).zip(&contents).map(|(at, bytes): (u32, _)| entry(&format!("/{at}"), bytes)).collect();
    for upto in [700, 3000] {
        parts.cache.set_wanted(entries[..upto].to_vec());
        for (entry, bytes) in entries[..upto].iter().zip(&contents) {
            if parts.cache.lacks(entry) {
                fill(&parts.cache, entry, bytes);
            }
        }
        keep(&parts.cache);
    }
    drop(parts);
    let (opened, parts) = opened_at_start(folder.path());
    assert_eq!((opened, parts.cache.disks()[0].objects()), (0, 3000));
}

#[test]
fn a_manifest_that_comes_meanwhile_keeps_nothing_out() {
    let Filled { folder, parts, objects } = Filled::with(4);
    let again =
        || objects.iter().map(|(entry, _)| Arc::new(CatalogueEntry::clone(entry))).collect();
    parts.cache.keep_registers(1, || {
        parts.cache.set_wanted(again());
        true
    });
    drop(parts);
    let (opened, parts) = opened_at_start(folder.path());
    assert_eq!((opened, parts.cache.disks()[0].objects()), (0, 4));
}
