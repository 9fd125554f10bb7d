//! When keys come back, learnt for each habit, and what their place is worth because of it.
//!
//! Every key that is known, kept or not, is watched from one request to the next: how long it
//! was waited for at each age (exposure), and at which age it came back. The two give the
//! hazard of a return, whatever the cache did meanwhile; so a mistake of the cache is not
//! learnt from as if it were the world's. That a policy should rank by hazard is from Yan,
//! Li, Towsley, «Learning from Optimal Caching for Content Delivery» (CoNEXT 2021), that it
//! can be learnt by age from Beckmann, Chen, Cidon, «LHD: Improving Cache Hit Rate by
//! Maximizing Hit Density» (NSDI 2018).
//!
//! The rank is the Gittins index: the most returns for the time that a place is held, over
//! all times at which one could give up. For a key whose hazard only falls that is the hazard
//! now; for one that returns every hour it sees the hour coming. Returns are not divided by
//! size, since a byte of a large object saves as much as one of a small one.

use super::ages::{self, STEPS};
use super::habits::{BY_FREQUENCY, BY_PACE, Habit, PACES};
use std::sync::LazyLock;

/// A habit begins with so many returns of what is expected of it.
const BELIEF: f64 = 2.0;

/// What is expected where nobody has come yet: that who has waited for `t` comes within
/// another `t` about one time in four, as popularity by Zipf's law has it.
const FIRST_BELIEF: f64 = 0.25;

/// One step more of use brings so much more, where nothing else is known.
const NEXT_HABIT: f64 = 1.3;

/// What habits are expected to be like of which little was seen.
#[derive(Debug, Clone, Copy)]
enum Likeness {
    /// Like the one before, and somewhat better.
    Chain,
    /// The first like all together; the others stand in groups of so many, like their group.
    Groups(usize),
}

/// Returns and exposure of one habit, by age.
type Row = [f64; STEPS];

/// The books of both ways to see keys, of which each misleads somewhere; what is expected is the
/// mean of the two.
#[derive(Debug, Clone)]
pub(super) struct Returns {
    by_frequency: Books,
    by_pace: Books,
}

impl Returns {
    /// With what is expected before anybody has come, which is worked out once.
    pub(super) fn new() -> Self {
        static AT_FIRST: LazyLock<Returns> = LazyLock::new(|| Returns {
            by_frequency: Books::new(BY_FREQUENCY, Likeness::Chain),
            by_pace: Books::new(BY_PACE, Likeness::Groups(PACES)),
        });
        AT_FIRST.clone()
    }

    /// Returns for a byte that is asked for, if a place is held for who has this habit and age.
    pub(super) fn rank(&self, habit: &Habit, age_bytes: u64) -> f32 {
        let by_frequency = self.by_frequency.rank(habit.by_frequency(), age_bytes);
        f32::midpoint(by_frequency, self.by_pace.rank(habit.by_pace(), age_bytes))
    }

    /// The same now, whatever is to come.
    pub(super) fn hazard(&self, habit: &Habit, age_bytes: u64) -> f64 {
        let by_frequency = self.by_frequency.hazard(habit.by_frequency(), age_bytes);
        f64::midpoint(by_frequency, self.by_pace.hazard(habit.by_pace(), age_bytes))
    }

    /// One came back at this age.
    pub(super) fn returned(&mut self, habit: &Habit, age_bytes: u64, weight: f64) {
        self.by_frequency.returned(habit.by_frequency(), age_bytes, weight);
        self.by_pace.returned(habit.by_pace(), age_bytes, weight);
    }

    /// One was waited for from one age to another.
    pub(super) fn waited(&mut self, habit: &Habit, from: u64, to: u64, weight: f64) {
        self.by_frequency.waited(habit.by_frequency(), from, to, weight);
        self.by_pace.waited(habit.by_pace(), from, to, weight);
    }

    /// What was seen until now counts half from now on.
    pub(super) fn fade(&mut self) {
        self.by_frequency.fade();
        self.by_pace.fade();
    }

    /// Makes ranks of what was seen.
    pub(super) fn learn(&mut self) {
        self.by_frequency.learn();
        self.by_pace.learn();
    }
}

/// Those of one way.
#[derive(Debug, Clone)]
struct Books {
    likeness: Likeness,
    returned: Vec<Row>,
    exposed: Vec<Row>,
    hazard: Vec<Row>,
    rank: Vec<[f32; STEPS]>,
}

impl Books {
    fn new(habits: usize, likeness: Likeness) -> Self {
        let rows = vec![[0.0; STEPS]; habits];
        let rank = vec![[0.0; STEPS]; habits];
        let (returned, exposed, hazard) = (rows.clone(), rows.clone(), rows);
        let mut empty = Self { likeness, returned, exposed, hazard, rank };
        empty.learn();
        empty
    }

    fn rank(&self, habit: usize, age_bytes: u64) -> f32 {
        self.rank[habit][ages::step(age_bytes)]
    }

    fn hazard(&self, habit: usize, age_bytes: u64) -> f64 {
        self.hazard[habit][ages::step(age_bytes)]
    }

    fn returned(&mut self, habit: usize, age_bytes: u64, weight: f64) {
        self.returned[habit][ages::step(age_bytes)] += weight;
    }

