//! What a region makes of the world's titles, and how it watches their episodes.

use super::age::Ages;
use super::catalogue::Catalogue;
use super::counters::{RenditionCount, Taken, check_episodes, check_renditions, take_titles};
use super::faded::{self, Clock};
use super::interval::Expected;
use super::refused::Refused;
use super::renditions::{Renditions, Shares, evenly};
use super::traffic::{Level, Weekdays};
use super::world::{WorldForecast, count, expose, known};

/// Of a region's taste in titles.
const HALF_LIFE_DAYS: f64 = 5.0;

/// Regions differ by a standard deviation of 0.8 in logarithms (from the published lists of
/// countries, which share as many titles as with that): `1 / (e^(0.8²) − 1)`, rounded up.
const SHAPE: f64 = 1.2;

/// Where viewers are in a series moves slowly.
const EPISODES_HALF_LIFE_DAYS: f64 = 20.0;

/// Plays of a title from which its own shares of episodes count as much as the usual ones.
const EPISODES_WEIGHT: f64 = 20.0;

/// Each usual episode has 6 % fewer viewers than the one before it.
const EPISODE_FALL: f64 = 0.06;

/// What a title's share may move in a day, whatever is known: a standard deviation of 10 %.
const DRIFT: f64 = 0.01;

/// Plays with which even shares of renditions count, before anything was seen.
const EVEN_WEIGHT: f64 = 1.0;

/// All plays of a region so far.
#[derive(Debug, Clone, Default)]
pub struct Region {
    clock: Clock,
    plays: Vec<f64>,
    exposure: Vec<f64>,
    episodes: Vec<f64>,
    episodes_from: Vec<u32>,
    renditions: Renditions,
    weekdays: Weekdays,
    level: Level,
}

/// What was counted in a region on a day: all its sites together.
#[derive(Debug, Clone, Copy, Default)]
pub struct RegionDay<'a> {
    /// Plays by number of the title.
    pub by_title: &'a [(u32, f64)],
    /// Plays by number of the episode ([`Catalogue::episode_of`]).
    pub by_episode: &'a [(u32, f64)],
    /// Plays by rendition.
    pub by_rendition: &'a [RenditionCount],
}

/// What a region will play on a day.
#[derive(Debug, Clone)]
pub struct RegionForecast {
    /// Plays of the whole region.
    pub plays: f64,
    /// By title: its share of these.
    pub(super) share: Vec<f64>,
    /// By title: its share at an age factor of 1, not brought to a sum of 1.
    pub(super) level: Vec<f64>,
    /// By title: how sure that is, as a variance over the square of the mean.
    pub(super) variance: Vec<f64>,
    /// By episode: its share of its title.
    pub(super) episode_share: Vec<f32>,
    pub(super) renditions: Shares,
    pub(super) weekdays: Weekdays,
}

impl Region {
    /// Takes in a day.
    ///
    /// # Errors
    /// [`Refused`], and nothing was learned: a count that is none, a day that is not after the
    /// last, or titles or episodes that have gone.
    pub fn learn(
        &mut self,
        catalogue: &Catalogue,
        ages: &Ages,
        counted: &RegionDay,
    ) -> Result<Taken, Refused> {
        let taken = take_titles(counted.by_title, catalogue)?;
        check_episodes(counted.by_episode)?;
        check_renditions(counted.by_rendition)?;
        let days = self.clock.days_to(ages.day())?;
        self.grow(catalogue)?;
        let kept = faded::factor(HALF_LIFE_DAYS, days);
        expose(&mut self.exposure, kept, ages, taken.plays);
        count(&mut self.plays, kept, counted.by_title);
        let kept = faded::factor(EPISODES_HALF_LIFE_DAYS, days);
        count(&mut self.episodes, kept, counted.by_episode);
        self.renditions.learn(days, counted.by_rendition);
        let usual = self.level.plays() * self.weekdays.factor(ages.day());
        self.level.learn(days, taken.plays / self.weekdays.factor(ages.day()));
        if usual > 0.0 && taken.plays > 0.0 {
            self.weekdays.learn(ages.day(), taken.plays / self.level.plays());
        }
        self.clock.set(ages.day());
        Ok(taken)
    }

