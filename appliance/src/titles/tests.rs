//! What is told adds up, and names nobody too early.

use super::day::{Figures, Key};
use super::ledger::Ledger;
use contract::catalogue::Common;
use contract::demand::{DemandReport, FEWEST_SESSIONS, MAX_DEMAND_ROWS};
use contract::names::GroupName;
use contract::time::TimeUs;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const TODAY: i32 = 19_675;

fn common(title: u64) -> Arc<Common> {
    let name = format!("t{title}").parse().expect("name");
    Common::of(GroupName::new("g").expect("name"), name).share()
}

fn sent(sent: u64) -> Figures {
    Figures { sent, missed: 0 }
}

/// So many seconds into a day.
fn at(day: i32, s: i64) -> TimeUs {
    TimeUs(0).plus_s(i64::from(day) * 86_400 + s)
}

/// Everything that it has to tell now, answered.
fn tells(ledger: &mut Ledger, now: TimeUs) -> Vec<(i32, Option<String>, u64)> {
    let mut all = Vec::new();
    while let Some(report) = ledger.next(now) {
        ledger.answered();
        let of = |row: &contract::demand::TitleDemand| {
            (report.day, row.title.as_ref().map(ToString::to_string), row.bytes_sent)
        };
        all.extend(report.rows.iter().map(of));
    }
    all
}

fn sessions(count: usize) -> Vec<u64> {
    (0..count as u64).collect()
}

#[test]
fn a_title_is_named_with_its_twentieth_session_and_all_that_was_kept_back() {
    let mut ledger = Ledger::new(TODAY);
    for session in sessions(FEWEST_SESSIONS - 1) {
        ledger.count(&common(1), &[session, session], sent(10));
    }
    assert_eq!(tells(&mut ledger, at(TODAY, 0)), []);
    ledger.count(&common(1), &[99], sent(10));
    let named = Some("t1".to_owned());
    assert_eq!(tells(&mut ledger, at(TODAY, 0)), [(TODAY, named.clone(), 200)]);
    // Who comes later that day is counted at once, and told of with the next round.
    ledger.count(&common(1), &[], sent(1));
    assert_eq!(tells(&mut ledger, at(TODAY, 299)), []);
    assert_eq!(tells(&mut ledger, at(TODAY, 300)), [(TODAY, named, 201)]);
    assert_eq!(tells(&mut ledger, at(TODAY, 9000)), []);
}

#[test]
fn sessions_of_two_days_are_not_added_up_and_their_bytes_are() {
    let mut ledger = Ledger::new(TODAY);
    ledger.count(&common(1), &sessions(19), sent(19));
    ledger.turn_to(TODAY + 1);
    ledger.count(&common(1), &[100, 101], sent(2));
    assert_eq!(tells(&mut ledger, at(TODAY + 1, 0)), []);
    ledger.turn_to(TODAY + 2);
    ledger.count(&common(1), &sessions(20), sent(20));
    assert_eq!(tells(&mut ledger, at(TODAY + 2, 0)), [(TODAY + 2, Some("t1".into()), 41)]);
}

#[test]
fn what_never_finds_twenty_is_told_without_a_name() {
    let mut ledger = Ledger::new(TODAY);
    ledger.count(&common(1), &sessions(12), sent(1));
    ledger.count(&common(3), &sessions(8), sent(2));
    for day in 1..14 {
        ledger.turn_to(TODAY + day);
        ledger.count(&common(2), &[2], sent(1));
        assert_eq!(tells(&mut ledger, at(TODAY + day, 0)), []);
    }
    ledger.turn_to(TODAY + 14);
    assert_eq!(tells(&mut ledger, at(TODAY + 14, 0)), [(TODAY + 14, None, 3)]);
    assert_eq!(ledger.kept_back(), sent(13));
}

#[test]
fn one_title_or_a_few_sessions_are_not_told_without_a_name_either() {
    let cases: [&[(u64, usize)]; 2] = [&[(1, 19)], &[(1, 9), (2, 10)]];
    for counted in cases {
        let mut ledger = Ledger::new(TODAY);
        for (title, count) in counted {
            ledger.count(&common(*title), &sessions(*count), sent(5));
        }
        ledger.turn_to(TODAY + 14);
        assert_eq!(tells(&mut ledger, at(TODAY + 14, 0)), [], "{counted:?}");
        assert_eq!(ledger.forgotten_bytes(), 5 * counted.len() as u64);
    }
}

#[test]
fn yesterday_is_told_to_its_end_before_today() {
    let mut ledger = Ledger::new(TODAY);
    ledger.count(&common(1), &sessions(20), sent(1));
    assert_eq!(tells(&mut ledger, at(TODAY, 86_390)), [(TODAY, Some("t1".into()), 1)]);
    ledger.count(&common(1), &[], sent(1));
    ledger.turn_to(TODAY + 1);
    ledger.count(&common(1), &sessions(20), sent(5));
    let expected = [(TODAY, Some("t1".to_owned()), 2), (TODAY + 1, Some("t1".to_owned()), 5)];
    assert_eq!(tells(&mut ledger, at(TODAY + 1, 1)), expected);
}

#[test]
fn a_clock_that_goes_back_goes_on_with_the_day_that_it_left() {
    let mut ledger = Ledger::new(TODAY);
    ledger.count(&common(1), &sessions(20), sent(3));
    assert_eq!(tells(&mut ledger, at(TODAY, 0)).len(), 1);
    ledger.turn_to(TODAY + 1);
    ledger.turn_to(TODAY);
    ledger.count(&common(1), &sessions(20), sent(4));
    assert_eq!(tells(&mut ledger, at(TODAY, 400)), [(TODAY, Some("t1".into()), 7)]);
}

