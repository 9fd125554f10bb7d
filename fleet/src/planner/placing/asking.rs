//! The question of a day, from what is intended, what was heard and what is forecast. Pure.

use super::ahead::ahead;
use super::budgets::{Known, classes};
use super::forecaster::{Forecaster, Key, Wanted};
use super::offered::{AHEAD_DAYS, Offered};
use super::policy::TrialSaid;
use super::ruled::{AtSite, Ruled, Spot, with_bans};
use super::rules::Rule;
use super::runs::{Holds, Run};
use crate::planner::cohorts::Cohort;
use contract::names::SiteName;
use inventory::{Appliance, Inventory, Site};
use prefill::demand::Refused;
use prefill::question::{Question, RegionAsked, SiteAsked, TitleAsked, Tuning, numbered};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What is wanted of all titles where nobody has asked for anything yet: bytes per second.
const NOMINAL_BYTES_PER_S: f64 = 1e6;

/// Of what is wanted in a region, what is spread over all titles, so that none is worth nothing: where there
/// is room it is held.
const FLOOR: f64 = 1e-7;

/// A site's own demand counts where it is another by this part.
const ANOTHER: f64 = 0.25;

/// The most titles of which a site's own demand counts.
const MOST_DEVIATIONS: usize = 4096;

/// What a question is made of.
pub(super) struct Asking<'a> {
    pub(super) day: i32,
    pub(super) inventory: &'a Inventory,
    pub(super) catalogue_version: u64,
    pub(super) cohorts: &'a [Cohort<'a>],
    pub(super) offered: &'a Offered,
    pub(super) forecaster: &'a Forecaster,
    pub(super) known: &'a Known<'a>,
    /// What operators say of where titles belong.
    pub(super) rules: &'a [Rule],
    pub(super) tuning: Tuning,
    /// What is tried at some sites.
    pub(super) trial: Option<&'a TrialSaid>,
    /// What was asked last.
    pub(super) before: Option<&'a Question>,
    /// The answer that says what boxes hold.
    pub(super) base: Option<(&'a Run, &'a Holds)>,
}

/// A site with boxes.
struct Place<'a> {
    name: &'a SiteName,
    site: Option<&'a Site>,
    cohort: usize,
    appliances: Vec<&'a Appliance>,
}

