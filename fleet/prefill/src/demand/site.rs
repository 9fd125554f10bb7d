//! What is particular to a site: a factor for each title, and shares of renditions.

use super::age::Ages;
use super::catalogue::Catalogue;
use super::counters::{RenditionCount, Taken, check_renditions, take_titles};
use super::faded::{self, Clock};
use super::interval::Expected;
use super::refused::Refused;
use super::region::{RegionForecast, fill, normalise, single};
use super::renditions::{Renditions, Shares};
use super::traffic::{Level, Weekdays};

/// Neighbourhoods hardly change, and age and fashion are in the exposure already.
const HALF_LIFE_DAYS: f64 = 28.0;

/// Sites of a region differ by a standard deviation of 0.3 in logarithms: `1 / (e^(0.3²) − 1)`
/// is 10.6. It is an assumption; counters of sites are published nowhere.
const SHAPE: f64 = 12.0;

/// Plays of a ladder from which its own shares count as much as the region's.
const RENDITIONS_WEIGHT: f64 = 2000.0;

/// What a title's share may move in a day, whatever is known: a standard deviation of 10 %.
const DRIFT: f64 = 0.01;

/// All plays of a site so far: eight bytes a title.
#[derive(Debug, Clone, Default)]
pub struct Site {
    clock: Clock,
    plays: Vec<f32>,
    exposure: Vec<f32>,
    renditions: Renditions,
    level: Level,
}

/// What was counted at a site on a day.
#[derive(Debug, Clone, Copy, Default)]
pub struct SiteDay<'a> {
    /// Plays by number of the title.
    pub by_title: &'a [(u32, f64)],
    /// Plays by rendition.
    pub by_rendition: &'a [RenditionCount],
    /// By number of the title, as far as it goes: whether it could not be played there, since no box
    /// held it. Nothing is learned of it then: what is not held would never be wanted again.
    pub unseen: &'a [bool],
}

/// What a site will play on a day, beside what its region will.
#[derive(Debug, Clone)]
pub struct SiteForecast {
    /// Plays of the whole site.
    pub plays: f64,
    /// By title: its share of these plays.
    share: Vec<f64>,
    /// By title: how sure that is, as a variance over the square of the mean.
    variance: Vec<f32>,
    renditions: Shares,
}

impl Site {
    /// Takes in a day.
    ///
    /// What a weekday makes of a day is known from the region.
    ///
    /// # Errors
    /// [`Refused`], and nothing was learned: a count that is none, a day that is not after the
    /// last, or titles that have gone.
    pub fn learn(
        &mut self,
        catalogue: &Catalogue,
        ages: &Ages,
        weekdays: &Weekdays,
        counted: &SiteDay,
    ) -> Result<Taken, Refused> {
        let taken = take_titles(counted.by_title, catalogue)?;
        check_renditions(counted.by_rendition)?;
        let days = self.clock.days_to(ages.day())?;
        let titles = catalogue.titles().len();
        if titles < self.plays.len() {
            return Err(Refused::Shrunk { what: "titles" });
        }
        self.plays.resize(titles, 0.0);
        self.exposure.resize(titles, 0.0);
        let kept = single(faded::factor(HALF_LIFE_DAYS, days));
        self.plays.iter_mut().for_each(|plays| *plays *= kept);
        for (title, plays) in counted.by_title {
            if let Some(sum) = self.plays.get_mut(*title as usize) {
                *sum += single(*plays);
            }
        }
        let unseen = counted.unseen.iter().copied().chain(std::iter::repeat(false));
        for ((exposure, factor), is_unseen) in
            self.exposure.iter_mut().zip(ages.factors()).zip(unseen)
        {
            let seen = if is_unseen { 0.0 } else { factor * taken.plays };
            *exposure = kept * *exposure + single(seen);
        }
        self.renditions.learn(days, counted.by_rendition);
        self.level.learn(days, taken.plays / weekdays.factor(ages.day()));
        self.clock.set(ages.day());
        Ok(taken)
    }

    /// What it will play on a day after those that were learned.
    #[must_use]
    pub fn forecast(&self, ages: &Ages, region: &RegionForecast) -> SiteForecast {
        let (mut variance, mut share) = (vec![], vec![]);
        for (at, age) in ages.factors().iter().enumerate() {
            let [plays, exposure] = [&self.plays, &self.exposure]
                .map(|all| f64::from(all.get(at).copied().unwrap_or(0.0)));
            let ours = (plays + SHAPE) / (region.level[at] * exposure + SHAPE);
            variance.push(single(region.variance[at] + 1.0 / (plays + SHAPE)));
            share.push(region.level[at] * ours * age);
        }
        normalise(&mut share);
        SiteForecast {
            plays: self.level.plays() * region.weekdays.factor(ages.day()),
            share,
            variance,
            renditions: self.renditions.shares(&region.renditions, RENDITIONS_WEIGHT),
        }
    }
}

impl SiteForecast {
    /// What is expected of a title, by its number.
    #[must_use]
    pub fn title(&self, title: usize) -> Expected {
        let variance = f64::from(self.variance[title]) + DRIFT;
        Expected::of(self.plays * self.share[title], 1.0 / variance)
    }

    /// Plays of the day by file.
    pub fn demand_into(
        &self,
        catalogue: &Catalogue,
        region: &RegionForecast,
        demand: &mut Vec<f32>,
    ) {
        let by_title: Vec<f64> = self.share.iter().map(|share| self.plays * share).collect();
        fill(catalogue, &by_title, &region.episode_share, &self.renditions, demand);
    }
}
