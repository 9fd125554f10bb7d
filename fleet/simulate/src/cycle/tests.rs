//! Caches, oracles and boxes in small, and a whole cycle.

use super::failures::Failures;
use super::local::Local;
use super::lru::{Asked, Lru};
use super::oracle::{self, Static};
use crate::audience::{Curve, Plays, synthetic};
use crate::run::{Options, Run};

fn plays(by_file: &[(u32, u32)]) -> Plays {
    Plays { by_file: by_file.to_vec(), ..Plays::default() }
}

#[test]
fn the_best_is_what_is_played_most_until_the_disk_is_full() {
    let (sizes, wanted) = ([4, 2, 2, 1], [1.0, 3.0, 0.0, 2.0]);
    assert_eq!(oracle::ranked(&wanted), [1, 3, 0]);
    let ratios = oracle::hit_ratios(&sizes, &wanted, &[2, 3, 6, 7]);
    assert_eq!(ratios, [0.5, 8.0 / 12.0, 8.0 / 12.0, 1.0]);
    let mut of_days = Static::default();
    of_days.add(&wanted);
    of_days.add(&[9.0, 0.0, 0.0, 0.0]);
    assert_eq!(of_days.hit_ratios(&sizes, &[4]), [40.0 / 48.0]);
}

#[test]
fn the_file_asked_for_longest_ago_leaves() {
    let sizes = [2, 2, 2, 9];
    let mut lru = Lru::new(4, 4, (1, 0));
    let mut ask = |file| lru.play(&plays(&[(file, 1)]), &sizes);
    let missed = Asked { bytes: 2.0, missed_bytes: 2.0 };
    let hit = Asked { missed_bytes: 0.0, ..missed };
    assert_eq!([0, 1, 0, 2, 0, 1].map(&mut ask), [missed, missed, hit, missed, hit, missed]);
    // One that is larger than the cache passes through, and leaves nothing behind.
    ask(3);
    assert_eq!([0, 0].map(&mut ask), [missed, hit]);
}

#[test]
fn a_site_alone_forgets() {
    let mut local = Local::new(3);
    local.learn(&plays(&[(2, 4)]));
    (0..4).for_each(|_| local.learn(&plays(&[])));
    local.learn(&plays(&[(0, 2)]));
    assert_eq!(local.ranked()[..2], [0, 2]);
    assert_eq!(local.ranked().len(), 3, "what was never played fills the disk up");
}

#[test]
fn boxes_fail_and_come_back() {
    let mut failures = Failures::new(1, 10, 4);
    let out: Vec<usize> = (0..200).map(|_| (failures.next_day(), failures.out()).1).collect();
    assert!(out.contains(&0) && out.iter().all(|out| *out < 8), "{out:?}");
    let mean = out.iter().sum::<usize>() as f64 / 200.0;
    assert!((0.5..2.5).contains(&mean), "{mean}");
}

fn options() -> Options {
    Options {
        seed: 1,
        days: 6,
        sites: 2,
        boxes: 4,
        plays_a_day: 2000.0,
        disk: 0.05,
        fill: 0.1,
        rest: 0.3,
    }
}

fn run(options: Options) -> Vec<crate::run::Day> {
    let viewed = synthetic::hours(400, options.seed);
    let run = Run::new(&viewed, Curve::default(), options, |_| {}).expect("a world");
    run.map(|day| day.expect("a day")).collect()
}

#[test]
fn a_small_fleet_is_as_ever() {
    let days = run(options());
    assert_eq!(days, run(options()));
    assert_ne!(days, run(Options { seed: 2, ..options() }));
    for day in &days {
        let is_between = day.local_offload < day.best_offload && day.offload <= day.best_offload;
        assert!(is_between && day.offload > 0.8 * day.best_offload, "{day:?}");
        assert!(day.churn < 0.1, "{day:?}");
        assert!(day.forecast_error.is_some_and(|error| error < 0.4), "{day:?}");
    }
}
