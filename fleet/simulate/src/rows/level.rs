//! One level of traffic: 28 days of counters, then 28 days planned and scored.

use crate::audience::{Audience, Plays, Shape, Viewed};
use crate::cycle::local::Local;
use crate::cycle::lru::{Asked, Lru};
use crate::cycle::oracle::{self, Static};
use crate::cycle::store::{Night, Site, Store, rates_into};
use crate::cycle::{AtSite, Cycle, Failed};
use crate::run::{REGIONS, SITES_A_REGION, WARM_UP_DAYS};
use prefill::cluster::RegionOrder;

/// Sites that are planned and scored; they stand in one region, whose other sites are counted.
pub(super) const SITES: usize = 3;
const SCORED_DAYS: usize = 28;
const SEED: u64 = 1;

/// Disks, as parts of the catalogue's bytes.
pub(super) const DISKS: [f64; 3] = [0.02, 0.05, 0.15];

/// Places in [`DISKS`]: of the rows of misses, and of those of hits.
pub(super) const SMALL: usize = 0;
pub(super) const MIDDLE: usize = 1;

/// What new bytes cost, as [`Site::rest`]: nothing; and what is simulated.
///
/// Less is enough on small disks; large ones of sites with few viewers hold files that all are
/// worth about the same, and with less than this they would come and go.
pub(super) const RESTS: [f64; 2] = [0.0, 0.5];

/// Bytes of all sites on the scored days, with whole files counted.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub(super) wanted: f64,
    /// By disk and price: served.
    pub(super) served: [[f64; 2]; 3],
    /// By disk and price: came in.
    pub(super) nights: [[Nights; 2]; 3],
    /// By disk: served by who knew the day, and by who knew all days and had to hold the same.
    pub(super) daily: [f64; 3],
    pub(super) constant: [f64; 3],
    /// By disk: served by who has the site's own counters of files alone.
    pub(super) local: [f64; 3],
    /// Of what was played, with the small disk: of the cache, and missed by what was planned with
    /// a price, and by who knew the day.
    pub(super) cache: Asked,
    pub(super) missed: f64,
    pub(super) daily_missed: f64,
}

/// What came in, in all nights but the first of the days scored.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Nights {
    pub(super) ingress_bytes: f64,
    pub(super) first_bytes: f64,
    /// The largest gap of any night.
    pub(super) gap: f64,
    pub(super) count: usize,
}

/// A level, gone through.
#[derive(Debug)]
pub struct Level {
    pub(super) sizes_bytes: Vec<u64>,
    pub(super) rooms_bytes: [u64; 3],
    pub(super) sums: Sums,
    /// By site, what is forecast for the last day.
    pub(super) last: Vec<Vec<f32>>,
    pub(super) site_days: usize,
}

/// A site, and who stands beside it.
struct Place {
    /// By disk and price.
    stores: [[Store; 2]; 3],
    local: Local,
    cache: Lru,
    constant: Static,
}

impl Level {
    /// Draws the world and goes through its days; `each` hears of each.
    ///
    /// # Errors
    /// Hours of which nothing is left.
    pub fn walk(
        viewed: &[Viewed],
        plays_a_day: f64,
        each: &mut impl FnMut(usize),
    ) -> Result<Self, Failed> {
        let mut detailed = vec![0; REGIONS];
        detailed[0] = SITES;
        let days = WARM_UP_DAYS + SCORED_DAYS;
        let shape =
            Shape { seed: SEED, plays_a_day, sites_a_region: SITES_A_REGION, detailed, days };
        let mut cycle = Cycle::new(Audience::new(viewed, shape)?);
        let sizes_bytes = cycle.sizes_bytes().to_vec();
        let all_bytes: u64 = sizes_bytes.iter().sum();
        let rooms_bytes = DISKS.map(|disk| whole(all_bytes as f64 * disk));
        let mut places: Vec<Place> =
            (0..SITES).map(|site| Place::new(site, sizes_bytes.len(), rooms_bytes)).collect();
        let mut level =
            Self { sizes_bytes, rooms_bytes, sums: Sums::default(), last: vec![], site_days: 0 };
        let mut rates = Vec::new();
        for day in 0..days {
            each(day + 1);
            cycle.day(day >= WARM_UP_DAYS, |at: &AtSite| {
                let place = &mut places[at.site];
                if day >= WARM_UP_DAYS {
                    level.score(at, place, &mut rates)?;
                    if day + 1 == days {
                        level.last.push(rates.clone());
                    }
                }
                place.local.learn(at.plays);
                if day < WARM_UP_DAYS {
                    place.cache.play(at.plays, at.sizes_bytes);
                }
                Ok(())
            })?;
        }
        for place in &places {
            let all = place.constant.bytes(&level.sizes_bytes);
            let ratios = place.constant.hit_ratios(&level.sizes_bytes, &rooms_bytes);
            for (sum, ratio) in level.sums.constant.iter_mut().zip(ratios) {
                *sum += ratio * all;
            }
        }
        Ok(level)
    }

