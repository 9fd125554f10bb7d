//! From what is played to what is held, and round again, day after day.
//!
//! ```text
//! wanted ─▶ played ─▶ counters ─▶ estimator ─▶ placement ─▶ fill ─▶ held ─▶ served
//! (audience)          (by title, episode, rendition)  (prefill::demand, prefill::cluster)
//! ```
//!
//! In the night before a day each site is planned from counters of earlier days alone; by day it
//! serves what it holds. How good that was is judged by what viewers wanted, which no planner is
//! told. Beside it stand the best that could have been held ([`oracle`]), what a site alone would
//! have held ([`local`]), and a cache that holds what was asked for last ([`lru`]).
//!
//! Read in this order: [`Cycle`] (a day), [`store`] (a site's boxes), [`oracle`], [`local`],
//! [`lru`], [`failures`].

pub mod failures;
pub mod local;
pub mod lru;
pub mod oracle;
pub mod store;

use crate::audience::{Audience, NoWorld, Plays};
use prefill::cluster;
use prefill::demand::{self, Ages, Catalogue, Score};
use prefill::trial;

/// Why a simulation ends early.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// There is no such world.
    #[error(transparent)]
    World(#[from] NoWorld),
    /// The estimator does not take a day.
    #[error("counters: {0}")]
    Counters(#[from] demand::Refused),
    /// The solver does not take a problem.
    #[error("placement: {0}")]
    Placement(#[from] cluster::Refused),
    /// Nor its files.
    #[error("placement: {0}")]
    Files(#[from] cluster::BadFile),
    /// A site cannot have this name.
    #[error(transparent)]
    Name(#[from] contract::names::BadName),
    /// Sites cannot be matched.
    #[error("matching: {0}")]
    Matching(#[from] trial::BadCandidate),
    /// A trial cannot be judged.
    #[error("trial: {0}")]
    Trial(#[from] trial::BadTrial),
}

/// Viewers, and what is learned of them.
#[derive(Debug)]
pub struct Cycle {
    audience: Audience,
    world: demand::World,
    regions: Vec<demand::Region>,
    sites: Vec<demand::Site>,
    sizes_bytes: Vec<u64>,
    wanted: Vec<f32>,
    forecast: Vec<f32>,
}

/// A day at a site.
#[derive(Debug, Clone, Copy)]
pub struct AtSite<'a> {
    /// Which site.
    pub site: usize,
    /// By file.
    pub sizes_bytes: &'a [u64],
    /// By file: plays that were to be expected by who knows everything.
    pub wanted: &'a [f32],
    /// By file: plays that were forecast; none while nobody plans yet.
    pub forecast: &'a [f32],
    /// What was played.
    pub plays: &'a Plays,
}

/// What became of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ended {
    /// As spreadsheets count.
    pub day: i32,
    /// Titles that were new.
    pub releases: usize,
    /// How good the forecasts of sites were, title by title.
    pub score: Score,
}

impl Cycle {
    /// Before the first day.
    #[must_use]
    pub fn new(audience: Audience) -> Self {
        Self {
            world: demand::World::default(),
            regions: audience.shape().detailed.iter().map(|_| demand::Region::default()).collect(),
            sites: audience.regions_of_sites().map(|_| demand::Site::default()).collect(),
            sizes_bytes: audience.catalogue().files().iter().map(|file| file.size_bytes).collect(),
            wanted: Vec::new(),
            forecast: Vec::new(),
            audience,
        }
    }

    /// How many sites are played file by file.
    #[must_use]
    pub fn sites(&self) -> usize {
        self.sites.len()
    }

    /// By file.
    #[must_use]
    pub fn sizes_bytes(&self) -> &[u64] {
        &self.sizes_bytes
    }

    /// What can be played.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        self.audience.catalogue()
    }

    /// Goes through the next day, site by site; forecasts only where somebody plans by them.
    ///
    /// # Errors
    /// What estimators refuse, or what is said of a site.
    pub fn day(
        &mut self,
        is_planned: bool,
        mut each: impl FnMut(&AtSite) -> Result<(), Failed>,
    ) -> Result<Ended, Failed> {
        self.audience.next_day();
        let ages = Ages::of(self.audience.catalogue(), self.audience.day());
        let world = self.world.forecast(self.audience.catalogue());
        let mut of_world = Vec::new();
        let mut score = Score::default();
        for region in 0..self.regions.len() {
            let mut of_region = vec![self.audience.play_others(region)];
            let forecast = is_planned
                .then(|| self.regions[region].forecast(self.audience.catalogue(), &ages, &world));
            for site in self.sites_of(region) {
                let (plays, of_site) = self.at_site(site, &ages, forecast.as_ref(), &mut each)?;
                score.join(&of_site);
                let weekdays = *self.regions[region].weekdays();
                let counted = demand::SiteDay {
                    by_title: &plays.by_title,
                    by_rendition: &plays.by_rendition,
                    unseen: &[],
                };
                let catalogue = self.audience.catalogue();
                self.sites[site].learn(catalogue, &ages, &weekdays, &counted)?;
                of_region.push(plays);
            }
            let by_title = joined(&of_region, |plays| &plays.by_title);
            let by_episode = joined(&of_region, |plays| &plays.by_episode);
            let by_rendition = joined(&of_region, |plays| &plays.by_rendition);
            let counted = demand::RegionDay {
                by_title: &by_title,
                by_episode: &by_episode,
                by_rendition: &by_rendition,
            };
            self.regions[region].learn(self.audience.catalogue(), &ages, &counted)?;
            of_world.extend(by_title);
        }
        self.world.learn(self.audience.catalogue(), &ages, &of_world)?;
        Ok(Ended { day: self.audience.day(), releases: self.audience.releases(), score })
    }

    fn sites_of(&self, region: usize) -> Vec<usize> {
        let regions = self.audience.regions_of_sites().enumerate();
        regions.filter(|(_, of)| *of == region).map(|(site, _)| site).collect()
    }

    /// A site's day: what was to be expected, what was played, and how the forecast compares.
    fn at_site(
        &mut self,
        site: usize,
        ages: &Ages,
        region: Option<&demand::RegionForecast>,
        each: &mut impl FnMut(&AtSite) -> Result<(), Failed>,
    ) -> Result<(Plays, Score), Failed> {
        self.audience.wanted_into(site, &mut self.wanted);
        let plays = self.audience.play(site, &self.wanted);
        let mut score = Score::default();
        self.forecast.clear();
        if let Some(region) = region {
            let catalogue = self.audience.catalogue();
            let forecast = self.sites[site].forecast(ages, region);
            forecast.demand_into(catalogue, region, &mut self.forecast);
            score = scored(&forecast, catalogue.titles().len(), &plays.by_title);
        }
        each(&AtSite {
            site,
            sizes_bytes: &self.sizes_bytes,
            wanted: &self.wanted,
            forecast: &self.forecast,
            plays: &plays,
        })?;
        Ok((plays, score))
    }
}

fn scored(forecast: &demand::SiteForecast, titles: usize, counts: &[(u32, f64)]) -> Score {
    let mut plays = vec![0.0; titles];
    for (title, count) in counts {
        plays[*title as usize] += count;
    }
    let mut score = Score::default();
    for (title, plays) in plays.into_iter().enumerate() {
        score.add(&forecast.title(title), plays);
    }
    score
}

fn joined<T: Copy>(all: &[Plays], counts: impl Fn(&Plays) -> &Vec<T>) -> Vec<T> {
    all.iter().flat_map(|plays| counts(plays).iter().copied()).collect()
}

#[cfg(test)]
mod tests;
