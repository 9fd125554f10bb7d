//! What is kept, in which order, and what goes when room is short.

use super::*;
use contract::report::{Event, Load, Severity};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tempfile::TempDir;

/// A report made at a second, with one event for each ten.
pub(crate) fn report(boot_id: &str, sequence: u64, at_s: i64) -> LateReport {
    let event = Event {
        sequence,
        at_us: TimeUs(0).plus_s(at_s),
        severity: if sequence.is_multiple_of(20) { Severity::Warning } else { Severity::Info },
        kind: "test".to_owned(),
        subject: sequence.to_string(),
        detail: "x".repeat(50),
    };
    LateReport {
        boot_id: boot_id.to_owned(),
        sequence,
        made_at_us: TimeUs(0).plus_s(at_s),
        dropped_before: 0,
        objects_wanted: 9,
        objects_held: 8,
        bytes_held: 7,
        load: Load::default(),
        traffic: Vec::new(),
        events: if sequence.is_multiple_of(10) { vec![event] } else { Vec::new() },
    }
}

const SMALL: Limits = Limits { bytes: 128 << 10, segment_bytes: 16 << 10, line_bytes: 4 << 10 };

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("folder"))
    }

    fn open(&self) -> Spool {
        Spool::open(self.0.path().join("spool"), SMALL).expect("opened")
    }

    fn disk_bytes(&self) -> u64 {
        let files = fs::read_dir(self.0.path().join("spool")).expect("folder").flatten();
        files.map(|file| file.metadata().expect("metadata").len()).sum()
    }
}

fn fill(spool: &mut Spool, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers {
        let at_s = i64::try_from(number).expect("small") * 10;
        spool.append(report("boot", number, at_s)).expect("kept");
    }
}

/// Everything, delivered as it comes.
fn drain(spool: &mut Spool) -> Vec<LateReport> {
    let mut all = Vec::new();
    loop {
        let batch = spool.batch(7, 2000).expect("read");
        let Some(last) = batch.last() else { return all };
        let last = last.number;
        all.extend(batch.into_iter().map(|record| record.report));
        spool.delivered(last).expect("noted");
    }
}

fn sequences(reports: &[LateReport]) -> Vec<u64> {
    reports.iter().map(|report| report.sequence).collect()
}

#[test]
fn what_was_kept_is_delivered_in_order_and_once() {
    let place = Place::new();
    let mut spool = place.open();
    fill(&mut spool, 1..=40);
    assert_eq!(spool.report().reports, 40);
    let batch = spool.batch(15, usize::MAX).expect("read");
    assert_eq!(batch.len(), 15);
    assert_eq!(batch, spool.batch(15, usize::MAX).expect("read"), "again, until it is delivered");
    spool.delivered(15).expect("noted");

    // Another process, which goes on where this one was.
    let mut spool = place.open();
    assert_eq!(spool.report().reports, 25);
    fill(&mut spool, 41..=60);
    let all = drain(&mut spool);
    assert_eq!(sequences(&all), (16..=60).collect::<Vec<_>>());
    assert!(all.iter().all(|report| report.dropped_before == 0));
    assert_eq!(spool.report(), SpoolReport::default());
    assert_eq!(place.open().batch(9, usize::MAX).expect("read"), []);
    // Numbers go on all the same.
    fill(&mut spool, 61..=61);
    assert_eq!(spool.batch(9, usize::MAX).expect("read")[0].number, 61);
}

#[test]
fn room_is_bounded_and_what_goes_is_counted() {
    let place = Place::new();
    let mut spool = place.open();
    let count = 2_000;
    for number in 1..=count {
        fill(&mut spool, number..=number);
        assert!(place.disk_bytes() <= SMALL.bytes, "{} bytes", place.disk_bytes());
    }
    let dropped = spool.report().dropped;
    let all = drain(&mut spool);
    let kept = sequences(&all);
    assert!(kept.is_sorted(), "{kept:?}");
    assert_eq!(kept.last(), Some(&count));
    // The newest in full; of the oldest that are left, one in ten minutes.
    let newest: Vec<u64> = (count - 99..=count).collect();
    assert_eq!(kept[kept.len() - 100..], newest);
    assert!(kept[4] - kept[0] > 100, "{kept:?}");
    let told: u64 = all.iter().map(|report| report.dropped_before).sum();
    assert_eq!((told + kept.len() as u64, told), (count, dropped));
}

