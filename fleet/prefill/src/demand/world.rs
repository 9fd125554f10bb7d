//! How much of all plays a title has, anywhere.

use super::age::Ages;
use super::catalogue::{Catalogue, Kind};
use super::counters::{Taken, take_titles};
use super::faded::{self, Clock};
use super::refused::Refused;

/// Of a title's appeal. Its age is in the exposure, so that this is only for what comes of itself:
/// a sequel, a prize, a season.
const HALF_LIFE_DAYS: f64 = 5.0;

/// Of what nobody plays one play in ten million is expected, and believed at the first play.
const OLD_SHARE: f64 = 1e-7;
const OLD_SHAPE: f64 = 0.02;

/// Forecasts from the calendar err by a standard deviation of 0.75 in logarithms:
/// `1 / (e^(0.75²) − 1)` plays in weight.
const ANNOUNCED_SHAPE: f64 = 1.3;

/// New titles of a kind that nothing was announced of, before any was seen: three times as many
/// plays as if all titles had the same.
const NEW_OVER_MEAN: f64 = 3.0;

/// All plays so far, by title.
#[derive(Debug, Clone, Default)]
pub struct World {
    clock: Clock,
    first_day: Option<i32>,
    plays: Vec<f64>,
    exposure: Vec<f64>,
}

/// What the world makes of each title on a day.
#[derive(Debug, Clone, Default)]
pub struct WorldForecast {
    /// By title: its share of all plays at an age factor of 1.
    pub(super) level: Vec<f64>,
    /// By title: how sure that is, as a variance over the square of the mean.
    pub(super) variance: Vec<f64>,
}

impl World {
    /// Takes in a day: plays by title, of all regions together. A title may be named more than
    /// once.
    ///
    /// # Errors
    /// [`Refused`], and nothing was learned: a count that is none, a day that is not after the
    /// last, or titles that have gone.
    pub fn learn(
        &mut self,
        catalogue: &Catalogue,
        ages: &Ages,
        by_title: &[(u32, f64)],
    ) -> Result<Taken, Refused> {
        let taken = take_titles(by_title, catalogue)?;
        let days = self.clock.days_to(ages.day())?;
        self.grow(catalogue)?;
        let kept = faded::factor(HALF_LIFE_DAYS, days);
        expose(&mut self.exposure, kept, ages, taken.plays);
        count(&mut self.plays, kept, by_title);
        self.clock.set(ages.day());
        self.first_day.get_or_insert(ages.day());
        Ok(taken)
    }

    /// What is known for a day after those that were learned.
    #[must_use]
    pub fn forecast(&self, catalogue: &Catalogue) -> WorldForecast {
        let usual = [Kind::Film, Kind::Series].map(|kind| self.usual_new(catalogue, kind));
        let mut forecast = WorldForecast::default();
        for (at, title) in catalogue.titles().iter().enumerate() {
            let is_new = title.released_day.is_some_and(|day| self.is_new(day));
            let (shape, share) = match (is_new, title.announced_share) {
                (false, _) => (OLD_SHAPE, OLD_SHARE),
                (true, Some(share)) => (ANNOUNCED_SHAPE, share),
                (true, None) => (ANNOUNCED_SHAPE, usual[usize::from(title.kind == Kind::Series)]),
            };
            let [plays, exposure] = [&self.plays, &self.exposure].map(|all| known(all, at));
            forecast.level.push((plays + shape) / (exposure + shape / share));
            forecast.variance.push(1.0 / (plays + shape));
        }
        forecast
    }

    /// Whether it came after counting began: what came before has been counted from its first day
    /// in no case, and needs no forecast from the calendar.
    fn is_new(&self, released_day: i32) -> bool {
        self.first_day.is_none_or(|first| released_day >= first)
    }

    /// The share of a new title of a kind, from those that were new so far.
    fn usual_new(&self, catalogue: &Catalogue, kind: Kind) -> f64 {
        let titles = catalogue.titles();
        let start = (NEW_OVER_MEAN / titles.len().max(1) as f64).min(0.5);
        let (mut plays, mut exposure) = (ANNOUNCED_SHAPE, ANNOUNCED_SHAPE / start);
        for (at, title) in titles.iter().enumerate().filter(|title| title.1.kind == kind) {
            if title.released_day.is_some_and(|day| self.is_new(day)) {
                plays += known(&self.plays, at);
                exposure += known(&self.exposure, at);
            }
        }
        plays / exposure
    }

    fn grow(&mut self, catalogue: &Catalogue) -> Result<(), Refused> {
        let titles = catalogue.titles().len();
        if titles < self.plays.len() {
            return Err(Refused::Shrunk { what: "titles" });
        }
        self.plays.resize(titles, 0.0);
        self.exposure.resize(titles, 0.0);
        Ok(())
    }
}

/// A sum, of a title that may have come since.
pub(super) fn known(sums: &[f64], title: usize) -> f64 {
    sums.get(title).copied().unwrap_or(0.0)
}

/// Fades exposure, and adds a day's: all its plays times each title's age factor.
pub(super) fn expose(exposure: &mut [f64], kept: f64, ages: &Ages, plays: f64) {
    for (exposure, factor) in exposure.iter_mut().zip(ages.factors()) {
        *exposure = kept * *exposure + factor * plays;
    }
}

/// Fades counts, and adds a day's. Titles that are not there are passed over.
pub(super) fn count(sums: &mut [f64], kept: f64, counts: &[(u32, f64)]) {
    sums.iter_mut().for_each(|sum| *sum *= kept);
    for (title, plays) in counts {
        if let Some(sum) = sums.get_mut(*title as usize) {
            *sum += plays;
        }
    }
}
