//! A disk whose readers are slow is written to less.

#[allow(dead_code, reason = "shared with tests that need more of it")]
mod parts;

use contract::config::ReadP99;
use parts::{content, entry, fill, held, open};
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
