//! Day by day: what is wanted, and what is played.

use super::chance::{Chance, Stream};
use super::hours::Viewed;
use super::places::{self, Site};
use super::titles::Truth;
use super::{NoWorld, Shape, files};
use prefill::demand::{Catalogue, RenditionCount};

/// From day to day a title keeps so much of its deviation, and gets so much more.
const DRIFT_KEPT: f64 = 0.98;
const DRIFT_NEW: f64 = 0.0496;

/// What that comes to over time, from which titles start.
const DRIFT_DEVIATION: f64 = 0.25;

/// Plays by day of the week, from Monday on.
const WEEKDAYS: [f64; 7] = [0.93, 0.92, 0.93, 0.95, 1.03, 1.12, 1.12];

/// A Monday.
const MONDAY: i32 = 44_998;

/// Viewers, on one day after the other.
#[derive(Debug)]
pub struct Audience {
    shape: Shape,
    titles: Vec<Truth>,
    catalogue: Catalogue,
    episode_share: Vec<f32>,
    regions: Vec<Vec<f64>>,
    sites: Vec<Site>,
    drift: Vec<f64>,
    drift_chance: Chance,
    elsewhere: Chance,
    day: i32,
    /// By title, plays in the world on this day, on no particular scale.
    wanted: Vec<f64>,
}

/// What was played at a site on a day.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plays {
    /// By file, rising, without those that were not.
    pub by_file: Vec<(u32, u32)>,
    /// By title.
    pub by_title: Vec<(u32, f64)>,
    /// By number of the episode.
    pub by_episode: Vec<(u32, f64)>,
    /// By rendition.
    pub by_rendition: Vec<RenditionCount>,
}

impl Audience {
    /// The world of a shape, before its first day.
    ///
    /// # Errors
    /// A shape without days, sites or plays, or hours of which nothing is left.
    pub fn new(viewed: &[Viewed], shape: Shape) -> Result<Self, NoWorld> {
        check(&shape)?;
        let mut chance = Chance::new(shape.seed, Stream::World);
        let last_day = shape.first_day() + i32::try_from(shape.days).unwrap_or(0) - 1;
        let mut titles: Vec<Truth> =
            viewed.iter().map(|row| Truth::draw(row, &mut chance)).collect();
        titles.retain(|title| title.released_day.is_none_or(|day| day <= last_day));
        let world_plays: f64 = titles.iter().map(|title| title.plays(shape.first_day())).sum();
        if world_plays <= 0.0 {
            return Err(NoWorld::NoTitles { titles: viewed.len() });
        }
        let (catalogue, episode_share) =
            files::draw(&titles, (shape.first_day(), world_plays), &mut chance)?;
        let region = |region| places::region(shape.seed, region, titles.len());
        let numbered = shape.detailed.iter().enumerate();
        let of_regions = numbered.flat_map(|(region, sites)| std::iter::repeat_n(region, *sites));
        let site = |place| Site::draw(shape.seed, place, titles.len());
        let mut drift_chance = Chance::new(shape.seed, Stream::Drift);
        Ok(Self {
            regions: (0..shape.detailed.len()).map(region).collect(),
            sites: of_regions.zip(0..).map(site).collect(),
            drift: titles.iter().map(|_| DRIFT_DEVIATION * drift_chance.normal()).collect(),
            drift_chance,
            elsewhere: Chance::new(shape.seed, Stream::Elsewhere),
            day: shape.first_day() - 1,
            wanted: vec![0.0; titles.len()],
            shape,
            titles,
            catalogue,
            episode_share,
        })
    }