#[test]
fn days_that_nobody_heard_of_are_not_kept_for_ever() {
    let mut ledger = Ledger::new(TODAY);
    for day in 0..10 {
        ledger.turn_to(TODAY + day);
        ledger.count(&common(1), &sessions(20), sent(1));
    }
    assert_eq!(ledger.forgotten_bytes(), 7);
    assert_eq!(tells(&mut ledger, at(TODAY + 9, 0)).len(), 3);
}

#[test]
fn a_report_that_was_not_answered_is_told_again_as_things_are_then() {
    let mut ledger = Ledger::new(TODAY);
    ledger.count(&common(1), &sessions(20), sent(1));
    assert_eq!(ledger.next(at(TODAY, 0)).expect("news").rows[0].bytes_sent, 1);
    ledger.count(&common(1), &[], sent(1));
    let again = ledger.next(at(TODAY, 10)).expect("the same again");
    assert_eq!(again.rows[0].bytes_sent, 2);
    // Between a report and its answer.
    ledger.count(&common(1), &[], sent(1));
    ledger.answered();
    assert_eq!(ledger.next(at(TODAY, 20)), None);
    assert_eq!(ledger.next(at(TODAY, 310)).expect("news").rows[0].bytes_sent, 3);
}

#[test]
fn many_rows_go_in_many_reports_each_once() {
    let mut ledger = Ledger::new(TODAY);
    let many = 2 * MAX_DEMAND_ROWS + 5;
    (0..many as u64).for_each(|title| ledger.count(&common(title), &sessions(20), sent(1)));
    let mut lengths = Vec::new();
    while let Some(report) = ledger.next(at(TODAY, 0)) {
        lengths.push(report.rows.len());
        ledger.answered();
        // What changes all the time keeps nobody else from being told.
        ledger.count(&common(0), &[], sent(1));
    }
    assert_eq!(lengths, [MAX_DEMAND_ROWS, MAX_DEMAND_ROWS, 5]);
}

#[derive(Debug, Clone)]
enum Step {
    Count { title: u64, sessions: Vec<u64>, figures: Figures },
    Turn(i32),
    Report { is_answered: bool, is_heard: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let figures = (0..1000_u64, 0..50_u64).prop_map(|(sent, missed)| Figures { sent, missed });
    let sessions = proptest::collection::vec(0..40_u64, 0..12);
    let count = (0..6_u64, sessions, figures);
    let count =
        count.prop_map(|(title, sessions, figures)| Step::Count { title, sessions, figures });
    let report = (any::<bool>(), any::<bool>());
    let report = report.prop_map(|(is_answered, is_heard)| Step::Report { is_answered, is_heard });
    prop_oneof![8 => count, 1 => (0..4).prop_map(Step::Turn), 4 => report]
}

/// What a fleet knows: the greatest that it was told.
#[derive(Default)]
struct Fleet(BTreeMap<(i32, Key), Figures>);

impl Fleet {
    fn hear(&mut self, report: DemandReport) {
        for row in report.rows {
            let known = self.0.entry((report.day, (row.group, row.title))).or_default();
            known.sent = known.sent.max(row.bytes_sent);
            known.missed = known.missed.max(row.bytes_missed);
        }
    }

    fn sum(&self) -> Figures {
        let mut all = Figures::default();
        self.0.values().for_each(|figures| all.add(*figures));
        all
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_told_and_what_is_kept_back_is_all_that_was_counted(
        steps in proptest::collection::vec(step(), 1..120),
    ) {
        let (mut ledger, mut fleet) = (Ledger::new(TODAY), Fleet::default());
        let (mut day, mut s, mut all) = (TODAY, 0, Figures::default());
        let mut seen: BTreeMap<(i32, u64), BTreeSet<u64>> = BTreeMap::new();
        for step in steps {
            s += 100;
            match step {
                Step::Count { title, sessions, figures } => {
                    ledger.count(&common(title), &sessions, figures);
                    seen.entry((day, title)).or_default().extend(sessions);
                    all.add(figures);
                }
                Step::Turn(days) => {
                    // What is left of days that are over is heard before they are forgotten.
                    while let Some(report) = ledger.next(at(day, s)) {
                        fleet.hear(report);
                        ledger.answered();
                    }
                    day += days;
                    ledger.turn_to(day);
                }
                Step::Report { is_answered, is_heard } => {
                    let Some(report) = ledger.next(at(day, s)) else { continue };
                    if is_heard || is_answered {
                        fleet.hear(report);
                    }
                    if is_answered {
                        ledger.answered();
                    }
                }
            }
        }
        for s in [s + 400, s + 800] {
            while let Some(report) = ledger.next(at(day, s)) {
                fleet.hear(report);
                ledger.answered();
            }
        }
        let mut told = fleet.sum();
        told.add(ledger.kept_back());
        let lost = all.sent + all.missed - told.sent - told.missed;
        prop_assert_eq!(lost, ledger.forgotten_bytes());
        for ((day, (_, title)), _) in fleet.0 {
            let Some(title) = title else { continue };
            let title = title.as_str()[1..].parse().expect("a number");
            prop_assert!(seen[&(day, title)].len() >= FEWEST_SESSIONS);
        }
    }
}
