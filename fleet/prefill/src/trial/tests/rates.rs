//! How often what is said is wrong, over many trials of days that depend on each other.
//!
//! Offload and fill of a site keep four fifths of yesterday's deviation; boxes fail at times, and
//! are out for three days. Seeds are fixed: these are counts, not chances.

use super::{FIRST_DAY, day, trial};
use crate::cluster::mixed;
use crate::trial::{Difference, Judged, SiteDay, Trial, Verdict, judge};

/// A stream of draws.
struct Draws(u64);

impl Draws {
    fn part(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        (mixed(self.0) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Nearly normal, with a deviation of 1: a sum of twelve.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.part()).sum::<f64>() - 6.0
    }
}

/// What sites do.
#[derive(Clone, Copy)]
struct Noise {
    offload: f64,
    fill: f64,
    failures: f64,
}

/// As the simulator has it: three points in a thousand of offload from day to day.
const NOISE: Noise = Noise { offload: 0.003, fill: 0.002, failures: 0.01 };

const KEPT: f64 = 0.8;

/// The days of a site; `by` is what changes with the trial.
fn site_days(
    (site, trial): (&contract::names::SiteName, &Trial),
    (noise, by): (Noise, (f64, f64)),
    draws: &mut Draws,
) -> Vec<SiteDay> {
    let level = (0.8 + 0.15 * draws.part(), 0.02 + 0.02 * draws.part());
    let (mut offload, mut fill, mut out_days) = (draws.normal(), draws.normal(), 0);
    let new = (1.0 - KEPT * KEPT).sqrt();
    let mut days = Vec::new();
    for after in -14..i32::from(trial.days) {
        offload = KEPT * offload + new * draws.normal();
        fill = KEPT * fill + new * draws.normal();
        out_days = if draws.part() < noise.failures { 3 } else { (out_days - 1).max(0) };
        let lost = if out_days > 0 { 0.02 } else { 0.0 };
        let by = if after < 0 { (0.0, 0.0) } else { by };
        let seen =
            (level.0 + noise.offload * offload - lost + by.0, level.1 + noise.fill * fill + by.1);
        days.push(day(site, FIRST_DAY + after, seen));
    }
    days
}

/// A trial from its first day to its end, looked at every day.
fn played(trial: &Trial, by: (f64, f64), noise: Noise, seed: u64) -> Vec<Judged> {
    let mut draws = Draws(mixed(seed + 1));
    let mut days = Vec::new();
    for pair in &trial.pairs {
        days.extend(site_days((&pair.tried, trial), (noise, by), &mut draws));
        days.extend(site_days((&pair.usual, trial), (noise, (0.0, 0.0)), &mut draws));
    }
    let mut looks = Vec::new();
    for after in 0..i32::from(trial.days) {
        let judged = judge(trial, &days, FIRST_DAY + after).expect("a look");
        let is_end = judged.verdict.is_end();
        looks.push(judged);
        if is_end {
            break;
        }
    }
    looks
}

fn last(looks: &[Judged]) -> &Judged {
    looks.last().expect("a look")
}

fn covers(of: Option<Difference>, by: f64) -> (bool, bool) {
    let of = of.expect("a difference");
    let is_in = |it: crate::trial::Interval| it.low <= by && by <= it.high;
    (is_in(of.once), is_in(of.daily))
}

/// Trials to a count: a rate of 5 % is then known to 1.4 % (two deviations).
const TRIALS: u64 = 1000;

/// Bad news without any tolerance, of what is no different at all: the whole of what may be missed
/// by chance is at stake.
#[test]
fn what_is_no_different_is_seldom_stopped() {
    for (pairs, noise) in [(4, NOISE), (12, NOISE), (12, Noise { failures: 0.0, ..NOISE })] {
        let mut agreed = trial(pairs, 14);
        (agreed.rules.offload_tolerance_bp, agreed.rules.fill_tolerance_bp) = (0, 0);
        let mut stopped = 0;
        for seed in 0..TRIALS {
            let looks = played(&agreed, (0.0, 0.0), noise, seed);
            let last = last(&looks);
            let is_bad = matches!(last.verdict, Verdict::Hurts { .. } | Verdict::Worse { .. });
            stopped += u64::from(is_bad);
        }
        println!("{pairs} pairs: {stopped} of {TRIALS} stopped");
        // 5 % and two deviations.
        assert!(stopped <= 64, "{pairs} pairs: {stopped} of {TRIALS}");
    }
}

#[test]
fn intervals_hold_as_often_as_they_say() {
    for pairs in [4, 12] {
        let agreed = trial(pairs, 14);
        let (mut once, mut daily) = (0, 0);
        for seed in 0..TRIALS {
            let mut draws = Draws(mixed(seed + 7));
            let by = (0.01, 0.0);
            let mut days = Vec::new();
            for pair in &agreed.pairs {
                days.extend(site_days((&pair.tried, &agreed), (NOISE, by), &mut draws));
                days.extend(site_days((&pair.usual, &agreed), (NOISE, (0.0, 0.0)), &mut draws));
            }
            let looks: Vec<Judged> = (2..14)
                .map(|after| judge(&agreed, &days, FIRST_DAY + after).expect("a look"))
                .collect();
            once += u64::from(covers(last(&looks).offload, by.0).0);
            daily += u64::from(looks.iter().all(|look| covers(look.offload, by.0).1));
        }
        println!("{pairs} pairs: {once} held once, {daily} on all days");
        assert!((936..=964).contains(&once), "{pairs} pairs: {once} of {TRIALS}");
        assert!(daily >= 950, "{pairs} pairs: {daily} of {TRIALS}");
    }
}

#[test]
fn harm_is_stopped_before_the_end() {
    let agreed = trial(12, 14);
    let (mut stopped, mut days) = (0_usize, 0);
    for seed in 0..200 {
        let looks = played(&agreed, (-0.01, 0.0), NOISE, seed);
        if matches!(last(&looks).verdict, Verdict::Hurts { .. }) {
            stopped += 1;
            days += looks.len();
        }
    }
    println!("{stopped} of 200 stopped, after {:.1} days", days as f64 / stopped as f64);
    assert!(stopped >= 190 && days <= 8 * stopped, "{stopped} in {days} days");
}

#[test]
fn a_gain_in_fill_is_said_and_what_is_alike_is_said_to_be() {
    let mut agreed = trial(20, 14);
    agreed.rules.offload_tolerance_bp = 50;
    let count = |by, is: fn(&Verdict) -> bool| {
        (0..200).filter(|seed| is(&last(&played(&agreed, by, NOISE, *seed)).verdict)).count()
    };
    let better = count((0.0, -0.008), |it| matches!(it, Verdict::Better { .. }));
    let bad = count((0.0, 0.0), |it| matches!(it, Verdict::Worse { .. } | Verdict::Hurts { .. }));
    println!("{better} of 200 better, {bad} of 200 bad");
    assert!(bad <= 4, "{bad}");
    assert!(better >= 180, "{better}");
}
