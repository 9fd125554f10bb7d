//! What the objects of large disks cost in RAM, counted at the allocator.

#![allow(unsafe_code)]

#[allow(dead_code, reason = "shared with tests that need more of it")]
mod parts;

use contract::catalogue::CatalogueEntry;
use parts::{entry, fill, held, open};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The usual allocator, which knows how much of it is in use.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What an allocation takes: the common allocator puts a word before it, and deals in units of 16
/// bytes and no less than two of them.
const fn taken(bytes: usize) -> usize {
    let whole = (bytes + 8).next_multiple_of(16);
    if whole < 32 { 32 } else { whole }
}

// SAFETY: everything is left to the usual allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(taken(layout.size()), Ordering::Relaxed);
        // SAFETY: as whoever called this has promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(taken(layout.size()), Ordering::Relaxed);
        // SAFETY: as whoever called this has promised.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// Enough to see past what a cache without objects takes, few enough to be written in seconds.
const OBJECTS: usize = 3_000;

/// Of an object that was found on a disk at start.
const MOST_FOUND_BYTES: usize = 370;

/// Of one that the manifest names, too; be it found or filled.
const MOST_WANTED_BYTES: usize = 380;

/// Of one of which a block was read since, with what the RAM tier remembers of it.
const MOST_READ_BYTES: usize = 530;

fn path(at: usize) -> String {
    format!("/big-demo/v{}/segment-{at:08}.m4s", at % 6)
}

/// The catalogue as a segment brings it: it shares nothing with what else is in memory.
fn catalogue() -> Vec<Arc<CatalogueEntry>> {
    let read = |at| {
        let path = path(at);
        let json = serde_json::to_vec(&*entry(&path, path.as_bytes())).expect("json");
        Arc::new(serde_json::from_slice(&json).expect("an entry"))
    };
    (0..OBJECTS).map(read).collect()
}

fn in_use() -> usize {
    IN_USE.load(Ordering::Relaxed)
}

#[test]
fn an_object_costs_few_bytes_and_none_twice() {
    let (empty, full) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("one"));
    let before = in_use();
    let first = open(full.path(), 1 << 40);
    first.cache.set_wanted(catalogue());
    // Each waits for the disk: many at once wait no longer than one.
    std::thread::scope(|scope| {
        for entries in catalogue().chunks(OBJECTS / 20) {
            let (entries, cache) = (entries.to_vec(), &first.cache);
            scope.spawn(move || {
                entries.iter().for_each(|entry| fill(cache, entry, entry.path.as_bytes()));
            });
        }
    });
    let filled = in_use() - before;
    drop(first);

    let before = in_use();
    let without = open(empty.path(), 1 << 40);
    let base = in_use() - before;
    let filled = filled.saturating_sub(base) / OBJECTS;
    drop(without);

    let before = in_use() + base;
    let with = open(full.path(), 1 << 40);
    let of_each = || in_use().saturating_sub(before) / OBJECTS;
    let found = of_each();
    with.cache.set_wanted(catalogue());
    let wanted = of_each();
    assert_eq!(with.cache.totals().map(|(objects, _)| objects), [OBJECTS as u64; 2]);
    for at in 0..OBJECTS {
        drop(with.cache.read(&held(&with.cache, &path(at)), 0));
        assert_eq!(with.io.complete_all(), 1);
    }
    let read = of_each();
    println!("an object found: {found} bytes, wanted: {wanted}, read: {read}, filled: {filled}");
    assert!(found <= MOST_FOUND_BYTES, "{found}");
    assert!(wanted <= MOST_WANTED_BYTES, "{wanted}");
    assert!(filled <= MOST_WANTED_BYTES, "{filled}");
    assert!(read <= MOST_READ_BYTES, "{read}");
}
