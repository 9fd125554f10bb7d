use super::*;
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

const SECOND: i64 = 1_000_000;

fn change(device: &str, site: &str, cluster: Option<&str>) -> Change {
    let (from, to) = ("a".to_owned(), "b".to_owned());
    Change { device: device.into(), site: site.into(), cluster: cluster.map(Into::into), from, to }
}

/// Sites of two devices each.
fn fleet(sites: usize) -> Vec<Change> {
    (0..sites * 2)
        .map(|at| {
            change(&format!("oca{}.s{:02}", at % 2 + 1, at / 2), &format!("s{:02}", at / 2), None)
        })
        .collect()
}

fn at(now_s: i64) -> Moment {
    Moment { now_us: now_s * SECOND, wish: Wish::Go, is_paused: false, is_frozen: false }
}

fn running(since_us: i64) -> State {
    State::Running { since_us, was_unreachable: false }
}

fn skipped(was: Option<State>) -> State {
    State::Skipped { was: was.map(Box::new) }
}

fn unknown() -> State {
    State::Unknown { why: "nobody heard how it ended".into() }
}

fn plan(sites: usize) -> Plan {
    let policy =
        Policy { canaries: 2, waves_percent: vec![50, 100], soak_s: 60, ..Policy::default() };
    Plan::new(policy, fleet(sites)).expect("a plan")
}

fn done(progress: &mut Progress, devices: &[String], at_s: i64) {
    for device in devices {
        progress.devices.insert(device.clone(), State::Done { at_us: at_s * SECOND });
    }
}

#[test]
fn waves_follow_one_another() {
    let plan = plan(4);
    let shown = plan.devices.iter().map(|it| format!("{} {}", it.wave, it.change.device));
    insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n"));
    let mut progress = Progress::default();
    let first = next(&plan, &progress, at(0));
    assert_eq!(first.begin, ["oca1.s00", "oca1.s01"], "each at another site");
    assert_eq!(first.waiting[0].on, WaitingOn::Wave { wave: 0, left: 2 });
    done(&mut progress, &first.begin, 10);
    let soak = next(&plan, &progress, at(69));
    assert_eq!((soak.begin.len(), soak.ask_again_us), (0, Some(70 * SECOND)));
    let second = next(&plan, &progress, at(70));
    assert_eq!(second.begin, ["oca1.s02", "oca1.s03"]);
    done(&mut progress, &second.begin, 80);
    let third = next(&plan, &progress, at(140));
    assert_eq!(third.begin.len(), 4);
    done(&mut progress, &third.begin, 150);
    assert!(!next(&plan, &progress, at(209)).is_over, "the last wave is looked at as well");
    assert!(next(&plan, &progress, at(210)).is_over);
}

#[test]
fn it_stops_by_itself_and_says_why() {
    let plan = plan(20);
    let mut progress = Progress::default();
    progress.devices.insert("oca1.s00".into(), State::Failed { why: "bird -p".into() });
    let halted = next(&plan, &progress, at(0));
    assert_eq!(halted.halt, Some(Halt::Canary { device: "oca1.s00".into() }));
    assert!(halted.begin.is_empty() && halted.waiting.len() == 39);
    progress.devices.insert("oca1.s00".into(), skipped(progress.of("oca1.s00").cloned()));
    assert_eq!(next(&plan, &progress, at(0)).begin, ["oca1.s01"], "a person said: without it");
    progress.unwell.insert("oca1.s01".into(), "no BGP session".into());
    assert_eq!(next(&plan, &progress, at(0)).halt, None, "it does not have it");
    done(&mut progress, &["oca1.s01".into()], 1);
    let halted = next(&plan, &progress, at(100));
    assert_eq!(
        halted.halt.expect("halted").to_string(),
        "oca1.s01 has it and is not well: no BGP session"
    );
    assert!(halted.begin.is_empty());
    progress.unwell.clear();
    assert!(!next(&plan, &progress, at(100)).begin.is_empty(), "a person has looked");
    for wish in [Moment { is_frozen: true, ..at(100) }, Moment { is_paused: true, ..at(100) }] {
        assert_eq!(next(&plan, &progress, wish).begin, Vec::<String>::new());
    }
}

