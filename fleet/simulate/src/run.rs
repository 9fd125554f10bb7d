//! A fleet for some weeks: what it serves, what it changes, what comes in.

use crate::audience::{Audience, Curve, Shape, Viewed};
use crate::cycle::failures::Failures;
use crate::cycle::local::Local;
use crate::cycle::lru::Lru;
use crate::cycle::store::{Night, Site, Store, rates_into};
use crate::cycle::{AtSite, Cycle, Failed, oracle};
use prefill::cluster::{Bitmap, RegionOrder};
use prefill::demand::Score;
use serde::Serialize;

/// Days of counters before the first plan.
pub const WARM_UP_DAYS: usize = 28;

/// Regions, and sites of each. Only some are played file by file.
pub(crate) const REGIONS: usize = 5;
pub(crate) const SITES_A_REGION: usize = 20;

/// What is simulated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Another number, another world; the same one, the same.
    pub seed: u64,
    /// How many days are planned and served.
    pub days: usize,
    /// How many sites are played file by file, 1 to 100.
    pub sites: usize,
    /// Boxes of a site.
    pub boxes: usize,
    /// Plays of a site on a usual day.
    pub plays_a_day: f64,
    /// The room of a site's disks, as a part of the catalogue's bytes.
    pub disk: f64,
    /// New bytes that a box takes in a day, as a part of its room.
    pub fill: f64,
    /// By how much more a byte must be worth than the least that is held, to take its place.
    pub rest: f64,
}

/// A day of all sites played file by file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Day {
    /// From 1.
    pub day: usize,
    /// Bytes that sites served themselves, of all that their viewers wanted.
    pub offload: f64,
    /// What that would have been with what was best to hold on this very day.
    pub best_offload: f64,
    /// What it would have been with what each site alone would have held.
    pub local_offload: f64,
    /// What a cache would have served that takes in all that it misses.
    pub lru_offload: f64,
    /// Bytes written to disks for it, of their room.
    pub churn: f64,
    /// Bytes that crossed the edges of providers for it.
    pub ingress_bytes: u64,
    /// What was served at the peak, in bits a second.
    pub served_bits_per_s: f64,
    /// Titles that were new.
    pub releases: usize,
    /// Boxes that were out.
    pub boxes_out: usize,
    /// Of the forecasts of titles at sites: `Σ |forecast − counted| / Σ counted`.
    pub forecast_error: Option<f64>,
    /// How many of their intervals held what was counted: meant for 80 %, of ten plays and more.
    pub forecast_held: Option<f64>,
}

/// The simulation, day by day.
#[derive(Debug)]
pub struct Run {
    options: Options,
    peak: f64,
    cycle: Cycle,
    failures: Failures,
    places: Vec<Place>,
    room_bytes: u64,
    rates: Vec<f32>,
    /// Planned so far.
    day: usize,
}

/// A site, and who stands beside it.
#[derive(Debug)]
struct Place {
    store: Store,
    local: Local,
    lru: Lru,
}

/// Sums over sites.
#[derive(Debug, Default)]
struct Sums {
    bytes: f64,
    served_bytes: f64,
    best_bytes: f64,
    local_bytes: f64,
    lru_asked_bytes: f64,
    lru_missed_bytes: f64,
    written_bytes: u64,
    ingress_bytes: u64,
}

impl Run {
    /// Draws the world, and goes through the days before the first plan; `each` hears of each of
    /// these.
    ///
    /// # Errors
    /// A world that cannot be.
    pub fn new(
        viewed: &[Viewed],
        curve: Curve,
        options: Options,
        mut each: impl FnMut(usize),
    ) -> Result<Self, Failed> {
        let audience = Audience::new(viewed, shape(&options))?;
        let mut cycle = Cycle::new(audience);
        let files = cycle.sizes_bytes().len();
        let catalogue_bytes: u64 = cycle.sizes_bytes().iter().sum();
        let room_bytes = whole(catalogue_bytes as f64 * options.disk);
        let Options { boxes, fill, rest, seed, sites, .. } = options;
        let place = |site| Place {
            store: Store::new(Site { boxes, room_bytes, fill, rest }, files),
            local: Local::new(files),
            lru: Lru::new(files, room_bytes, (seed, site)),
        };
        let mut places: Vec<Place> = (0..sites).map(place).collect();
        for day in 0..WARM_UP_DAYS {
            cycle.day(false, |at: &AtSite| {
                let Place { local, lru, .. } = &mut places[at.site];
                local.learn(at.plays);
                lru.play(at.plays, at.sizes_bytes);
                Ok(())
            })?;
            each(day + 1);
        }
        let failures = Failures::new(seed, sites, boxes);
        let peak = curve.peak();
        Ok(Self { options, peak, cycle, failures, places, room_bytes, rates: vec![], day: 0 })
    }