impl Asking<'_> {
    pub(super) fn question(&self) -> Result<Question, Refused> {
        let before = self.before.map_or(&[][..], |before| &before.titles);
        let titles = numbered(before, self.offered.asked(self.day).collect());
        let places = self.places();
        let region = |place: &Place| place.site.and_then(|site| site.region.clone());
        let named: Vec<_> = places.iter().map(|it| (it.name.clone(), region(it))).collect();
        let wanted = self.forecaster.forecast(self.day, AHEAD_DAYS, &named)?;
        let floors = self.floors(&titles);
        let mut regions: Vec<RegionAsked> = Vec::new();
        for (_, name) in &named {
            if regions.iter().all(|it| it.region != *name) {
                let demand = self.of_region(&wanted, name, &titles, &floors);
                let demand_bytes_per_s = demand.into_iter().map(single).collect();
                regions.push(RegionAsked { region: name.clone(), demand_bytes_per_s });
            }
        }
        let mut lacking = self.lacking(&titles);
        let said = self.said(&places, &titles, &mut lacking);
        let mut question = Question {
            day: self.day,
            base: self.base.map(|(run, _)| run.version),
            put_back: false,
            inventory_version: self.inventory.version,
            catalogue_version: self.catalogue_version,
            tuning: self.tuning,
            lacking,
            titles,
            regions,
            sites: Vec::new(),
            ahead: Vec::new(),
        };
        question.sites = self.sites(&question, &places, &wanted, said);
        let asked = (&wanted, &*question.titles, &*question.regions);
        // Regions alone are looked at: one site of each is enough.
        let mut of_regions = named;
        let mut seen = HashSet::new();
        of_regions.retain(|(_, region)| seen.insert(region.clone()));
        question.ahead = ahead(self.forecaster, (self.day, &of_regions), asked)?;
        self.hold(&mut question);
        Ok(question)
    }

    /// What changes while a day goes on stays as it was when boxes were asked for first on it: what their disks may
    /// be written, and what they hold by their own word where the base says nothing: as it was when they were asked for
    /// first on this day. One that holds nothing is filled as far as it goes.
    fn hold(&self, question: &mut Question) {
        let earlier = self.before.filter(|before| before.day == self.day);
        let earlier: HashMap<_, _> = earlier
            .into_iter()
            .flat_map(Question::boxes)
            .map(|(_, budgets)| (&budgets.device, budgets))
            .collect();
        let Question { titles, sites, .. } = question;
        let is_there = |number: &u32| titles.get(*number as usize).is_some_and(Option::is_some);
        let said = |holds: &HashSet<Key>| {
            let all = (0..).zip(&*titles);
            let held =
                |title: &TitleAsked| holds.contains(&(title.group.clone(), title.title.clone()));
            let held = all.filter(|(_, title)| title.as_ref().is_some_and(held));
            held.map(|(number, _)| number).collect::<Vec<u32>>()
        };
        let classes = sites.iter_mut().flat_map(|site| &mut site.classes);
        for one in classes.flat_map(|class| &mut class.boxes) {
            // What disks may be written is another with every report.
            if let Some(earlier) = earlier.get(&one.device) {
                one.endurance_bytes = earlier.endurance_bytes;
            }
            let by_base = self.base.and_then(|(_, holds)| holds.get(&one.device));
            if by_base.is_some_and(|titles| !titles.is_empty()) {
                continue;
            }
            one.held = match earlier.get(&one.device) {
                Some(earlier) => earlier
                    .held
                    .as_ref()
                    .map(|held| held.iter().copied().filter(is_there).collect()),
                None => self.known.heard.get(&one.device).map(|heard| said(&heard.holds)),
            };
            if one.held.as_ref().is_none_or(Vec::is_empty) {
                (one.fill_bytes, one.endurance_bytes) = (None, None);
            }
        }
    }

    /// Sites with boxes, by name.
    fn places(&self) -> Vec<Place<'_>> {
        let sites: HashMap<_, _> = self.inventory.sites.iter().map(|it| (&it.name, it)).collect();
        let mut places: BTreeMap<&SiteName, Place<'_>> = BTreeMap::new();
        for (cohort, of) in self.cohorts.iter().enumerate() {
            for appliance in &of.appliances {
                let name = &appliance.site;
                let site = sites.get(name).copied();
                let place = Place { name, site, cohort, appliances: Vec::new() };
                places.entry(name).or_insert(place).appliances.push(appliance);
            }
        }
        places.into_values().collect()
    }

    /// By cohort, the titles that it does not have.
    fn lacking(&self, titles: &[Option<TitleAsked>]) -> Vec<Vec<u32>> {
        let of_cohort = |has: &HashSet<Key>| {
            let lacks =
                |title: &TitleAsked| !has.contains(&(title.group.clone(), title.title.clone()));
            let all = (0..).zip(titles).filter(|(_, it)| it.as_ref().is_some_and(lacks));
            all.map(|(number, _)| number).collect()
        };
        self.offered.cohorts.iter().map(of_cohort).collect()
    }

    /// By number: what is wanted of a title of which nobody wants anything, for one byte a second of a region.
    /// In the order of the catalogue, for each byte of size.
    fn floors(&self, titles: &[Option<TitleAsked>]) -> Vec<f64> {
        let ranks: HashMap<_, usize> =
            self.offered.titles.iter().enumerate().map(|(rank, it)| (&it.key, rank)).collect();
        let all = self.offered.titles.len().max(1) as f64;
        let bytes: f64 = self.offered.titles.iter().map(|it| it.size_bytes as f64).sum();
        let floor = |title: &TitleAsked| {
            let rank = ranks.get(&(title.group.clone(), title.title.clone())).copied();
            let order = 2.0 - rank.unwrap_or(0) as f64 / all;
            FLOOR * order * title.size_bytes as f64 / bytes.max(1.0)
        };
        titles.iter().map(|title| title.as_ref().map_or(0.0, floor)).collect()
    }

    /// By number: what a region wants. One of which nothing is known wants what the others do.
    fn of_region(
        &self,
        wanted: &Wanted,
        name: &Option<String>,
        titles: &[Option<TitleAsked>],
        floors: &[f64],
    ) -> Vec<f64> {
        let own = wanted.regions.get(name).map(Vec::as_slice).unwrap_or_default();
        let (mut demand, mut all) = self.by_number(own, titles);
        if all <= 0.0 {
            let mut sums: Vec<f64> = Vec::new();
            for other in wanted.regions.values() {
                sums.resize(sums.len().max(other.len()), 0.0);
                sums.iter_mut().zip(other).for_each(|(sum, rate)| *sum += rate);
            }
            (demand, all) = self.by_number(&sums, titles);
            let scale = if all > 0.0 { NOMINAL_BYTES_PER_S / all } else { 0.0 };
            demand.iter_mut().for_each(|rate| *rate *= scale);
            all = NOMINAL_BYTES_PER_S;
        }
        demand.iter_mut().zip(floors).for_each(|(rate, floor)| *rate += floor * all);
        demand
    }

    /// From the forecast's numbers to the question's, and the sum.
    fn by_number(&self, rates: &[f64], titles: &[Option<TitleAsked>]) -> (Vec<f64>, f64) {
        let rate = |title: &Option<TitleAsked>| {
            let title = title.as_ref()?;
            let number = self.forecaster.number(&(title.group.clone(), title.title.clone()))?;
            rates.get(number).copied()
        };
        let demand: Vec<f64> = titles.iter().map(|title| rate(title).unwrap_or(0.0)).collect();
        let all = demand.iter().sum();
        (demand, all)
    }

    /// What operators say of each site; a site without some titles has its list of them among those in `lacking`.
    fn said(
        &self,
        places: &[Place],
        titles: &[Option<TitleAsked>],
        lacking: &mut Vec<Vec<u32>>,
    ) -> Vec<(usize, AtSite)> {
        let ruled = Ruled::of(self.rules, titles);
        let at = |place: &Place| ruled.at(&Spot::of(self.inventory, place.name, place.site));
        let said: Vec<AtSite> = places.iter().map(at).collect();
        let bans = places.iter().zip(&said).map(|(place, at)| (place.cohort, at.bans.as_slice()));
        with_bans(lacking, bans).into_iter().zip(said).collect()
    }

    fn sites(
        &self,
        question: &Question,
        places: &[Place],
        wanted: &Wanted,
        said: Vec<(usize, AtSite)>,
    ) -> Vec<SiteAsked> {
        let worth = self.base.map(|(run, _)| run.outcome.byte_worths()).unwrap_or_default();
        let region_of = |place: &Place| {
            let name = place.site.and_then(|site| site.region.as_ref());
            question.regions.iter().position(|it| it.region.as_ref() == name).unwrap_or(0)
        };
        let mut sites: Vec<SiteAsked> = Vec::new();
        for (place, (lacking, said)) in places.iter().zip(said) {
            let region = region_of(place);
            let of_region = &question.regions[region].demand_bytes_per_s;
            let own =
                wanted.sites.get(place.name).map(|rates| self.by_number(rates, &question.titles));
            let (share, deviations) = match own.filter(|own| own.1 > 0.0) {
                Some((demand, all)) => own_demand(&demand, all, of_region),
                None => (0.0, Vec::new()),
            };
            sites.push(SiteAsked {
                site: place.name.clone(),
                region,
                share,
                deviations,
                lacking: Some(lacking).filter(|at| !question.lacking[*at].is_empty()),
                pins: said.pins,
                more_copies: said.more_copies,
                parent: None,
                byte_worth: worth.get(place.name).copied().unwrap_or(0.0),
                tuning: self.trial.and_then(|it| it.tuning_at(place.name, self.day)),
                classes: classes(place.site, &place.appliances, self.known),
            });
        }
        share_out(&mut sites, question.regions.len());
        let parents = self.parents(places, &sites);
        sites.iter_mut().zip(parents).for_each(|(site, parent)| site.parent = parent);
        sites
    }

    /// Who may give to a site, and has more room: the one with the most. Nobody is above itself: room only
    /// grows on the way up, and names decide between equals.
    fn parents(&self, places: &[Place], sites: &[SiteAsked]) -> Vec<Option<usize>> {
        let room = |at: usize| {
            let boxes = sites[at].boxes();
            (boxes.map(|it| it.room_bytes).sum::<u64>(), places[at].name)
        };
        let gives = |at: usize, to: &SiteName| {
            places[at].site.is_some_and(|site| site.may_fill_sites.contains(to))
        };
        let parent = |at: usize| {
            let able = (0..places.len()).filter(|other| gives(*other, places[at].name));
            able.filter(|other| room(*other) > room(at)).max_by_key(|other| room(*other))
        };
        (0..places.len()).map(parent).collect()
    }
}