#[test]
fn who_is_out_of_reach_gets_it_later_and_many_hold_it_up() {
    let policy =
        Policy { canaries: 0, waves_percent: vec![50, 100], soak_s: 0, ..Policy::default() };
    let plan = Plan::new(policy, fleet(10)).expect("a plan");
    let mut progress = Progress::default();
    let first = next(&plan, &progress, at(0)).begin;
    assert_eq!(first.len(), 10);
    done(&mut progress, &first[1..], 5);
    progress.devices.insert(first[0].clone(), State::Unreachable { tried_us: 5 * SECOND });
    let second = next(&plan, &progress, at(6));
    assert_eq!(second.begin.len(), 10, "one of ten does not hold it up");
    assert_eq!(second.waiting[0].on, WaitingOn::Retry { at_us: 65 * SECOND });
    // Tried again, he does not shut what others have begun.
    let mut later = progress.clone();
    later.devices.insert(first[0].clone(), running(65 * SECOND));
    done(&mut later, &second.begin[..1], 66);
    assert_eq!(next(&plan, &later, at(66)).begin, second.begin[1..]);
    progress.devices.insert(first[1].clone(), State::Unreachable { tried_us: 5 * SECOND });
    progress.devices.insert(first[2].clone(), State::Unreachable { tried_us: 5 * SECOND });
    let held_up = next(&plan, &progress, at(65));
    assert_eq!(held_up.begin, first[..3], "tried again");
    assert!(held_up.waiting.iter().all(|it| it.on == WaitingOn::Wave { wave: 0, left: 3 }));
}

#[test]
fn aborted_it_goes_back_the_way_it_came() {
    let plan = plan(3);
    let mut progress = Progress::default();
    let all: Vec<String> = plan.devices.iter().map(|it| it.change.device.clone()).collect();
    done(&mut progress, &all[..3], 1);
    progress.devices.insert(all[3].clone(), running(2));
    let back = next(&plan, &progress, Moment { wish: Wish::Abort, ..at(5) });
    assert_eq!(
        back.revert,
        [all[2].clone(), all[1].clone()],
        "the first shares its site with what runs"
    );
    assert!(!back.is_over && back.begin.is_empty());
    progress.devices.insert(all[3].clone(), State::Failed { why: "x".into() });
    for device in &all[..3] {
        progress.devices.insert(device.clone(), State::Reverted);
    }
    assert!(next(&plan, &progress, Moment { wish: Wish::Abort, ..at(9) }).is_over);
}

#[test]
fn policies_that_cannot_be_meant_are_refused() {
    let wrong = |policy: Policy| Plan::new(policy, Vec::new()).expect_err("refused").to_string();
    let usual = Policy::default;
    assert_eq!(
        wrong(Policy { at_once: 0, ..usual() }),
        "at_once: at least one, or it never begins"
    );
    for waves in [vec![], vec![50], vec![50, 50, 100], vec![0, 100], vec![100, 50]] {
        let said = wrong(Policy { waves_percent: waves, ..usual() });
        assert_eq!(said, "waves_percent: rising, from 1 on, and the last is 100");
    }
    let twice = Plan::new(usual(), vec![change("a", "s", None), change("a", "s", None)]);
    assert_eq!(twice.expect_err("refused").to_string(), "a stands in it twice");
    assert!(wrong(Policy { most_unreachable_percent: 101, ..usual() }).contains("0 to 100"));
    let none = Plan::new(usual(), Vec::new()).expect("nothing to do");
    assert!(next(&none, &Progress::default(), at(0)).is_over);
}

#[test]
fn who_is_skipped_opens_nothing_and_forgets_nothing() {
    let plan = plan(20);
    let mut progress = Progress::default();
    progress.devices.insert("oca2.s19".into(), skipped(None));
    assert_eq!(next(&plan, &progress, at(0)).begin, ["oca1.s00", "oca1.s01"], "the first first");
    progress.devices.insert("oca1.s00".into(), skipped(Some(unknown())));
    let back = next(&plan, &progress, Moment { wish: Wish::Abort, ..at(0) });
    assert!(!back.is_over && back.revert.is_empty());
    let why = "nobody heard how it ended".to_owned();
    assert_eq!(back.waiting[0].on, WaitingOn::Person { why });
}

#[test]
fn without_one_that_has_tried_it_nobody_follows() {
    let plan = plan(20);
    let mut progress = Progress::default();
    for canary in ["oca1.s00", "oca1.s01"] {
        progress.devices.insert(canary.into(), skipped(None));
    }
    let decision = next(&plan, &progress, at(0));
    assert!(decision.begin.is_empty() && !decision.is_over);
    assert!(decision.waiting.iter().all(|it| it.on == WaitingOn::Canaries));
}

