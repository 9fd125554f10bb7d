//! A trial, played: two policies beside each other, and who is asked every day whether it goes on.
//!
//! ```text
//! 14 days   counters alone
//!  2 days   empty boxes are filled
//! 14 days   all sites by the usual policy          ─▶ matched
//!  n days   of each pair one by the policy tried   ─▶ judged every day, until it ends
//! ```
//!
//! Sites have disks of three sizes, tastes of their own, and boxes that fail. Offload is of what
//! viewers wanted on average over all that could happen, as in [`crate::run`].
//!
//! Read in this order: this file, then `arms` (the sites).

mod arms;

use crate::audience::{Curve, Viewed};
use crate::cycle::Failed;
use arms::Arms;
use prefill::trial::{self, Difference, Judged, Limits, Matched, Rules, judge, matched};
use serde::Serialize;

/// Days of counters before the first plan.
pub const COUNTED_DAYS: usize = 14;

/// Days in which empty boxes are filled: the first night is none of any policy's.
const FILLED_DAYS: usize = 2;

/// Sites of a region stand two by two, and a region has twenty.
pub const PAIRS_MAX: usize = 50;

/// By what a site is planned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// By how much more a byte must be worth than the least that is held, to take its place.
    pub rest: f64,
    /// New bytes that a box takes in a day, as a part of its room.
    pub fill: f64,
    /// What part of disks is left empty.
    pub held_back: f64,
}

/// What is played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Another number, another world, and other draws; the same one, the same.
    pub seed: u64,
    /// Pairs, up to [`PAIRS_MAX`]: there are twice as many sites.
    pub pairs: usize,
    /// Days of the trial.
    pub days: u16,
    /// Boxes of a site.
    pub boxes: usize,
    /// Plays of a site on a usual day.
    pub plays_a_day: f64,
    /// The room of a usual site's disks, as a part of the catalogue's bytes.
    pub disk: f64,
    /// The policy of all sites before the trial, and of those that are not tried on.
    pub usual: Policy,
    /// The other.
    pub tried: Policy,
    /// By what it is judged.
    pub rules: Rules,
}

impl Options {
    /// Days before the trial.
    #[must_use]
    pub fn days_before(&self) -> usize {
        COUNTED_DAYS + FILLED_DAYS + usize::from(self.rules.baseline_days)
    }
}

/// A day of the trial. Offload and fill are parts of what viewers wanted, on average over pairs and
/// days compared so far; intervals hold on all days at once.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Day {
    /// From 1.
    pub day: i32,
    /// What sites served themselves that are planned as usual.
    pub usual_offload: Option<f64>,
    /// And those that are tried on.
    pub tried_offload: Option<f64>,
    /// By how much more that is, beside what it was before.
    pub offload_by: Option<f64>,
    /// At least.
    pub offload_low: Option<f64>,
    /// At most.
    pub offload_high: Option<f64>,
    /// By how much more is filled.
    pub fill_by: Option<f64>,
    /// At least.
    pub fill_low: Option<f64>,
    /// At most.
    pub fill_high: Option<f64>,
    /// What follows, for people.
    pub verdict: String,
}

/// The trial, day by day, until it ends.
#[derive(Debug)]
pub struct Trial {
    arms: Arms,
    matched: Matched,
    agreed: trial::Trial,
    last: Option<Judged>,
}

impl Trial {
    /// Draws the world, goes through the days before the trial, and matches; `each` hears of each
    /// of these days.
    ///
    /// # Errors
    /// A world or a trial that cannot be.
    pub fn new(
        viewed: &[Viewed],
        curve: Curve,
        options: Options,
        mut each: impl FnMut(usize),
    ) -> Result<Self, Failed> {
        let mut arms = Arms::new(viewed, curve, options)?;
        for day in 0..options.days_before() {
            arms.day(day >= COUNTED_DAYS)?;
            each(day + 1);
        }
        let limits = Limits {
            seed: options.seed,
            most_pairs: options.pairs,
            most_demand_percent: 100,
            ..Limits::default()
        };
        let matched = matched(&arms.candidates(options.rules.baseline_days), &limits)?;
        let first_day = arms.today() + 1;
        let Options { days, rules, .. } = options;
        let agreed = trial::Trial { pairs: matched.pairs.clone(), first_day, days, rules };
        agreed.check()?;
        for pair in &agreed.pairs {
            arms.follow(&pair.tried, options.tried);
        }
        Ok(Self { arms, matched, agreed, last: None })
    }

    /// Who is in the trial, and who is not.
    #[must_use]
    pub fn matched(&self) -> &Matched {
        &self.matched
    }

    /// The last look.
    #[must_use]
    pub fn judged(&self) -> Option<&Judged> {
        self.last.as_ref()
    }

    fn next_day(&mut self) -> Result<Day, Failed> {
        self.arms.day(true)?;
        let judged = judge(&self.agreed, self.arms.seen(), self.arms.today())?;
        let day = told(&judged, judged.day - self.agreed.first_day + 1);
        self.last = Some(judged);
        Ok(day)
    }
}

impl Iterator for Trial {
    type Item = Result<Day, Failed>;

    fn next(&mut self) -> Option<Self::Item> {
        let is_over = self.last.as_ref().is_some_and(|last| last.verdict.is_end());
        (!is_over).then(|| self.next_day())
    }
}

fn told(judged: &Judged, day: i32) -> Day {
    let of = |it: &Option<Difference>, number: fn(&Difference) -> f64| {
        it.as_ref().map(number).map(rounded)
    };
    Day {
        day,
        usual_offload: judged.usual_offload.map(rounded),
        tried_offload: judged.tried_offload.map(rounded),
        offload_by: of(&judged.offload, |it| it.by),
        offload_low: of(&judged.offload, |it| it.daily.low),
        offload_high: of(&judged.offload, |it| it.daily.high),
        fill_by: of(&judged.fill, |it| it.by),
        fill_low: of(&judged.fill, |it| it.daily.low),
        fill_high: of(&judged.fill, |it| it.daily.high),
        verdict: judged.verdict.to_string(),
    }
}

/// To a millionth: what is drawn says no more, and mathematics libraries differ beyond.
fn rounded(part: f64) -> f64 {
    (part * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests;
