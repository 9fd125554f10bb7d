//! Ten thousand worlds in `make test`, ten times as many in `make nightly`: in none of them
//! happens what must never be, and in all of them together much happens.

const SEEDS: u64 = 10_000;

fn seeds() -> u64 {
    let is_nightly = std::env::var_os("HEADEND_NIGHTLY").is_some_and(|value| value == "1");
    if is_nightly { 10 * SEEDS } else { SEEDS }
}

#[test]
fn what_must_never_be_is_in_no_world() {
    let counts = sim::many(0..seeds()).unwrap_or_else(|failure| panic!("{failure}"));
    eprintln!("{} seeds: {counts:?}", seeds());
    let least = [
        (counts.crashes, 3),
        (counts.published, 8),
        (counts.blocks_read, 60),
        (counts.survived, 5),
        (counts.failures, 3),
        (counts.moved, 1),
        (counts.written_through_bytes, 40_000),
        (counts.asked, 15),
        (counts.questions, 8),
        (counts.purges, 1),
    ];
    for (count, for_each) in least {
        assert!(count >= for_each * seeds(), "the worlds are too quiet: {counts:?}");
    }
}

#[test]
fn a_seed_always_tells_the_same_story() {
    for seed in 0..20 {
        let once = sim::run(seed, false).map_err(|failure| failure.to_string());
        assert_eq!(once, sim::run(seed, false).map_err(|failure| failure.to_string()), "{seed}");
    }
}
