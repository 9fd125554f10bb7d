//! How sure a forecast is: an interval that holds four of five outcomes.
//!
//! Of each bucket of like titles the centre `μ` and the mean deviation `s` of
//! `r = ln (observed / forecast)` are kept, both with a gain of 0.01:
//!
//! ```text
//! μ ← μ + 0.01 (r − μ)      s ← s + 0.01 (|r − μ| − s)
//! interval = forecast · exp(μ ± 1.55 s)
//! ```
//!
//! The forecast itself is not moved by `μ`: it is a median in hours already.

use super::title::Category;
use super::weekly::Kind;

/// How many buckets: carried titles by age and form, debuts by category, those that return.
pub const BUCKETS: usize = 2 * AGES + Category::COUNT + 1;

/// First week, second, third and fourth, later.
const AGES: usize = 4;

/// A hundred rows of memory: a bucket gets two to seven a week.
const GAIN: f64 = 0.01;

/// A factor of 1.5 either way, before anything is known.
const START_DEVIATION: f64 = 0.4;

/// For a normal distribution 80 % lie within 1.6 mean deviations. The observed residuals are
/// more peaked than that: at 1.6 it was 82 %.
const DEVIATIONS: f64 = 1.55;

/// What is known of one bucket.
#[derive(Debug, Clone, Copy)]
struct Spread {
    centre: f64,
    deviation: f64,
}

/// What is known of all buckets.
#[derive(Debug, Clone)]
pub struct Intervals {
    buckets: [Spread; BUCKETS],
}

impl Default for Intervals {
    fn default() -> Self {
        Self { buckets: [Spread { centre: 0.0, deviation: START_DEVIATION }; BUCKETS] }
    }
}

impl Intervals {
    /// The factors by which the observed value differs from the forecast, low and high, in
    /// four of five cases.
    #[must_use]
    pub fn factors(&self, category: Category, kind: Kind) -> (f64, f64) {
        let Spread { centre, deviation } = self.buckets[bucket(category, kind)];
        ((centre - DEVIATIONS * deviation).exp(), (centre + DEVIATIONS * deviation).exp())
    }

    /// Takes in `ln (observed / forecast)` of one row.
    pub fn learn(&mut self, category: Category, kind: Kind, residual: f64) {
        let spread = &mut self.buckets[bucket(category, kind)];
        spread.centre += GAIN * (residual - spread.centre);
        spread.deviation += GAIN * ((residual - spread.centre).abs() - spread.deviation);
    }
}

/// The bucket of a title, below [`BUCKETS`].
#[must_use]
pub fn bucket(category: Category, kind: Kind) -> usize {
    match kind {
        Kind::Carried { weeks_listed } => {
            let age = match weeks_listed {
                0 | 1 => 0,
                2 => 1,
                3 | 4 => 2,
                _ => 3,
            };
            2 * age + usize::from(category.is_tv())
        }
        Kind::Debut => 2 * AGES + category.index(),
        Kind::Returned => 2 * AGES + Category::COUNT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bucket_is_one_and_only_one() {
        let kinds = [1, 2, 4, 9].map(|weeks_listed| Kind::Carried { weeks_listed });
        let mut seen: Vec<usize> = Category::ALL
            .into_iter()
            .flat_map(|category| kinds.map(|kind| bucket(category, kind)))
            .chain(Category::ALL.map(|category| bucket(category, Kind::Debut)))
            .chain([bucket(Category::TvOther, Kind::Returned)])
            .collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, (0..BUCKETS).collect::<Vec<_>>());
    }

    #[test]
    fn a_bucket_that_is_always_right_gets_narrow_and_others_do_not() {
        let mut intervals = Intervals::default();
        for _ in 0..1000 {
            intervals.learn(Category::TvEnglish, Kind::Debut, 0.0);
        }
        let (low, high) = intervals.factors(Category::TvEnglish, Kind::Debut);
        assert!(low > 0.99 && high < 1.01, "{low} {high}");
        let (_, other) = intervals.factors(Category::TvOther, Kind::Debut);
        assert!((other - (DEVIATIONS * START_DEVIATION).exp()).abs() < 1e-12);
    }
}