    /// A site's night and day.
    fn score(
        &mut self,
        at: &AtSite,
        place: &mut Place,
        rates: &mut Vec<f32>,
    ) -> Result<(), Failed> {
        let (sizes, sums) = (at.sizes_bytes, &mut self.sums);
        let all = rates_into(at.forecast, sizes, 1.0, rates);
        let order = RegionOrder::new(sizes, rates)?;
        for (disk, stores) in place.stores.iter_mut().enumerate() {
            for (rest, store) in stores.iter_mut().enumerate() {
                let night = store.plan(&order, (sizes, all), &[true])?;
                sums.nights[disk][rest].add(&night, store.nights() > 1);
                let held = store.held(&[true]);
                sums.served[disk][rest] += oracle::bytes(held.ordinals(), sizes, at.wanted);
                if (disk, rest) == (SMALL, 1) {
                    sums.missed += played(at.plays, sizes, |file| !held.contains(file));
                }
            }
        }
        sums.wanted += oracle::all_bytes(sizes, at.wanted);
        let (daily, local) = (oracle::ranked(at.wanted), place.local.ranked());
        for (disk, room_bytes) in self.rooms_bytes.iter().enumerate() {
            let of = |ranked| {
                oracle::bytes(oracle::fitting(ranked, sizes, *room_bytes), sizes, at.wanted)
            };
            sums.daily[disk] += of(&daily);
            sums.local[disk] += of(&local);
        }
        let mut is_held = vec![false; sizes.len()];
        oracle::fitting(&daily, sizes, self.rooms_bytes[SMALL])
            .for_each(|file| is_held[file as usize] = true);
        sums.daily_missed += played(at.plays, sizes, |file| !is_held[file as usize]);
        let asked = place.cache.play(at.plays, sizes);
        sums.cache.bytes += asked.bytes;
        sums.cache.missed_bytes += asked.missed_bytes;
        place.constant.add(at.wanted);
        self.site_days += 1;
        Ok(())
    }
}

/// Bytes of the plays of some files.
fn played(plays: &Plays, sizes_bytes: &[u64], is_counted: impl Fn(u32) -> bool) -> f64 {
    let counted = plays.by_file.iter().filter(|(file, _)| is_counted(*file));
    counted.map(|(file, plays)| f64::from(*plays) * sizes_bytes[*file as usize] as f64).sum()
}

impl Place {
    fn new(site: usize, files: usize, rooms_bytes: [u64; 3]) -> Self {
        let store = |room_bytes, rest| {
            Store::new(Site { boxes: 1, room_bytes, fill: f64::INFINITY, rest }, files)
        };
        Self {
            stores: rooms_bytes.map(|room_bytes| RESTS.map(|rest| store(room_bytes, rest))),
            local: Local::new(files),
            cache: Lru::new(files, rooms_bytes[SMALL], (SEED, site)),
            constant: Static::default(),
        }
    }
}

impl Nights {
    fn add(&mut self, night: &Night, is_counted: bool) {
        self.gap = self.gap.max(night.gap);
        if is_counted {
            self.ingress_bytes += night.ingress_bytes as f64;
            self.first_bytes += night.first_bytes as f64;
            self.count += 1;
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes of disks")]
fn whole(bytes: f64) -> u64 {
    bytes as u64
}
