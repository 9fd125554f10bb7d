//! What is kept of the lists so far: per title, and per country and title. Both are numbered
//! in the order in which they were first seen.

use super::observed::{Format, Listed};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How much of the weight of earlier weeks is left each week.
const PAST_KEPT: f64 = 0.5;

/// A title, whatever country lists it.
#[derive(Debug, Clone)]
pub(super) struct TitleState {
    pub(super) show: Arc<str>,
    pub(super) season: Arc<str>,
    /// Whether any country listed it as a film.
    pub(super) format: Format,
    /// The number of its show.
    pub(super) show_number: usize,
    pub(super) first_week: u32,
    pub(super) last_week: u32,
    /// Mean weight over all countries, this week and the week before.
    pub(super) mean: f64,
    pub(super) mean_before: f64,
    /// Largest weight in any country this week.
    pub(super) top: f64,
}

/// A title in a country that listed it at least once. Weights are one by the rank, nothing
/// where it is not listed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) weight: f64,
    pub(super) weight_before: f64,
    /// Weights of the weeks before this one, halved with each week.
    pub(super) past: f64,
    pub(super) weeks_listed: u32,
}

/// A country.
#[derive(Debug, Clone)]
pub(super) struct CountryState {
    pub(super) name: Arc<str>,
    /// Its places, by number of the title.
    pub(super) places: BTreeMap<usize, Place>,
}

impl CountryState {
    /// What it lists this week: numbers of titles and their weights.
    pub(super) fn listed(&self) -> impl Iterator<Item = (usize, &Place)> {
        self.places.iter().filter(|(_, place)| place.weight > 0.0).map(|(title, p)| (*title, p))
    }
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    /// The last week.
    pub(super) week: u32,
    /// How many weeks were learned, that one included.
    pub(super) weeks_learned: u32,
    pub(super) titles: Vec<TitleState>,
    pub(super) countries: Vec<CountryState>,
    /// The titles of each show.
    pub(super) shows: Vec<Vec<usize>>,
    title_numbers: BTreeMap<(Arc<str>, Arc<str>), usize>,
    show_numbers: BTreeMap<Arc<str>, usize>,
    country_numbers: BTreeMap<Arc<str>, usize>,
}

impl State {
    /// The week to come; `None` before the first.
    pub(super) fn next_week(&self) -> Option<u32> {
        (self.weeks_learned > 0).then_some(self.week + 1)
    }

    /// Takes a week in; its rows are ordered.
    pub(super) fn learn(&mut self, week: u32, rows: &[&Listed]) {
        self.turn(week);
        for row in rows {
            self.place(row);
        }
        self.sum_up();
    }

    /// What was this week is the week before.
    fn turn(&mut self, week: u32) {
        self.week = week;
        self.weeks_learned += 1;
        for title in &mut self.titles {
            (title.mean_before, title.mean, title.top) = (title.mean, 0.0, 0.0);
        }
        for place in self.countries.iter_mut().flat_map(|country| country.places.values_mut()) {
            place.past = PAST_KEPT * (place.past + place.weight);
            (place.weight_before, place.weight) = (place.weight, 0.0);
        }
    }

    /// A name that is on both lists of a country is one title, with the better of its places.
    fn place(&mut self, row: &Listed) {
        let title = self.title_number(row);
        let country = self.country_number(&row.country);
        let place = self.countries[country].places.entry(title).or_default();
        let weight = 1.0 / f64::from(row.rank);
        let is_first = place.weight == 0.0;
        place.weight = place.weight.max(weight);
        place.weeks_listed =
            if is_first { row.weeks_listed } else { place.weeks_listed.max(row.weeks_listed) };
    }

    fn sum_up(&mut self) {
        for country in &self.countries {
            for (number, place) in country.listed() {
                let title = &mut self.titles[number];
                title.mean += place.weight;
                title.top = title.top.max(place.weight);
                title.last_week = self.week;
            }
        }
        let countries = self.countries.len() as f64;
        for title in &mut self.titles {
            title.mean /= countries;
        }
    }

    fn title_number(&mut self, row: &Listed) -> usize {
        let key = (row.show.clone(), row.season.clone());
        let next = self.titles.len();
        let number = *self.title_numbers.entry(key).or_insert(next);
        if number == next {
            self.new_title(row);
        }
        if row.format == Format::Films {
            self.titles[number].format = Format::Films;
        }
        number
    }

    fn new_title(&mut self, row: &Listed) {
        let next = self.shows.len();
        let show_number = *self.show_numbers.entry(row.show.clone()).or_insert(next);
        if show_number == next {
            self.shows.push(Vec::new());
        }
        self.shows[show_number].push(self.titles.len());
        self.titles.push(TitleState {
            show: row.show.clone(),
            season: row.season.clone(),
            format: row.format,
            show_number,
            first_week: self.week,
            last_week: self.week,
            mean: 0.0,
            mean_before: 0.0,
            top: 0.0,
        });
    }

    fn country_number(&mut self, name: &Arc<str>) -> usize {
        let next = self.countries.len();
        let number = *self.country_numbers.entry(name.clone()).or_insert(next);
        if number == next {
            self.countries.push(CountryState { name: name.clone(), places: BTreeMap::new() });
        }
        number
    }
}
