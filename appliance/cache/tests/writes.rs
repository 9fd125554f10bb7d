//! A disk whose readers are slow is written to less, and one that has readers with care.

#[allow(dead_code, reason = "shared with tests that need more of it")]
mod parts;

use cache::storage::{KernelBut, Otherwise, StoredFile};
use cache::{Cache, DiskState, Setup};
use contract::catalogue::CatalogueEntry;
use contract::config::{DiskClass, ReadP99};
use parts::{Box_, HeldIo, Seen, content, disk, entry, fill, held, open, setup};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

#[test]
fn what_is_to_be_written_waits_while_reads_are_slow() {
    let folder = tempfile::tempdir().expect("folder");
    let parts = open(folder.path(), 128 << 20);
    // More blocks than the RAM tier keeps, and than are needed to tell the slowest hundredth.
    let bytes = content(120 * (256 << 10), 1);
    let (read, coming) = (entry("/read", &bytes), entry("/coming", &bytes[1..]));
    parts.cache.set_wanted(vec![read.clone(), coming.clone()]);
    fill(&parts.cache, &read, &bytes);
    let object = held(&parts.cache, "/read");
    let intake = parts.cache.begin(&coming).expect("begun");
    assert_eq!(intake.admit(1 << 20), Duration::ZERO);

    // Reads that wait for 120 others take longer than a millisecond, on any disk.
    parts.cache.set_read_p99(ReadP99 { ssd_ms: 1, ..ReadP99::default() });
    let until = Instant::now() + Duration::from_secs(60);
    while intake.admit(1 << 20).is_zero() {
        assert!(Instant::now() < until, "{:?}", parts.cache.disks()[0].read_p99_us());
        let reads: Vec<_> = (0..120).map(|block| parts.cache.read(&object, block)).collect();
        parts.io.complete_all();
        drop(reads);
    }
    let disk = &parts.cache.disks()[0];
    assert!(disk.write_limit_bytes_per_s().is_some());
}

/// Counts what is written through, and fails once it is told to.
#[derive(Debug, Default)]
struct Counting {
    bytes: AtomicUsize,
    fails: AtomicBool,
}

impl Otherwise for Counting {
    fn write_through(&self, file: &dyn StoredFile, bytes: &[u8], offset: u64) -> io::Result<()> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(io::Error::other("it was dropped"));
        }
        self.bytes.fetch_add(bytes.len(), Ordering::Relaxed);
        file.write_through(bytes, offset)
    }
}

/// A box with one disk, and 120 blocks on it.
struct Counted {
    parts: Box_,
    storage: Arc<KernelBut<Counting>>,
    bytes: Vec<u8>,
    coming: Arc<CatalogueEntry>,
    _folder: tempfile::TempDir,
}

impl Counted {
    fn new(class: DiskClass) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let (io, seen) = (Arc::new(HeldIo::default()), Arc::new(Seen::default()));
        let disks = vec![cache::DiskSetup { class, ..disk(folder.path(), 128 << 20) }];
        let storage = Arc::new(KernelBut::new(Counting::default()));
        let setup = Setup { storage: storage.clone(), ..setup(disks, &io, &seen) };
        let parts = Box_ { cache: Cache::open(setup).expect("open"), io, seen };
        let bytes = content(120 * (256 << 10), 1);
        let (read, coming) = (entry("/read", &bytes), entry("/coming", &bytes[1..]));
        parts.cache.set_wanted(vec![read.clone(), coming.clone()]);
        fill(&parts.cache, &read, &bytes);
        Self { parts, storage, bytes, coming, _folder: folder }
    }

    /// Somebody reads all of what there is.
    fn read(&self) {
        let object = held(&self.parts.cache, "/read");
        let reads: Vec<_> = (0..120).map(|at| self.parts.cache.read(&object, at)).collect();
        self.parts.io.complete_all();
        drop(reads);
    }

    fn written_through(&self) -> usize {
        self.storage.0.bytes.swap(0, Ordering::Relaxed)
    }
}

#[test]
fn content_is_written_through_to_a_disk_that_has_readers_unless_it_turns() {
    for (class, is_through) in
        [(DiskClass::Ssd, true), (DiskClass::Nvme, true), (DiskClass::Hdd, false)]
    {
        let counted = Counted::new(class);
        assert_eq!(counted.written_through(), 0);
        counted.read();
        fill(&counted.parts.cache, &counted.coming, &counted.bytes[1..]);
        let expected = if is_through { counted.bytes.len() - 1 } else { 0 };
        assert_eq!(counted.written_through(), expected, "{class:?}");
    }
}

#[test]
fn what_could_not_be_written_through_is_a_synchronisation_that_failed() {
    let counted = Counted::new(DiskClass::Ssd);
    counted.read();
    counted.storage.0.fails.store(true, Ordering::Relaxed);
    let intake = counted.parts.cache.begin(&counted.coming).expect("begun");
    intake.put_missing(&counted.bytes[1..]).expect_err("not put");
    assert_eq!(counted.parts.cache.disks()[0].io_errors(), 1);
    drop(intake);
    // The next who wants something of the disks finds it ejected.
    counted.parts.cache.begin(&counted.coming).expect_err("nowhere to put it");
    let slots = counted.parts.cache.disk_slots();
    assert!(matches!(slots[0].state, DiskState::Ejected { .. }), "{:?}", slots[0].state);
}
