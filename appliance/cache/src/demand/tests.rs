//! The policy under chance, and where it must be like others.

use super::*;
use proptest::prelude::*;
use std::collections::HashMap;

#[derive(Debug, Clone, Copy)]
enum Step {
    Request(u64, u64),
    Expect(u64),
    Remove(u64),
    Resize(u64),
}

/// What a cache would hold that obeys, beside the policy that tells it.
struct Obeying {
    demand: Demand,
    held: HashMap<u64, u64>,
    leaving: Vec<u64>,
}

impl Obeying {
    fn new(capacity_bytes: u64) -> Self {
        Self { demand: Demand::new(capacity_bytes), held: HashMap::new(), leaving: Vec::new() }
    }

    fn step(&mut self, step: Step) -> Option<Answer> {
        let answer = match step {
            Step::Request(key, size_bytes) => {
                let was_held = self.held.get(&key) == Some(&size_bytes);
                if !was_held {
                    self.held.remove(&key);
                }
                let answer = self.demand.request(key, size_bytes, &mut self.leaving);
                assert_eq!(answer == Answer::Hit, was_held, "hits are on what is there");
                assert!(!self.leaving.contains(&key));
                if answer == Answer::Admitted {
                    self.held.insert(key, size_bytes);
                }
                Some(answer)
            }
            Step::Expect(key) => {
                self.demand.expect_next(key);
                None
            }
            Step::Remove(key) => {
                assert_eq!(self.demand.remove(key), self.held.remove(&key).is_some());
                None
            }
            Step::Resize(capacity_bytes) => {
                self.demand.resize(capacity_bytes, &mut self.leaving);
                None
            }
        };
        for left in self.leaving.drain(..) {
            self.held.remove(&left).expect("only what is there leaves");
        }
        answer
    }

    fn audit(&self) {
        assert!(self.demand.used_bytes() <= self.demand.capacity_bytes());
        assert_eq!(self.demand.used_bytes(), self.held.values().sum::<u64>());
        assert_eq!(self.demand.used_bytes(), self.demand.shelf.audit());
        assert_eq!(self.demand.len(), self.held.len());
        assert!(self.held.keys().all(|key| self.demand.contains(*key)));
    }
}

fn step() -> impl Strategy<Value = Step> {
    let size_bytes = prop_oneof![8 => 1..300_u64, 1 => 0..2_u64, 1 => 900..3000_u64];
    prop_oneof![
        // Mostly the same size for a key, as objects have it.
        20 => (0..60_u64).prop_map(|key| Step::Request(key, 10 + key * 7 % 200)),
        4 => ((0..60_u64), size_bytes).prop_map(|(key, size_bytes)| Step::Request(key, size_bytes)),
        4 => (0..60_u64).prop_map(Step::Expect),
        2 => (0..60_u64).prop_map(Step::Remove),
        1 => (0..2000_u64).prop_map(Step::Resize),
    ]
}

proptest! {
    #[test]
    fn what_it_says_is_what_there_is(steps in proptest::collection::vec(step(), 1..600)) {
        let (mut one, mut other) = (Obeying::new(1000), Obeying::new(1000));
        for step in steps {
            let answer = one.step(step);
            // Its hash tables are seeded at random; its answers are not.
            prop_assert_eq!(answer, other.step(step));
            one.audit();
        }
    }
}

/// Misses of a sequence in which all objects are alike.
fn misses(requests: impl IntoIterator<Item = u64>, capacity: u64) -> usize {
    let mut obeying = Obeying::new(capacity << 20);
    let answers = requests.into_iter().map(|key| obeying.step(Step::Request(key, 1 << 20)));
    answers.filter(|answer| *answer != Some(Answer::Hit)).count()
}

#[test]
fn keys_that_are_known_stay_bounded() {
    let mut demand = Demand::new(1000 << 20);
    let mut leaving = Vec::new();
    for key in 0..80_000 {
        demand.request(key, 1 << 20, &mut leaving);
        leaving.clear();
        let absent = demand.known_keys() - demand.len();
        assert!(absent <= FEWEST_ABSENT.max(demand.len() * ABSENT_FOR_EACH));
    }
    assert_eq!(demand.known_keys(), 1000 + FEWEST_ABSENT);
    demand.shelf.audit();
}

#[test]
fn a_round_that_is_larger_than_the_cache_is_kept_in_part() {
    // LRU misses all of it, and Belady's rule 100 in 400.
    let missed = misses((0..100).flat_map(|_| 0..400), 300);
    assert!(missed < 100 * 400 / 2, "{missed} of 40,000");
}

#[test]
fn a_scan_leaves_what_comes_back() {
    let mut next = 1000;
    let requests = (0..60_000).map(|at| {
        next += 1;
        if at % 2 == 0 { at / 2 % 80 } else { next }
    });
    // Half of the requests never come again; the others are for 80 of 100 places.
    let missed = misses(requests, 100);
    assert!(missed < 30_000 + 3000, "{missed}");
}

#[test]
fn what_was_of_interest_makes_place_for_what_is() {
    // Every 5,000 requests another 80 are asked for.
    let requests = (0..100_000_u64).map(|at| at / 5000 * 80 + at * 31 % 80);
    let missed = misses(requests, 100);
    assert!(missed < 20 * 80 * 2, "{missed}, where 1,600 come for the first time");
}

#[test]
fn what_a_session_asks_for_next_stays() {
    // 40 sessions walk through titles that nobody else watches right now; each title is
    // watched again by one that follows a few segments behind.
    let missed = |looks_ahead: bool| {
        let mut obeying = Obeying::new(60 << 20);
        let mut missed = 0;
        for segment in 0..600_u64 {
            for title in 0..40 {
                for behind in [0, 2] {
                    let key = |segment: u64| (title << 32) | segment;
                    let Some(at) = segment.checked_sub(behind) else { continue };
                    let answer = obeying.step(Step::Request(key(at), 1 << 20));
                    missed += usize::from(answer != Some(Answer::Hit));
                    if looks_ahead && title < 15 {
                        obeying.step(Step::Expect(key(at + 1)));
                    }
                }
            }
        }
        missed
    };
    let (without, with) = (missed(false), missed(true));
    assert!(with < without, "{with} with look-ahead, {without} without");
}
