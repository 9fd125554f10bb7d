//! The policy under chance, and where it must be like others.

use super::*;
use proptest::prelude::*;
use std::collections::HashMap;

#[derive(Debug, Clone, Copy)]
enum Step {
    Request(u64, u64),
    Remove(u64),
    Resize(u64),
}

/// What a cache would hold that obeys, beside the policy that tells it.
struct Obeying {
    demand: Demand,
    held: HashMap<u64, u64>,
    leaving: Vec<u64>,
    /// So many keys that follow each other are of one series; of 0 there are none.
    segments: u64,
}

impl Obeying {
    fn new(capacity_bytes: u64, segments: u64) -> Self {
        let demand = Demand::new(capacity_bytes);
        Self { demand, held: HashMap::new(), leaving: Vec::new(), segments }
    }

    fn segment(&self, key: u64) -> Option<Segment> {
        let series = key.checked_div(self.segments)?;
        Some(Segment { series, index: key % self.segments })
    }

    fn step(&mut self, step: Step) -> Option<Answer> {
        let answer = match step {
            Step::Request(key, size_bytes) => {
                let was_held = self.held.get(&key) == Some(&size_bytes);
                if !was_held {
                    self.held.remove(&key);
                }
                let segment = self.segment(key);
                let answer = self.demand.request(key, size_bytes, segment, &mut self.leaving);
                assert_eq!(answer == Answer::Hit, was_held, "hits are on what is there");
                assert!(!self.leaving.contains(&key));
                if answer == Answer::Admitted {
                    self.held.insert(key, size_bytes);
                }
                Some(answer)
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
        assert!(self.demand.series.len() <= self.demand.known_keys());
        assert_eq!(
            self.demand.series.len() == 0,
            self.segments == 0 || self.demand.shelf.len() == 0
        );
    }
}

fn step() -> impl Strategy<Value = Step> {
    let size_bytes = prop_oneof![8 => 1..300_u64, 1 => 0..2_u64, 1 => 900..3000_u64];
    prop_oneof![
        // Mostly the same size for a key, as objects have it.
        20 => (0..60_u64).prop_map(|key| Step::Request(key, 10 + key * 7 % 200)),
        4 => ((0..60_u64), size_bytes).prop_map(|(key, size_bytes)| Step::Request(key, size_bytes)),
        2 => (0..60_u64).prop_map(Step::Remove),
        1 => (0..2000_u64).prop_map(Step::Resize),
    ]
}

proptest! {
    #[test]
    fn what_it_says_is_what_there_is(
        steps in proptest::collection::vec(step(), 1..600),
        segments in 0..20_u64,
    ) {
        let [mut one, mut other] = [(); 2].map(|()| Obeying::new(1000, segments));
        for step in steps {
            let answer = one.step(step);
            // Its hash tables are seeded at random; its answers are not.
            prop_assert_eq!(answer, other.step(step));
            one.audit();
        }
    }
}

/// Misses of a sequence in which all objects are alike, and names say of so many keys each that
/// they follow each other.
fn misses(requests: impl IntoIterator<Item = u64>, capacity: u64, segments: u64) -> usize {
    let mut obeying = Obeying::new(capacity << 20, segments);
    let answers = requests.into_iter().map(|key| obeying.step(Step::Request(key, 1 << 20)));
    answers.filter(|answer| *answer != Some(Answer::Hit)).count()
}

#[test]
fn keys_that_are_known_stay_bounded() {
    let mut demand = Demand::new(1000 << 20);
    let mut leaving = Vec::new();
    for key in 0..80_000 {
        demand.request(key, 1 << 20, None, &mut leaving);
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
    for segments in [0, 20, 1000] {
        let missed = misses((0..100).flat_map(|_| 0..400), 300, segments);
        assert!(missed < 100 * 400 / 2, "{missed} of 40,000, {segments} segments");
    }
}

#[test]
fn a_scan_leaves_what_comes_back() {
    let requests = (0..60_000).map(|at| if at % 2 == 0 { at / 2 % 80 } else { 1000 + at });
    // Half of the requests never come again; the others are for 80 of 100 places.
    let missed = misses(requests, 100, 0);
    assert!(missed < 30_000 + 3000, "{missed}");
}

#[test]
fn what_was_of_interest_makes_place_for_what_is() {
    // Every 5,000 requests another 80 are asked for.
    let requests = (0..100_000_u64).map(|at| at / 5000 * 80 + at * 31 % 80);
    let missed = misses(requests, 100, 0);
    assert!(missed < 20 * 80 * 2, "{missed}, where 1,600 come for the first time");
}

#[test]
fn what_sessions_walk_towards_stays() {
    // 40 sessions walk through titles that nobody else watches right now; in every other title
    // somebody follows two segments behind.
    let missed = |segments: u64| {
        let mut obeying = Obeying::new(60 << 20, segments);
        let mut missed = 0;
        for segment in 0..600_u64 {
            for title in 0..40 {
                for behind in [0, 2] {
                    let Some(at) = segment.checked_sub(behind) else { continue };
                    if behind > 0 && title % 2 == 0 {
                        continue;
                    }
                    let answer = obeying.step(Step::Request(title * 1000 + at, 1 << 20));
                    missed += usize::from(answer != Some(Answer::Hit));
                }
            }
        }
        missed
    };
    let (without, with) = (missed(0), missed(1000));
    // Those who go first miss all that they ask for.
    let most = 600 * 40 + 240;
    assert!(with < most && without > most, "{with} where series are known, {without} without");
}

#[test]
fn names_that_mislead_cost_nothing() {
    // Keys of one folder that are asked for by chance, the low ones more often.
    let mut chance = 1;
    let requests: Vec<u64> = (0..100_000)
        .map(|_| {
            let most = 1 + below(&mut chance, 5000);
            below(&mut chance, most) as u64 * 7919 % 5000
        })
        .collect();
    let missed = |segments| misses(requests.iter().copied(), 500, segments);
    let (without, with) = (missed(0), missed(5000));
    assert!(with < without * 101 / 100, "{with} where names mislead, {without} without");
}

#[test]
fn a_title_tells_of_segments_that_were_seldom_asked_for() {
    // Every other session watches five segments of the title of the week, from anywhere in it;
    // the others of one of 200 more. By its own past a segment of either was asked for once.
    let missed = |segments: u64| {
        let (mut obeying, mut chance) = (Obeying::new(150 << 20, segments), 1);
        let mut missed = 0;
        for session in 0..8_000_u64 {
            let title = match session % 2 {
                0 => 1000 + session / 400,
                _ => below(&mut chance, 200) as u64,
            };
            let from = below(&mut chance, 96) as u64;
            for at in from..from + 5 {
                let answer = obeying.step(Step::Request(title * 100 + at, 1 << 20));
                missed += usize::from(answer != Some(Answer::Hit));
            }
        }
        missed
    };
    // What is asked for the first time, and by the others nearly always.
    let beyond = |missed: usize| missed.saturating_sub(20 * 100 + 8_000 / 2 * 5);
    let (without, with) = (beyond(missed(0)), beyond(missed(100)));
    assert!(with < without / 4, "{with} where series are known, {without} without");
}

#[test]
fn the_beginning_of_a_title_that_is_begun_often_stays() {
    // One title is begun every 50 requests by somebody who watches ten segments, and is never
    // asked for those behind; between them everything is asked for once.
    let mut obeying = Obeying::new(40 << 20, 1000);
    let mut scan = 1_000_000;
    for session in 0..400 {
        for at in 0..50 {
            let key = if at % 5 == 0 { at / 5 } else { scan };
            scan += 1 + u64::from(at == 0) * 1000;
            let answer = obeying.step(Step::Request(key, 1 << 20));
            assert!(key > 10 || session < 100 || answer == Some(Answer::Hit), "{session}: {key}");
        }
    }
}

#[test]
fn what_is_known_takes_as_much_as_is_said() {
    // Beside itself a key has a number in a table that is at least half full, and may be kept.
    let key = size_of::<Known>() + 3 * size_of::<u32>();
    assert!(key <= 100, "{key}");
    assert!(AllSeries::BYTES + 2 * size_of::<(u64, u32)>() <= 160, "{}", AllSeries::BYTES);
}

#[test]
fn what_is_known_of_series_and_sessions_stays_bounded() {
    let mut obeying = Obeying::new(50 << 20, 3);
    for key in 0..3 * u64::from(u16::MAX) {
        obeying.step(Step::Request(key * 7 % 300_000, 1 << 20));
    }
    let (series, known) = (obeying.demand.series.len(), obeying.demand.known_keys());
    assert!(series > known / 3 && series <= known, "{series} series of {known} keys");
    let sessions = obeying.demand.series.sessions();
    assert!(sessions < 2 * known, "{sessions}");
}
