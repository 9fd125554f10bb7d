//! All sites of a trial, whatever they are planned by.

use super::{Options, Policy};
use crate::audience::{Audience, Curve, Shape, Viewed, WATCHED};
use crate::cycle::failures::Failures;
use crate::cycle::store::{Site, Store, rates_into};
use crate::cycle::{AtSite, Cycle, Failed, oracle};
use crate::run::{REGIONS, SITES_A_REGION};
use contract::names::SiteName;
use prefill::cluster::RegionOrder;
use prefill::trial::{Candidate, Features, SiteDay};

/// Disks, two sites after two in a region: usual ones, half, twice.
const ROOMS: [f64; 3] = [1.0, 0.5, 2.0];

/// 1970-01-01, as spreadsheets count.
const EPOCH: i32 = 25_569;

/// A box fails once in five hundred days: there is one at any time in a trial of some forty sites.
const FAILS: f64 = 0.002;

/// Sites, and all that was seen of them.
#[derive(Debug)]
pub(super) struct Arms {
    peak: f64,
    cycle: Cycle,
    failures: Failures,
    places: Vec<Place>,
    rates: Vec<f32>,
    seen: Vec<SiteDay>,
    /// In days since 1970-01-01.
    today: i32,
}

#[derive(Debug)]
struct Place {
    name: SiteName,
    region: usize,
    /// Of its disks, before any are held back.
    room_bytes: f64,
    store: Store,
    /// Whether a box was out today.
    is_impaired: bool,
}

impl Arms {
    pub(super) fn new(viewed: &[Viewed], curve: Curve, options: Options) -> Result<Self, Failed> {
        let audience = Audience::new(viewed, shape(&options))?;
        let regions: Vec<usize> = audience.regions_of_sites().collect();
        let cycle = Cycle::new(audience);
        let catalogue_bytes = cycle.sizes_bytes().iter().sum::<u64>() as f64;
        let place = |(at, region): (usize, &usize)| {
            let first = regions.iter().position(|of| of == region).unwrap_or(at);
            let room_bytes = catalogue_bytes * options.disk * ROOMS[(at - first) / 2 % ROOMS.len()];
            let site = site(options.boxes, room_bytes, options.usual);
            let store = Store::new(site, cycle.sizes_bytes().len());
            let name = SiteName::new(format!("s{at:03}"))?;
            Ok(Place { name, region: *region, room_bytes, store, is_impaired: false })
        };
        let places: Result<Vec<Place>, Failed> = regions.iter().enumerate().map(place).collect();
        let places = places?;
        let Options { seed, boxes, .. } = options;
        let failures = Failures::as_often_as(FAILS, seed, places.len(), boxes);
        let peak = curve.peak();
        Ok(Self { peak, cycle, failures, places, rates: vec![], seen: vec![], today: 0 })
    }

    /// The day that has ended.
    pub(super) fn today(&self) -> i32 {
        self.today
    }

    /// Days of sites that were planned.
    pub(super) fn seen(&self) -> &[SiteDay] {
        &self.seen
    }

    /// From tomorrow on a site is planned by another policy.
    pub(super) fn follow(&mut self, site_name: &SiteName, policy: Policy) {
        for place in self.places.iter_mut().filter(|place| place.name == *site_name) {
            // How many boxes it has, it knows.
            place.store.follow(site(0, place.room_bytes, policy));
        }
    }

    /// The next day; who fails by day was planned with in the night.
    pub(super) fn day(&mut self, is_planned: bool) -> Result<(), Failed> {
        let planned: Vec<_> = (0..self.places.len()).map(|at| self.failures.is_up(at)).collect();
        // Not in the first night, in which empty boxes are filled: who misses it takes weeks.
        if !self.seen.is_empty() {
            self.failures.next_day();
        }
        let Self { cycle, failures, places, rates, peak, seen, .. } = self;
        let before = seen.len();
        let ended = cycle.day(is_planned, |at: &AtSite| {
            if !is_planned {
                return Ok(());
            }
            let Place { name, store, is_impaired, .. } = &mut places[at.site];
            let all = rates_into(at.forecast, at.sizes_bytes, *peak, rates);
            let order = RegionOrder::new(at.sizes_bytes, rates)?;
            let night = store.plan(&order, (at.sizes_bytes, all), &planned[at.site])?;
            let is_up = failures.is_up(at.site);
            let held = store.held(&is_up);
            let served = oracle::bytes(held.ordinals(), at.sizes_bytes, at.wanted);
            let was_impaired = std::mem::replace(is_impaired, !is_up.iter().all(|up| *up));
            seen.push(SiteDay {
                site: name.clone(),
                day: 0,
                wanted_bytes: whole(WATCHED * oracle::all_bytes(at.sizes_bytes, at.wanted)),
                served_bytes: whole(WATCHED * served),
                filled_bytes: night.written_bytes,
                is_impaired: was_impaired || *is_impaired,
            });
            Ok(())
        })?;
        self.today = ended.day - EPOCH;
        self.seen[before..].iter_mut().for_each(|it| it.day = self.today);
        Ok(())
    }

    /// Sites, by what was seen of them on the last days.
    pub(super) fn candidates(&self, days: u16) -> Vec<Candidate> {
        let from = self.today - i32::from(days);
        let of_place = |place: &Place| {
            let is_it = |it: &&SiteDay| it.day > from && it.site == place.name && !it.is_impaired;
            let seen: Vec<&SiteDay> = self.seen.iter().filter(is_it).collect();
            Candidate {
                site: place.name.clone(),
                region: Some(format!("region-{}", place.region)),
                parent: None,
                is_open: true,
                features: Features::seen(&seen, place.room_bytes),
            }
        };
        self.places.iter().map(of_place).collect()
    }
}

fn site(boxes: usize, room_bytes: f64, policy: Policy) -> Site {
    let room_bytes = whole(room_bytes * (1.0 - policy.held_back));
    Site { boxes, room_bytes, fill: policy.fill, rest: policy.rest }
}

/// Two sites for each pair, spread over regions.
fn shape(options: &Options) -> Shape {
    let pairs = options.pairs;
    let of_region = |region| 2 * (pairs / REGIONS + usize::from(region < pairs % REGIONS));
    Shape {
        seed: options.seed,
        plays_a_day: options.plays_a_day,
        sites_a_region: SITES_A_REGION,
        detailed: (0..REGIONS).map(of_region).collect(),
        days: options.days_before() + usize::from(options.days),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes of a day")]
fn whole(bytes: f64) -> u64 {
    bytes as u64
}