    /// Titles and files of the catalogue, and what these weigh.
    #[must_use]
    pub fn catalogue(&self) -> (usize, usize, u64) {
        let sizes_bytes = self.cycle.sizes_bytes();
        (self.cycle.catalogue().titles().len(), sizes_bytes.len(), sizes_bytes.iter().sum())
    }

    fn next_day(&mut self) -> Result<Day, Failed> {
        self.day += 1;
        // Who fails by day was planned with in the night.
        let planned: Vec<_> = (0..self.options.sites).map(|at| self.failures.is_up(at)).collect();
        self.failures.next_day();
        let Self { cycle, failures, places, rates, peak, room_bytes, .. } = self;
        let mut sums = Sums::default();
        let ended = cycle.day(true, |at: &AtSite| {
            let place = &mut places[at.site];
            let all = rates_into(at.forecast, at.sizes_bytes, *peak, rates);
            let order = RegionOrder::new(at.sizes_bytes, rates)?;
            let night = place.store.plan(&order, (at.sizes_bytes, all), &planned[at.site])?;
            let held = place.store.held(&failures.is_up(at.site));
            sums.add(at, *room_bytes, (&night, &held), place);
            Ok(())
        })?;
        Ok(self.told(&sums, ended.releases, &ended.score))
    }

    fn told(&self, sums: &Sums, releases: usize, score: &Score) -> Day {
        let rooms_bytes = self.room_bytes as f64 * self.options.sites as f64;
        let a_byte = 8.0 * crate::audience::WATCHED * self.peak / 86_400.0;
        let churn = if self.day == 1 { 0.0 } else { sums.written_bytes as f64 / rooms_bytes };
        Day {
            day: self.day,
            offload: rounded(sums.served_bytes / sums.bytes),
            best_offload: rounded(sums.best_bytes / sums.bytes),
            local_offload: rounded(sums.local_bytes / sums.bytes),
            lru_offload: rounded(1.0 - sums.lru_missed_bytes / sums.lru_asked_bytes.max(1.0)),
            churn: rounded(churn),
            ingress_bytes: sums.ingress_bytes,
            served_bits_per_s: (sums.served_bytes * a_byte).round(),
            releases,
            boxes_out: self.failures.out(),
            forecast_error: score.wape().map(rounded),
            forecast_held: score.coverage().map(rounded),
        }
    }
}

impl Iterator for Run {
    type Item = Result<Day, Failed>;

    fn next(&mut self) -> Option<Self::Item> {
        (self.day < self.options.days).then(|| self.next_day())
    }
}

impl Sums {
    /// A site's day; then those beside it learn of it.
    fn add(
        &mut self,
        at: &AtSite,
        room_bytes: u64,
        (night, held): (&Night, &Bitmap),
        place: &mut Place,
    ) {
        let of =
            |files: &mut dyn Iterator<Item = u32>| oracle::bytes(files, at.sizes_bytes, at.wanted);
        let fitting = |ranked: &[u32]| of(&mut oracle::fitting(ranked, at.sizes_bytes, room_bytes));
        self.bytes += oracle::all_bytes(at.sizes_bytes, at.wanted);
        self.served_bytes += of(&mut held.ordinals());
        self.best_bytes += fitting(&oracle::ranked(at.wanted));
        self.local_bytes += fitting(&place.local.ranked());
        self.written_bytes += night.written_bytes;
        self.ingress_bytes += night.ingress_bytes;
        let asked = place.lru.play(at.plays, at.sizes_bytes);
        self.lru_asked_bytes += asked.bytes;
        self.lru_missed_bytes += asked.missed_bytes;
        place.local.learn(at.plays);
    }
}

/// To a millionth: what is drawn says no more, and mathematics libraries differ beyond.
fn rounded(share: f64) -> f64 {
    (share * 1e6).round() / 1e6
}

/// Sites that are played file by file stand in as many regions as there are.
fn shape(options: &Options) -> Shape {
    let Options { seed, days, sites, plays_a_day, .. } = *options;
    let detailed =
        (0..REGIONS).map(|region| sites / REGIONS + usize::from(region < sites % REGIONS));
    Shape {
        seed,
        plays_a_day,
        sites_a_region: SITES_A_REGION,
        detailed: detailed.collect(),
        days: WARM_UP_DAYS + days,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes of disks")]
fn whole(bytes: f64) -> u64 {
    bytes as u64
}