    /// What can be played, as the fleet knows it.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Its shape.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// By site, its region.
    pub fn regions_of_sites(&self) -> impl ExactSizeIterator<Item = usize> + '_ {
        self.sites.iter().map(|site| site.region)
    }

    /// The day that has begun; before the first, the one before it.
    #[must_use]
    pub fn day(&self) -> i32 {
        self.day
    }

    /// How many titles are released on this day.
    #[must_use]
    pub fn releases(&self) -> usize {
        self.titles.iter().filter(|title| title.released_day == Some(self.day)).count()
    }

    /// The next day begins.
    pub fn next_day(&mut self) {
        self.day += 1;
        for ((wanted, drift), title) in
            self.wanted.iter_mut().zip(&mut self.drift).zip(&self.titles)
        {
            *drift = DRIFT_KEPT * *drift + DRIFT_NEW * self.drift_chance.normal();
            *wanted = title.plays(self.day) * drift.exp();
        }
    }

    /// Plays that a site has on this day, on average over all that could happen.
    fn site_plays(&self) -> f64 {
        let weekday = usize::try_from((self.day - MONDAY).rem_euclid(7)).unwrap_or(0);
        self.shape.plays_a_day * WEEKDAYS[weekday]
    }

    /// What a site wants of each file on this day: plays, on average over all that could happen.
    pub fn wanted_into(&self, site: usize, wanted: &mut Vec<f32>) {
        let Site { region, taste, shares, .. } = &self.sites[site];
        let titles = self.wanted.iter().zip(&self.regions[*region]).zip(taste);
        let mut by_title: Vec<f64> =
            titles.map(|((plays, region), site)| plays * region * site).collect();
        scale(&mut by_title, self.site_plays());
        wanted.clear();
        wanted.extend(self.catalogue.files().iter().map(|file| {
            let ladder = self.catalogue.titles()[file.title as usize].ladder;
            let share = shares[usize::from(ladder)][usize::from(file.rendition)];
            let episode = f64::from(self.episode_share[self.catalogue.episode_of(file)]);
            single(by_title[file.title as usize] * episode * share)
        }));
    }

    /// What is played at a site, of what is wanted there: plays fall on all files, laid end to
    /// end, as a Poisson process.
    pub fn play(&mut self, site: usize, wanted: &[f32]) -> Plays {
        let chance = &mut self.sites[site].chance;
        let (mut at, mut next, mut by_file) = (0.0, chance.gap(), Vec::new());
        for (file, wanted) in (0..).zip(wanted) {
            at += f64::from(*wanted);
            let mut count = 0;
            while next < at {
                next += chance.gap();
                count += 1;
            }
            if count > 0 {
                by_file.push((file, count));
            }
        }
        counted(&self.catalogue, by_file)
    }

    /// What all of a region's sites that are not played file by file play, by title and by episode.
    pub fn play_others(&mut self, region: usize) -> Plays {
        let others = self.shape.sites_a_region - self.shape.detailed[region];
        let titles = self.wanted.iter().zip(&self.regions[region]);
        let mut by_title: Vec<f64> = titles.map(|(plays, region)| plays * region).collect();
        scale(&mut by_title, self.site_plays() * others as f64);
        let mut plays = Plays::default();
        for (title, wanted) in (0..).zip(by_title).filter(|(_, wanted)| *wanted > 0.0) {
            let mut of_title = 0.0;
            if self.shape.detailed[region] == 0 {
                of_title = self.elsewhere.count(wanted);
            } else {
                for episode in self.catalogue.episodes_of(title as usize) {
                    let share = f64::from(self.episode_share[episode]);
                    let count = self.elsewhere.count(wanted * share);
                    if count > 0.0 {
                        plays.by_episode.push((number(episode), count));
                        of_title += count;
                    }
                }
            }
            if of_title > 0.0 {
                plays.by_title.push((title, of_title));
            }
        }
        plays
    }
}

fn check(shape: &Shape) -> Result<(), NoWorld> {
    let is_played = shape.plays_a_day.is_finite() && shape.plays_a_day > 0.0;
    let is_room = shape.detailed.iter().all(|sites| *sites <= shape.sites_a_region);
    let what = match () {
        () if shape.days == 0 => "no days",
        () if !is_played => "plays a day are above 0",
        () if shape.detailed.iter().sum::<usize>() == 0 => "no site is played file by file",
        () if !is_room => "more sites are played file by file than a region has",
        () => return Ok(()),
    };
    Err(NoWorld::Shape { what })
}

/// Files' plays by title, episode and rendition too. Files stand title by title.
fn counted(catalogue: &Catalogue, by_file: Vec<(u32, u32)>) -> Plays {
    let mut plays = Plays::default();
    let mut renditions = [[0.0; files::RENDITIONS]; 2];
    for (file, count) in &by_file {
        let file = &catalogue.files()[*file as usize];
        let count = f64::from(*count);
        add(&mut plays.by_title, file.title, count);
        add(&mut plays.by_episode, number(catalogue.episode_of(file)), count);
        let ladder = catalogue.titles()[file.title as usize].ladder;
        renditions[usize::from(ladder)][usize::from(file.rendition)] += count;
    }
    for (ladder, counts) in (0..).zip(renditions) {
        let counts = (0..).zip(counts);
        let counts = counts.map(|(rendition, plays)| RenditionCount { ladder, rendition, plays });
        plays.by_rendition.extend(counts);
    }
    plays.by_file = by_file;
    plays
}

fn add(counts: &mut Vec<(u32, f64)>, key: u32, plays: f64) {
    match counts.last_mut() {
        Some(last) if last.0 == key => last.1 += plays,
        _ => counts.push((key, plays)),
    }
}

fn scale(plays: &mut [f64], to: f64) {
    let all: f64 = plays.iter().sum();
    if all > 0.0 {
        plays.iter_mut().for_each(|plays| *plays *= to / all);
    }
}

fn number(episode: usize) -> u32 {
    u32::try_from(episode).unwrap_or(u32::MAX)
}

#[expect(clippy::cast_possible_truncation, reason = "plays have no more than three digits")]
fn single(plays: f64) -> f32 {
    plays as f32
}
