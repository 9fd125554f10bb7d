use super::*;
use proptest::prelude::*;

const MIB: u64 = 1 << 20;

proptest! {
    #[test]
    fn a_time_is_known_to_a_fifth(took_us in 1_u64..20_000_000) {
        let longest = longest_us(bucket(took_us));
        prop_assert!(longest >= took_us && longest <= took_us + took_us / 4 + 1, "{}", longest);
    }

    #[test]
    fn the_slowest_hundredth_is_what_sorting_says(
        times in proptest::collection::vec(1_u64..1_000_000, 100..600),
    ) {
        let mut gate = WriteGate::default();
        times.iter().for_each(|took_us| gate.read(*took_us, 1));
        let mut sorted = times;
        sorted.sort_unstable();
        let exact = sorted[sorted.len() - 1 - sorted.len() / 100];
        let found = gate.p99_us(1).expect("enough reads");
        prop_assert!(found >= exact && found <= exact + exact / 4 + 1, "{found} for {exact}");
    }

    #[test]
    fn whatever_happens_writes_go_on_and_never_jump_the_queue(
        steps in proptest::collection::vec((0_u64..3_000_000, 1_u64..4 * MIB, 1_u64..2_000_000), 1..200),
    ) {
        let (mut gate, mut now_us, mut ready_us) = (WriteGate::default(), 0, 0);
        for (passes_us, bytes, took_us) in steps {
            now_us += passes_us;
            (0..30).for_each(|_| gate.read(took_us, now_us));
            let wait_us = gate.admit(bytes, 5_000, now_us);
            prop_assert!(gate.rate_bytes_per_s >= LEAST_BYTES_PER_S);
            if wait_us > 0 {
                // Behind what was let in before, and no further than the least rate allows.
                prop_assert_eq!(now_us + wait_us, ready_us);
            }
            ready_us = gate.free_at_us;
            prop_assert!(ready_us <= now_us + wait_us + 4 * MIB * 1_000_000 / LEAST_BYTES_PER_S);
        }
    }
}

/// A disk whose reads get slow once more is written than it can take beside them.
fn p99_of_disk(written_bytes_per_s: u64, takes_bytes_per_s: u64) -> u64 {
    if written_bytes_per_s <= takes_bytes_per_s { 2_000 } else { 40_000 }
}

/// Writes as fast as it may for some minutes; gives what was written, and in how many seconds
/// reads were slow.
fn live(
    gate: &mut WriteGate,
    now_us: &mut u64,
    seconds: u64,
    takes_bytes_per_s: u64,
) -> (u64, u64) {
    let (mut written_bytes, mut slow_s) = (0, 0);
    for _ in 0..seconds {
        let (ends_us, mut in_this) = (*now_us + 1_000_000, 0);
        while *now_us < ends_us && in_this < 600 * MIB {
            *now_us += gate.admit(MIB, 10_000, *now_us) + 1;
            in_this += MIB;
        }
        *now_us = (*now_us).max(ends_us);
        let took_us = p99_of_disk(in_this, takes_bytes_per_s);
        (0..200).for_each(|_| gate.read(took_us, *now_us));
        written_bytes += in_this;
        slow_s += u64::from(took_us > 10_000);
    }
    (written_bytes, slow_s)
}

#[test]
fn a_disk_finds_out_what_it_can_take_beside_its_readers() {
    let (mut gate, mut now_us) = (WriteGate::default(), 1_000_000);
    live(&mut gate, &mut now_us, 60, 100 * MIB);
    let (written_bytes, slow_s) = live(&mut gate, &mut now_us, 600, 100 * MIB);
    // Reads are slow in a few of the seconds, and most of what the disk can take is used.
    assert!(slow_s <= 600 / 5, "{slow_s} s");
    assert!(written_bytes >= 600 * 60 * MIB, "{} MiB/s", written_bytes / MIB / 600);
    // It gets worse, and is followed.
    live(&mut gate, &mut now_us, 30, 20 * MIB);
    let (_, slow_s) = live(&mut gate, &mut now_us, 600, 20 * MIB);
    assert!(slow_s <= 600 / 2, "{slow_s} s");
    // It gets well, and nothing is held back any more.
    live(&mut gate, &mut now_us, 1200, u64::MAX);
    assert_eq!(gate.limit_bytes_per_s(), None);
}

#[test]
fn a_disk_that_nobody_reads_is_written_as_fast_as_it_goes() {
    let mut gate = WriteGate::default();
    for at in 0..100 {
        (0..5).for_each(|_| gate.read(1_000_000, at * 1_000_000));
        assert_eq!(gate.admit(64 * MIB, 5_000, at * 1_000_000), 0);
    }
}

#[test]
fn readers_are_known_of_while_they_are_counted_anew_and_forgotten_when_they_go() {
    let mut gate = WriteGate::default();
    (1..ENOUGH_READS).for_each(|_| gate.read(9_000, 2_000_000));
    assert!(!gate.has_readers(2_000_000));
    gate.read(9_000, 2_000_000);
    assert!(gate.has_readers(2_000_000));
    // They are slow: what they do next is counted from here on.
    gate.admit(MIB, 5_000, 2_000_000);
    assert!(gate.p99_us(2_000_000).is_none() && gate.has_readers(2_000_000));
    assert!(!gate.has_readers(2_000_000 + 2 * SPAN_US));
}