#[test]
fn what_went_back_does_not_go_on() {
    let plan = plan(3);
    let mut progress = Progress::default();
    let all: Vec<String> = plan.devices.iter().map(|it| it.change.device.clone()).collect();
    for device in &all[..4] {
        progress.devices.insert(device.clone(), State::Reverted);
    }
    let on = next(&plan, &progress, at(1_000));
    assert_eq!((on.begin.len(), on.halt, on.is_over), (0, Some(Halt::GoingBack), false));
    // Where going back fails, it stops as well.
    done(&mut progress, &all[..2], 1);
    progress.devices.insert(all[2].clone(), State::RevertFailed { why: "its disk".into() });
    let back = next(&plan, &progress, Moment { wish: Wish::Abort, ..at(5) });
    assert_eq!(back.halt, Some(Halt::RevertFailures { failed: 1, most: 0 }));
    assert!(back.revert.is_empty() && !back.is_over);
    for stop in [Moment { is_paused: true, ..at(5) }, Moment { is_frozen: true, ..at(5) }] {
        let mut progress = progress.clone();
        progress.devices.insert(all[2].clone(), State::Reverted);
        let back = next(&plan, &progress, Moment { wish: Wish::Abort, ..stop });
        assert!(back.revert.is_empty() && back.halt.is_none() && !back.is_over);
    }
}

/// A tenth is out of reach, and some of those are always just being tried again.
#[test]
fn those_that_are_tried_again_hold_up_nobody() {
    let policy =
        Policy { canaries: 0, waves_percent: vec![50, 100], soak_s: 0, ..Policy::default() };
    let plan = Plan::new(policy, fleet(100)).expect("a plan");
    let mut progress = Progress::default();
    let first: Vec<String> = plan.wave(0).map(|it| it.change.device.clone()).collect();
    done(&mut progress, &first, 1);
    for (at, device) in first.iter().take(10).enumerate() {
        let state = match at < 3 {
            true => State::Running { since_us: 60 * SECOND, was_unreachable: true },
            false => State::Unreachable { tried_us: 30 * SECOND },
        };
        progress.devices.insert(device.clone(), state);
    }
    assert!(next(&plan, &progress, at(61)).begin.len() > 40);
}

#[test]
fn beside_one_that_may_be_down_nobody_is_taken_down() {
    let policy = Policy { canaries: 0, most_failed: 5, ..Policy::default() };
    let plan = Plan::new(policy, fleet(1)).expect("a plan");
    let mut progress = Progress::default();
    progress.devices.insert("oca1.s00".into(), unknown());
    let on = next(&plan, &progress, at(0));
    assert_eq!(on.begin, Vec::<String>::new());
    assert!(on.waiting.iter().any(|it| it.on == WaitingOn::Site { site: "s00".into() }));
}

#[test]
fn what_is_kept_is_read_back_and_looked_at() {
    let plan = plan(3);
    let text = serde_json::to_string(&plan).expect("JSON");
    assert_eq!(serde_json::from_str::<Plan>(&text).expect("a plan"), plan);
    let twice = text.replace("oca2.s00", "oca1.s00");
    let why = serde_json::from_str::<Plan>(&twice).expect_err("refused").to_string();
    assert!(why.contains("stands in it twice"), "{why}");
    let mut progress = Progress::default();
    progress.devices.insert("a".into(), skipped(Some(unknown())));
    progress.devices.insert("b".into(), running(5));
    let text = serde_json::to_string(&progress).expect("JSON");
    assert_eq!(serde_json::from_str::<Progress>(&text).expect("progress"), progress);
}

/// Somebody who carries out what is decided, on devices that fail, are out of reach, or take their time.
struct World {
    rng: ChaCha8Rng,
    progress: Progress,
    now_s: i64,
}

impl World {
    fn step(&mut self, plan: &Plan, wish: Wish) -> Decision {
        // Now and then somebody stops it for a while.
        let is_paused = self.rng.random::<f64>() < 0.05;
        let is_frozen = self.rng.random::<f64>() < 0.05;
        let moment = Moment { wish, is_paused, is_frozen, ..at(self.now_s) };
        let decision = next(plan, &self.progress, moment);
        for device in &decision.begin {
            let before = self.progress.of(device);
            let was_unreachable = before.is_some_and(State::is_away);
            let state = State::Running { since_us: self.now_s * SECOND, was_unreachable };
            self.progress.devices.insert(device.clone(), state);
        }
        for device in &decision.revert {
            let state = State::Reverting { since_us: self.now_s * SECOND };
            self.progress.devices.insert(device.clone(), state);
        }
        if is_paused || is_frozen || decision.halt.is_some() {
            assert!(decision.begin.is_empty() && decision.revert.is_empty(), "{decision:?}");
        }
        self.check(plan, &decision);
        // A person looks at what has failed, and says that it goes on without it.
        if decision.halt.is_some() {
            for state in self.progress.devices.values_mut() {
                match state {
                    State::Failed { .. } => *state = skipped(Some(state.clone())),
                    State::RevertFailed { .. } => *state = State::Reverted,
                    _ => {}
                }
            }
        }
        // And at what nobody knows: it does not have it, or he sees to that.
        for state in self.progress.devices.values_mut() {
            if matches!(state, State::Unknown { .. }) && self.rng.random::<f64>() < 0.2 {
                *state = skipped(None);
            }
        }
        let now_us = self.now_s * SECOND;
        for state in self.progress.devices.values_mut() {
            let chance: f64 = self.rng.random();
            match state {
                State::Running { .. } if chance < 0.5 => *state = State::Done { at_us: now_us },
                State::Running { .. } if chance < 0.6 => {
                    *state = State::Unreachable { tried_us: now_us }
                }
                State::Running { .. } if chance < 0.61 => {
                    *state = State::Failed { why: "x".into() }
                }
                State::Running { .. } if chance < 0.62 => *state = unknown(),
                State::Reverting { .. } if chance < 0.5 => *state = State::Reverted,
                State::Reverting { .. } if chance < 0.52 => {
                    *state = State::RevertFailed { why: "x".into() }
                }
                _ => {}
            }
        }
        self.now_s += 1;
        decision
    }

