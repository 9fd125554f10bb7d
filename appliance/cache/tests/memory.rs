//! What the objects of large disks cost in RAM, counted at the allocator.

#![allow(unsafe_code)]

#[allow(dead_code, reason = "shared with tests that need more of it")]
mod parts;

use contract::catalogue::CatalogueEntry;
use parts::{entry, fill, held, open};
use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
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

/// Each table of the index has some of so many; few enough to be written in seconds. So many
/// more are what is counted.
const OBJECTS: usize = 3_000;

/// Of an object that was found on a disk at start.
const MOST_FOUND_BYTES: usize = 370;

/// Of one that the manifest names, too; be it found or filled.
const MOST_WANTED_BYTES: usize = 380;

/// Of one of which a block was read since, with what the RAM tier remembers of it.
const MOST_READ_BYTES: usize = 460;

fn path(at: usize) -> String {
    format!("/big-demo/v{}/segment-{at:08}.m4s", at % 6)
}

/// The catalogue as a segment brings it: it shares nothing with what else is in memory.
fn catalogue(objects: usize) -> Vec<Arc<CatalogueEntry>> {
    let read = |at| {
        let path = path(at);
        let json = serde_json::to_vec(&*entry(&path, path.as_bytes())).expect("json");
        Arc::new(serde_json::from_slice(&json).expect("an entry"))
    };
    (0..objects).map(read).collect()
}

/// How much is in use beside what was before.
fn in_use_beside(before: usize) -> usize {
    IN_USE.load(Ordering::Relaxed).saturating_sub(before)
}

/// What a cache takes that has brought so many objects.
fn of_filled(folder: &Path, objects: usize) -> usize {
    let before = in_use_beside(0);
    let opened = open(folder, 1 << 40);
    opened.cache.set_wanted(catalogue(objects));
    // Each waits for the disk: many at once wait no longer than one.
    std::thread::scope(|scope| {
        for entries in catalogue(objects).chunks(objects / 20) {
            let (entries, cache) = (entries.to_vec(), &opened.cache);
            scope.spawn(move || {
                entries.iter().for_each(|entry| fill(cache, entry, entry.path.as_bytes()));
            });
        }
    });
    in_use_beside(before)
}

/// What one takes that has found them: first, once the manifest names them, once all were read.
fn of_found(folder: &Path, objects: usize) -> [usize; 3] {
    let before = in_use_beside(0);
    let opened = open(folder, 1 << 40);
    let found = in_use_beside(before);
    opened.cache.set_wanted(catalogue(objects));
    let wanted = in_use_beside(before);
    assert_eq!(opened.cache.totals().map(|(objects, _)| objects), [objects as u64; 2]);
    for at in 0..objects {
        drop(opened.cache.read(&held(&opened.cache, &path(at)), 0));
        assert_eq!(opened.io.complete_all(), 1);
    }
    [found, wanted, in_use_beside(before)]
}

#[test]
fn an_object_costs_few_bytes_and_none_twice() {
    let of = |objects| {
        let folder = tempfile::tempdir().expect("a folder");
        let filled = of_filled(folder.path(), objects);
        let [found, wanted, read] = of_found(folder.path(), objects);
        [found, wanted, read, filled]
    };
    let (few, more) = (of(OBJECTS), of(2 * OBJECTS));
    let [found, wanted, read, filled] =
        std::array::from_fn(|at| more[at].saturating_sub(few[at]) / OBJECTS);
    println!("an object found: {found} bytes, wanted: {wanted}, read: {read}, filled: {filled}");
    assert!(found <= MOST_FOUND_BYTES, "{found}");
    assert!(wanted <= MOST_WANTED_BYTES, "{wanted}");
    assert!(filled <= MOST_WANTED_BYTES, "{filled}");
    assert!(read <= MOST_READ_BYTES, "{read}");
}