    #[expect(clippy::cast_precision_loss, reason = "a share of a time")]
    fn waited(&mut self, habit: usize, from: u64, to: u64, weight: f64) {
        let mut at = from;
        for step in ages::step(from)..STEPS {
            let end = if step + 1 < STEPS { ages::begin(step + 1).min(to) } else { to };
            if end > at {
                self.exposed[habit][step] += (end - at) as f64 * weight;
                at = end;
            }
            if at >= to {
                break;
            }
        }
    }

    fn fade(&mut self) {
        let rows = self.returned.iter_mut().chain(&mut self.exposed);
        rows.flatten().for_each(|seen| *seen /= 2.0);
    }

    fn learn(&mut self) {
        let all = self.seen(0..self.rank.len(), &first_belief());
        match self.likeness {
            Likeness::Chain => {
                let mut before = all;
                for habit in 0..self.rank.len() {
                    before = self.learn_of(habit, &before);
                    before.iter_mut().for_each(|hazard| *hazard *= NEXT_HABIT);
                }
            }
            Likeness::Groups(len) => {
                self.learn_of(0, &all);
                let mut group = all;
                for first in (1..self.rank.len()).step_by(len) {
                    group = self.seen(first..first + len, &group);
                    for habit in first..first + len {
                        self.learn_of(habit, &group);
                    }
                }
            }
        }
    }

    fn learn_of(&mut self, habit: usize, belief: &Row) -> Row {
        let hazard = self.seen(habit..habit + 1, belief);
        (self.hazard[habit], self.rank[habit]) = (hazard, gittins(&hazard));
        hazard
    }

    /// The hazard of some habits together, by age, with a belief where little was seen.
    fn seen(&self, habits: std::ops::Range<usize>, belief: &Row) -> Row {
        std::array::from_fn(|step| {
            let sum = |rows: &[Row]| rows[habits.clone()].iter().map(|row| row[step]).sum::<f64>();
            let (returned, exposed) = (sum(&self.returned), sum(&self.exposed));
            (returned + BELIEF) / (exposed + BELIEF / belief[step])
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "a belief is not exact")]
fn first_belief() -> Row {
    std::array::from_fn(|step| FIRST_BELIEF / (ages::begin(step) as f64 + 65_536.0))
}

/// A stretch of ages that is waited through as a whole.
#[derive(Clone, Copy)]
struct Stretch {
    /// The probability of a return in it.
    returns: f64,
    /// The mean time in it.
    time: f64,
    /// The probability to come out of it without one.
    left: f64,
}

impl Stretch {
    fn then(self, next: Self) -> Self {
        Self {
            returns: self.returns + self.left * next.returns,
            time: self.time + self.left * next.time,
            left: self.left * next.left,
        }
    }

    fn is_better_than(self, other: Self) -> bool {
        self.returns * other.time > other.returns * self.time
    }
}

/// The Gittins index of each age: from the oldest down, a stretch takes those behind it in as
/// long as they are better than it.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a rank")]
fn gittins(hazard: &Row) -> [f32; STEPS] {
    let mut rank = [0.0; STEPS];
    let mut behind: Vec<Stretch> = Vec::with_capacity(STEPS);
    for step in (0..STEPS).rev() {
        let time = if step + 1 < STEPS {
            (ages::begin(step + 1) - ages::begin(step)).max(1) as f64
        } else {
            f64::from(f32::MAX)
        };
        let left = (-hazard[step] * time).exp();
        let returns = 1.0 - left;
        let mut stretch = Stretch { returns, time: returns / hazard[step], left };
        while let Some(next) = behind.pop_if(|next| next.is_better_than(stretch)) {
            stretch = stretch.then(next);
        }
        rank[step] = (stretch.returns / stretch.time) as f32;
        behind.push(stretch);
    }
    rank
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "a step")]
    fn a_falling_hazard_is_its_own_index() {
        let hazard: Row = std::array::from_fn(|step| 1e-6 * 0.8_f64.powf(step as f64));
        for (rank, hazard) in gittins(&hazard).iter().zip(&hazard).take(60) {
            // Very small chances lose digits in 1 - exp(-x).
            assert!((f64::from(*rank) / hazard - 1.0).abs() < 1e-2, "{rank} {hazard}");
        }
    }

    #[test]
    fn who_returns_on_the_hour_is_worth_most_before_it() {
        let mut returns = Books::new(1, Likeness::Chain);
        for _ in 0..1000 {
            returns.waited(0, 0, 1000 * MIB, 1.0);
            returns.returned(0, 1000 * MIB, 1.0);
        }
        returns.learn();
        let rank = |age_mib: u64| returns.rank(0, age_mib * MIB);
        assert!(rank(950) > rank(500) && rank(500) > rank(10), "it comes nearer");
        assert!(rank(990) > 10.0 * rank(3000), "it has not come");
    }

    #[test]
    fn a_habit_of_which_little_was_seen_is_like_its_group() {
        let mut returns = Books::new(3, Likeness::Groups(2));
        for _ in 0..1000 {
            returns.waited(1, 0, 10 * MIB, 1.0);
            returns.returned(1, 10 * MIB, 1.0);
        }
        returns.learn();
        let (seen, unseen) = (returns.rank(1, 9 * MIB), returns.rank(2, 9 * MIB));
        assert!(unseen > seen / 2.0, "{unseen} {seen}");
    }
}
