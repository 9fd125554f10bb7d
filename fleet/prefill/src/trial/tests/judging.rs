//! What is said of days.

use super::{FIRST_DAY, day, pair, site, trial};
use crate::trial::{
    BadTrial, Interval, Judged, LeftOut, Measure, Rules, SiteDay, Trial, Verdict, Waits, judge,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// A bit of noise that is of a pair alone, and adds up to nothing over pairs.
fn noise(at: usize) -> f64 {
    [0.001, -0.001, 0.0005, -0.0005][at % 4]
}

/// Four weeks of pairs: 90 % of offload, 2 % of fill, and from the first day on a change of both.
fn days(trial: &Trial, (offload, fill): (f64, f64)) -> Vec<SiteDay> {
    let mut all = Vec::new();
    for (at, pair) in trial.pairs.iter().enumerate() {
        for at_day in -14..i32::from(trial.days) {
            let noise = if at_day < 0 { 0.0 } else { noise(at) };
            let changed = if at_day < 0 { (0.0, 0.0) } else { (offload + noise, fill + noise) };
            // What makes them differ for good is no difference.
            let usual = (0.90, 0.02);
            let tried = (0.85 + changed.0, 0.03 + changed.1);
            all.push(day(&pair.tried, FIRST_DAY + at_day, tried));
            all.push(day(&pair.usual, FIRST_DAY + at_day, usual));
        }
    }
    all
}

fn at(trial: &Trial, days: &[SiteDay], after: i32) -> Judged {
    judge(trial, days, FIRST_DAY + after).expect("a look")
}

fn end(change: (f64, f64)) -> Verdict {
    let trial = trial(8, 14);
    at(&trial, &days(&trial, change), 13).verdict
}

#[test]
fn what_hurts_ends_on_the_first_day_that_counts() {
    let trial = trial(8, 14);
    let days = days(&trial, (-0.02, 0.0));
    let settling = Verdict::Waiting { why: Waits::Settling { until_day: FIRST_DAY + 2 } };
    assert_eq!(at(&trial, &days, 1).verdict, settling);
    let judged = at(&trial, &days, 2);
    let offload = judged.offload.expect("an interval");
    let close = |value: f64, expected: f64| (value - expected).abs() < 1e-9;
    assert!(close(offload.by, -0.02), "{judged:?}");
    assert!(judged.tried_offload.is_some_and(|it| close(it, 0.83)), "{judged:?}");
    assert!(judged.usual_offload.is_some_and(|it| close(it, 0.9)), "{judged:?}");
    assert!(
        matches!(judged.verdict, Verdict::Hurts { what: Measure::Offload, is_collapse: false, .. }),
        "{judged:?}"
    );
    let Interval { low, high } = offload.daily;
    assert!(low < offload.once.low && offload.once.high < high, "who looks daily knows less");
}

#[test]
fn a_collapse_ends_even_the_first_day() {
    let trial = trial(8, 14);
    let judged = at(&trial, &days(&trial, (-0.3, 0.0)), 0);
    let Verdict::Hurts { what: Measure::Offload, by, is_collapse: true } = judged.verdict else {
        panic!("{judged:?}");
    };
    assert!((by + 0.3).abs() < 1e-6);
    assert_eq!(judged.verdict.to_string(), "collapsed: offload -30.00 points in a day");
}

#[test]
fn fill_hurts_too() {
    let trial = trial(8, 14);
    let judged = at(&trial, &days(&trial, (0.0, 0.02)), 5);
    assert!(matches!(judged.verdict, Verdict::Hurts { what: Measure::Fill, .. }), "{judged:?}");
}

#[test]
fn the_end_says_what_was_found() {
    let better =
        |what| move |verdict| matches!(verdict, Verdict::Better { what: it, .. } if it == what);
    assert!(better(Measure::Offload)(end((0.01, 0.0))), "{:?}", end((0.01, 0.0)));
    // Less fill for offload that is less by no more than is borne.
    assert!(better(Measure::Fill)(end((0.0, -0.01))));
    // More fill than is borne is no gain, whatever offload says; it had ended before.
    assert!(matches!(end((0.01, 0.02)), Verdict::Worse { what: Measure::Fill, .. }));
    assert!(matches!(end((-0.01, -0.01)), Verdict::Worse { what: Measure::Offload, .. }));
    // Surely below 0, and not surely within what is borne.
    assert!(matches!(end((-0.0015, 0.0)), Verdict::Worse { what: Measure::Offload, .. }));
    assert_eq!(end((-0.0018, -0.01)), Verdict::Undecided, "less of both");
    assert_eq!(end((0.0, 0.0)), Verdict::NoDifference);
}

#[test]
fn too_few_pairs_say_nothing() {
    let trial = trial(3, 14);
    let days = days(&trial, (-0.3, 0.0));
    let waits = Waits::Pairs { known: 3, needed: 4 };
    assert_eq!(at(&trial, &days, 6).verdict, Verdict::Waiting { why: waits });
    assert_eq!(at(&trial, &days, 13).verdict, Verdict::Undecided);
    assert!(at(&trial, &days, 13).verdict.is_end());
}

#[test]
fn days_that_say_nothing_are_counted() {
    let trial = trial(8, 14);
    let mut days = days(&trial, (0.0, 0.0));
    let mut change = |site: &str, day: i32, change: fn(&mut SiteDay)| {
        let is_it = |it: &&mut SiteDay| it.site.as_str() == site && it.day == FIRST_DAY + day;
        change(days.iter_mut().find(is_it).expect("a day"));
    };
    change("t1", 3, |it| it.wanted_bytes = 10);
    change("u1", 3, |it| it.served_bytes = 2 * it.wanted_bytes);
    change("u2", 4, |it| it.served_bytes = 2 * it.wanted_bytes);
    change("u3", 4, |it| it.served_bytes = it.wanted_bytes + it.wanted_bytes / 2000);
    change("t6", 3, |it| (it.is_impaired, it.served_bytes) = (true, 0));
    change("t6", 4, |it| it.is_impaired = true);
    change("u6", 4, |it| it.is_impaired = true);
    change("u6", 5, |it| it.is_impaired = true);
    let is_out = |it: &SiteDay| {
        let day = it.day - FIRST_DAY;
        (it.site == site("t4") && (5..9).contains(&day))
            || (it.site == site("u4") && day == 8 || it.site == site("u5") && day < -2)
    };
    days.retain(|it| !is_out(it));
    days.push(day(&site("elsewhere"), FIRST_DAY, (0.5, 0.5)));
    let judged = at(&trial, &days, 13);
    let expected = LeftOut {
        tried_missing: 4,
        usual_missing: 12,
        tried_impaired: 2,
        usual_impaired: 1,
        too_little: 1,
        impossible: 1,
    };
    assert_eq!(judged.left_out, expected);
    assert_eq!(judged.pairs, 7, "two days before are too few");
}

#[test]
fn what_cannot_be_judged_says_why() {
    let good = trial(4, 14);
    let refused = |trial: &Trial, days: &[SiteDay], after| {
        judge(trial, days, FIRST_DAY + after).expect_err("bad").to_string()
    };
    let one = day(&site("t1"), FIRST_DAY, (0.5, 0.0));
    assert_eq!(refused(&good, &[one.clone(), one], 3), "day 20000 of site t1 is given twice");
    assert_eq!(
        refused(&good, &[], 14),
        "day 20014 is none of the trial, which goes from 20000 to 20013"
    );
    let mut twice = good.clone();
    twice.pairs.push(pair(2));
    assert_eq!(refused(&twice, &[], 0), "site t2 stands in two places: pairs must be disjoint");
    let ruled = |rules| refused(&Trial { rules, ..good.clone() }, &[], 0);
    let rules = good.rules;
    assert_eq!(ruled(Rules { baseline_days: 2, ..rules }), "baseline_days is 2; give 3 to 60");
    assert!(ruled(Rules { settle_days: 14, ..rules }).starts_with("settle_days is 14"));
    assert!(ruled(Rules { confidence_percent: 100, ..rules }).starts_with("confidence_percent"));
    let long = Trial { days: 61, ..good };
    assert_eq!(
        long.check(),
        Err(BadTrial::Number { what: "days", value: 61, expected: "1 to 60" })
    );
}

#[test]
fn documents_are_read_as_they_were_written() {
    let trial = trial(2, 14);
    let text = serde_json::to_string(&trial).expect("json");
    assert_eq!(serde_json::from_str::<Trial>(&text).expect("the same"), trial);
    insta::assert_snapshot!(text);
    let judged = at(&super::trial(8, 14), &days(&super::trial(8, 14), (-0.3, 0.0)), 0);
    insta::assert_snapshot!(serde_json::to_string_pretty(&judged.verdict).expect("json"));
}

fn any_days() -> impl Strategy<Value = Vec<SiteDay>> {
    let pairs = (0usize..6, any::<bool>(), -20i32..14);
    let bytes = (0u64..3000, 0u64..3000, any::<u64>());
    vec((pairs, bytes), 0..300).prop_map(|all| {
        let mut days: Vec<SiteDay> = all
            .into_iter()
            .map(|((at, is_tried, after), (wanted_bytes, served_bytes, filled_bytes))| SiteDay {
                site: if is_tried { pair(at).tried } else { pair(at).usual },
                day: FIRST_DAY + after,
                wanted_bytes,
                served_bytes,
                filled_bytes: filled_bytes >> (filled_bytes % 64),
                is_impaired: wanted_bytes % 5 == 0,
            })
            .collect();
        days.sort_by_key(|it| (it.site.clone(), it.day));
        days.dedup_by(|a, b| a.site == b.site && a.day == b.day);
        days
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_is_seen_numbers_are_finite_and_their_order_is_of_no_meaning(
        mut seen in any_days(),
        after in 0i32..14,
    ) {
        let trial = trial(6, 14);
        let judged = at(&trial, &seen, after);
        for it in [judged.offload, judged.fill].into_iter().flatten() {
            let all = [it.daily.low, it.once.low, it.by, it.once.high, it.daily.high];
            prop_assert!(all.iter().all(|number| number.is_finite()), "{:?}", it);
            prop_assert!(all.is_sorted(), "{:?}", it);
        }
        prop_assert_eq!(judged.verdict.is_end() && after < 13,
            matches!(judged.verdict, Verdict::Hurts { .. }));
        seen.reverse();
        // What comes later is not known yet.
        seen.retain(|it| it.day <= FIRST_DAY + after);
        prop_assert_eq!(at(&trial, &seen, after), judged);
    }
}
