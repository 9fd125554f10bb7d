//! A disk whose readers are slow is written to less, and one that has readers with care.

#[allow(dead_code, reason = "shared with tests that need more of it")]
mod parts;

use cache::storage::{KernelBut, Otherwise, StoredFile};
use cache::{Cache, Setup};
use contract::config::{DiskClass, ReadP99};
use parts::{Box_, HeldIo, Seen, content, disk, entry, fill, held, open, setup};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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

/// Counts what is written through.
#[derive(Debug, Default)]
struct Counting(Arc<AtomicUsize>);

#[derive(Debug)]
struct CountedFile(Arc<dyn StoredFile>, Arc<AtomicUsize>);

impl Otherwise for Counting {
    fn created(&self, file: Arc<dyn StoredFile>) -> Arc<dyn StoredFile> {
        Arc::new(CountedFile(file, Arc::clone(&self.0)))
    }
}

impl StoredFile for CountedFile {
    fn len_bytes(&self) -> io::Result<u64> {
        self.0.len_bytes()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn write_through(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.1.fetch_add(bytes.len(), Ordering::Relaxed);
        self.0.write_through(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
}

/// How much of an object is written through to a disk of this class, before anybody reads from
/// it and after.
fn written_through(class: DiskClass) -> [usize; 2] {
    let folder = tempfile::tempdir().expect("folder");
    let (io, seen) = (Arc::new(HeldIo::default()), Arc::new(Seen::default()));
    let storage = Arc::new(KernelBut(Counting::default()));
    let counted = || storage.0.0.swap(0, Ordering::Relaxed);
    let disks = vec![cache::DiskSetup { class, ..disk(folder.path(), 128 << 20) }];
    let setup = Setup { storage: storage.clone(), ..setup(disks, &io, &seen) };
    let parts = Box_ { cache: Cache::open(setup).expect("open"), io, seen };
    let bytes = content(120 * (256 << 10), 1);
    let (read, coming) = (entry("/read", &bytes), entry("/coming", &bytes[1..]));
    parts.cache.set_wanted(vec![read.clone(), coming.clone()]);
    fill(&parts.cache, &read, &bytes);
    let before = counted();
    let object = held(&parts.cache, "/read");
    let reads: Vec<_> = (0..120).map(|block| parts.cache.read(&object, block)).collect();
    parts.io.complete_all();
    drop(reads);
    fill(&parts.cache, &coming, &bytes[1..]);
    [before, counted()]
}

#[test]
fn content_is_written_through_to_a_disk_that_has_readers_unless_it_turns() {
    let all = 120 * (256 << 10) - 1;
    assert_eq!(written_through(DiskClass::Ssd), [0, all]);
    assert_eq!(written_through(DiskClass::Nvme), [0, all]);
    assert_eq!(written_through(DiskClass::Hdd), [0, 0]);
}