    /// Whatever happens: no site, no cluster and not all together have more under way than they may.
    fn check(&self, plan: &Plan, decision: &Decision) {
        let is_at_work = self.progress.devices.values().any(State::is_under_way);
        let says_why = !decision.waiting.is_empty() || decision.ask_again_us.is_some();
        let says_why = says_why || decision.halt.is_some();
        assert!(is_at_work || says_why || decision.is_over, "{decision:?}");
        let under_way =
            |it: &&Planned| self.progress.of(&it.change.device).is_some_and(State::is_under_way);
        let (mut sites, mut clusters) = (BTreeMap::new(), BTreeMap::new());
        let running: Vec<&Planned> = plan.devices.iter().filter(under_way).collect();
        for planned in &running {
            *sites.entry(&planned.change.site).or_insert(0) += 1;
            if let Some(cluster) = &planned.change.cluster {
                *clusters.entry(cluster).or_insert(0) += 1;
            }
        }
        assert!(running.len() <= plan.policy.at_once);
        assert!(sites.values().all(|it| *it <= plan.policy.per_site));
        assert!(clusters.values().all(|it| *it <= plan.policy.per_cluster));
        // Nobody has begun whose wave is not open.
        let is_begun = |it: &&Planned| {
            let state = self.progress.of(&it.change.device);
            state.is_some_and(|it| !matches!(it, State::Skipped { .. }))
        };
        let last = plan.devices.iter().filter(is_begun);
        let last = last.map(|it| it.wave).max().unwrap_or(0);
        for planned in plan.devices.iter().filter(|it| it.wave < last) {
            assert!(
                self.progress.of(&planned.change.device).is_some(),
                "{}",
                planned.change.device
            );
        }
    }
}

proptest! {
    /// Whatever becomes of devices, budgets hold, it ends or says what it waits for; and aborted, nobody is
    /// left with it.
    #[test]
    fn budgets_hold_and_it_ends(
        seed: u64, sites in 1..8usize, per_site in 1..3usize, per_cluster in 1..3usize,
        at_once in 1..6usize, canaries in 0..4usize, abort_at in 0..2_000i64,
    ) {
        let mut changes = fleet(sites);
        for (at, change) in changes.iter_mut().enumerate() {
            change.cluster = (at % 3 > 0).then(|| format!("k{}", at % 3));
        }
        let policy = Policy {
            canaries, per_site, per_cluster, at_once, waves_percent: vec![20, 60, 100], soak_s: 3,
            most_failed: 1, most_unreachable_percent: 30, retry_s: 5,
        };
        let plan = Plan::new(policy, changes).expect("a plan");
        let rng = ChaCha8Rng::seed_from_u64(seed);
        let mut world = World { rng, progress: Progress::default(), now_s: 0 };
        let mut last = Decision::default();
        for step in 0..3_000 {
            last = world.step(&plan, if step < abort_at { Wish::Go } else { Wish::Abort });
            if last.is_over {
                break;
            }
        }
        prop_assert!(last.is_over, "{last:?}");
        if world.now_s > abort_at {
            let has_it = world.progress.devices.values().any(|it| matches!(it, State::Done { .. }));
            prop_assert!(!has_it);
        }
    }

    /// Everybody comes once, canaries first, and waves are as large as they may be.
    #[test]
    fn plans_are_whole(sites in 0..30usize, canaries in 0..5usize) {
        let policy = Policy { canaries, ..Policy::default() };
        let plan = Plan::new(policy, fleet(sites)).expect("a plan");
        let mut names: Vec<&str> = plan.devices.iter().map(|it| it.change.device.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        prop_assert_eq!(names.len(), sites * 2);
        prop_assert!(plan.devices.is_sorted_by_key(|it| it.wave));
        if canaries > 0 && sites > 0 {
            prop_assert_eq!(plan.wave(0).count(), canaries.min(sites * 2));
        }
    }
}
