//! Hours where none are at hand: of the same shape as the published ones, and of no title.

use super::HALF_YEAR;
use super::chance::{Chance, Stream};
use super::hours::Viewed;

/// As many titles as were published, and by their ranks the formulas are fitted.
pub const TITLES: usize = 18_000;

/// What is watched less is rounded to this.
const LEAST_HOURS: f64 = 1e5;

/// The same rows for a seed: by rank `r`, hours fall by Zipf's law with 0.55 and then faster
/// (`1.4e9 (r + 2)^−0.55 e^(−(r / 2000)^0.8)`, near what was published of the first thousands); of the first, two thirds say when they were released, half of these in the half year.
#[must_use]
pub fn hours(titles: usize, seed: u64) -> Vec<Viewed> {
    let mut chance = Chance::new(seed, Stream::Hours);
    let scale = TITLES as f64 / titles.max(1) as f64;
    (0..titles).map(|at| row((at as f64) * scale, &mut chance)).collect()
}

fn row(rank: f64, chance: &mut Chance) -> Viewed {
    let fall = (-(rank / 2000.0).powf(0.8)).exp();
    let hours = (1.4e9 * (rank + 3.0).powf(-0.55) * fall).max(LEAST_HOURS);
    let is_own = chance.happens(0.08 + 0.55 * (-rank / 9000.0).exp());
    let is_series = chance.happens(if is_own { 0.6 } else { 0.28 });
    let is_new = chance.happens(0.5 * (-rank / 900.0).exp());
    let days = f64::from(HALF_YEAR.end - HALF_YEAR.start);
    let day = match is_new {
        true => f64::from(HALF_YEAR.start) + chance.part() * days,
        false => f64::from(HALF_YEAR.start) - 1.0 - (900.0 * chance.gap()).min(5000.0),
    };
    Viewed { is_series, released_day: is_own.then(|| whole(day)), hours }
}

#[expect(clippy::cast_possible_truncation, reason = "a day")]
fn whole(day: f64) -> i32 {
    day as i32
}