/// What part of its region a site is, and the titles that it wants otherwise.
fn own_demand(demand: &[f64], all: f64, of_region: &[f32]) -> (f64, Vec<(u32, f32)>) {
    let of_all: f64 = of_region.iter().map(|rate| f64::from(*rate)).sum();
    let share = all / of_all.max(f64::MIN_POSITIVE);
    let mut others: Vec<(f64, u32, f32)> = Vec::new();
    for (number, (own, regional)) in (0..).zip(demand.iter().zip(of_region)) {
        let usual = share * f64::from(*regional);
        let by = (own - usual).abs();
        if by > ANOTHER * usual && by > FLOOR * all && *own > 0.0 {
            others.push((by, number, single(*own)));
        }
    }
    others.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    others.truncate(MOST_DEVIATIONS);
    let mut deviations: Vec<(u32, f32)> = others.into_iter().map(|it| (it.1, it.2)).collect();
    deviations.sort_unstable_by_key(|it| it.0);
    (share, deviations)
}

/// A site of which nothing is known is as large as others of its region are, or all of them are alike.
fn share_out(sites: &mut [SiteAsked], regions: usize) {
    for region in 0..regions {
        let of_region = sites.iter().filter(|site| site.region == region);
        let all = of_region.clone().count().max(1) as f64;
        let known: Vec<f64> = of_region.map(|site| site.share).filter(|it| *it > 0.0).collect();
        let usual = match known.len() {
            0 => 1.0 / all,
            some => known.iter().sum::<f64>() / some as f64,
        };
        let unknown = sites.iter_mut().filter(|it| it.region == region && it.share <= 0.0);
        unknown.for_each(|site| site.share = usual);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "demand is kept in single precision")]
pub(super) fn single(demand: f64) -> f32 {
    demand as f32
}