#[test]
fn what_happened_outlives_the_detail_around_it() {
    let place = Place::new();
    let mut spool = place.open();
    fill(&mut spool, 1..=800);
    let all = drain(&mut spool);
    let first = all.first().expect("something").sequence;
    assert!(sequences(&all).windows(2).any(|two| two[1] - two[0] > 30), "nothing was thinned");
    let happened: Vec<u64> =
        all.iter().flat_map(|it| &it.events).map(|event| event.sequence).collect();
    let expected: Vec<u64> =
        (1..=800).filter(|it| it % 10 == 0 && *it >= first.saturating_sub(50)).collect();
    let missing: Vec<_> =
        expected.iter().filter(|it| **it > first && !happened.contains(it)).collect();
    assert!(missing.is_empty(), "{missing:?} of {happened:?}");
    assert!(happened.is_sorted(), "{happened:?}");
}

#[test]
fn a_file_that_was_cut_anywhere_costs_what_was_cut() {
    let seed = 0x0c07_0ff5;
    let mut random = StdRng::seed_from_u64(seed);
    for round in 0..60 {
        let place = Place::new();
        let mut spool = place.open();
        fill(&mut spool, 1..=20);
        spool.delivered(4).expect("noted");
        let file = spool.segments.back().expect("a file").file.clone();
        let length = fs::metadata(&file).expect("metadata").len();
        drop(spool);
        let cut = random.random_range(0..length);
        File::options().write(true).open(&file).and_then(|it| it.set_len(cut)).expect("cut");

        let mut spool = place.open();
        fill(&mut spool, 21..=25);
        let kept = sequences(&drain(&mut spool));
        let (old, new): (Vec<u64>, Vec<u64>) = kept.iter().partition(|it| **it <= 20);
        assert_eq!(new, [21, 22, 23, 24, 25], "seed {seed:#x}, round {round}");
        let survived = old.iter().zip(5..).all(|(it, expected)| *it == expected);
        assert!(survived, "seed {seed:#x}, round {round}: {old:?}");
    }
}

#[test]
fn a_crash_in_the_middle_of_a_delivery_makes_nothing_missing() {
    let place = Place::new();
    let mut spool = place.open();
    fill(&mut spool, 1..=200);
    let batch = spool.batch(150, usize::MAX).expect("read");
    // The fleet took them, and nobody noted it.
    drop(spool);
    let mut spool = place.open();
    assert_eq!(spool.batch(150, usize::MAX).expect("read"), batch);
    // Noted, and the files were not removed.
    keep::write(&delivered_file(&place.0.path().join("spool")), b"150").expect("noted");
    drop(spool);
    spool = place.open();
    let rest = drain(&mut spool);
    assert_eq!(rest.len(), 50);
    assert!(rest.iter().all(|report| report.dropped_before == 0));
}

#[test]
fn a_report_that_is_too_long_or_refused_counts_as_dropped() {
    let place = Place::new();
    let mut spool = place.open();
    fill(&mut spool, 1..=1);
    let mut long = report("boot", 2, 20);
    long.boot_id = "x".repeat(8 << 10);
    spool.append(long).expect_err("too long");
    fill(&mut spool, 3..=4);
    spool.give_up(1).expect("noted");
    let rest = drain(&mut spool);
    assert_eq!(rest.iter().map(|it| it.dropped_before).collect::<Vec<_>>(), [1, 0]);
    assert_eq!(spool.report().dropped, 2);
}