    /// What it will play on a day after those that were learned.
    #[must_use]
    pub fn forecast(
        &self,
        catalogue: &Catalogue,
        ages: &Ages,
        world: &WorldForecast,
    ) -> RegionForecast {
        let (mut level, mut variance, mut share) = (vec![], vec![], vec![]);
        for (at, factor) in ages.factors().iter().enumerate() {
            let [plays, exposure] = [&self.plays, &self.exposure].map(|all| known(all, at));
            let theirs = (plays + SHAPE) / (world.level[at] * exposure + SHAPE);
            level.push(world.level[at] * theirs);
            variance.push(world.variance[at] + 1.0 / (plays + SHAPE));
            share.push(level[at] * factor);
        }
        normalise(&mut share);
        RegionForecast {
            plays: self.level.plays() * self.weekdays.factor(ages.day()),
            share,
            level,
            variance,
            episode_share: self.episode_shares(catalogue),
            renditions: self.renditions.shares(&evenly(catalogue), EVEN_WEIGHT),
            weekdays: self.weekdays,
        }
    }

    /// What its days of the week make of a day's plays.
    #[must_use]
    pub fn weekdays(&self) -> &Weekdays {
        &self.weekdays
    }

    fn episode_shares(&self, catalogue: &Catalogue) -> Vec<f32> {
        let mut shares = Vec::with_capacity(catalogue.episodes());
        let fall = (-EPISODE_FALL).exp();
        for title in 0..catalogue.titles().len() {
            let episodes = catalogue.episodes_of(title);
            let of_before = self.of_before(title);
            let usual: f64 = std::iter::successors(Some(1.0), |share| Some(share * fall))
                .take(episodes.len())
                .sum();
            let counted = of_before.iter().sum::<f64>() + EPISODES_WEIGHT;
            let mut weight = EPISODES_WEIGHT / usual;
            for at in 0..episodes.len() {
                shares.push(single((known(of_before, at) + weight) / counted));
                weight *= fall;
            }
        }
        shares
    }

    /// The counts of a title's episodes, of those that were there when counts came last.
    fn of_before(&self, title: usize) -> &[f64] {
        match self.episodes_from.get(title..title + 2) {
            Some([from, to]) => &self.episodes[*from as usize..*to as usize],
            _ => &[],
        }
    }

    fn grow(&mut self, catalogue: &Catalogue) -> Result<(), Refused> {
        let titles = catalogue.titles().len();
        if titles < self.plays.len() {
            return Err(Refused::Shrunk { what: "titles" });
        }
        if self.episodes_from != catalogue.episodes_from() {
            let mut episodes = Vec::with_capacity(catalogue.episodes());
            for title in 0..titles {
                let before = self.of_before(title);
                let now = catalogue.episodes_of(title).len();
                if now < before.len() {
                    return Err(Refused::Shrunk { what: "episodes" });
                }
                episodes.extend_from_slice(before);
                episodes.resize(episodes.len() + now - before.len(), 0.0);
            }
            self.episodes = episodes;
            catalogue.episodes_from().clone_into(&mut self.episodes_from);
        }
        self.plays.resize(titles, 0.0);
        self.exposure.resize(titles, 0.0);
        Ok(())
    }
}

impl RegionForecast {
    /// What is expected of a title, by its number.
    #[must_use]
    pub fn title(&self, title: usize) -> Expected {
        Expected::of(self.plays * self.share[title], 1.0 / (self.variance[title] + DRIFT))
    }
}

/// From plays by title to plays by file.
pub(super) fn fill(
    catalogue: &Catalogue,
    by_title: &[f64],
    episode_share: &[f32],
    renditions: &Shares,
    demand: &mut Vec<f32>,
) {
    demand.clear();
    demand.extend(catalogue.files().iter().map(|file| {
        let title = file.title as usize;
        let ladder = usize::from(catalogue.titles()[title].ladder);
        let share = renditions[ladder][usize::from(file.rendition)];
        let episode = f64::from(episode_share[catalogue.episode_of(file)]);
        single(by_title[title] * episode * share)
    }));
}

/// Makes shares sum to 1, if there are any.
pub(super) fn normalise(shares: &mut [f64]) {
    let all: f64 = shares.iter().sum();
    if all > 0.0 {
        shares.iter_mut().for_each(|share| *share /= all);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "demand has no more than three digits")]
pub(super) fn single(value: f64) -> f32 {
    value as f32
}
