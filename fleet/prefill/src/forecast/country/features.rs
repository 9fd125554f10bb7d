//! One country's view of all titles: which it could list next week, and what speaks for each.

use super::observed::Format;
use super::similarity::{Neighbours, rooted};
use super::state::{Place, State, TitleState};
use crate::forecast::title::indicator;
use std::collections::{BTreeMap, BTreeSet};

/// Titles below this weight among like countries are passed over, to save their features:
/// it is half a place ten in one country of twenty-five.
const CANDIDATE_WEIGHT: f64 = 0.002;

/// A title on the country's list now.
pub(super) type Staying = [f64; 10];

/// A title that is not.
pub(super) type Coming = [f64; 13];

/// The features of one title.
#[derive(Debug)]
pub(super) enum Features {
    Staying(Staying),
    Coming(Coming),
}

/// What like countries list, of one title.
#[derive(Debug, Clone, Copy, Default)]
struct Around {
    /// Σ S⁸ w / Σ S⁸: the closest few.
    close: f64,
    /// Σ S² w / Σ S²: a wide circle, which only chooses candidates.
    wide: f64,
    /// Σ R² w / Σ R²: those of peculiar taste alike.
    peculiar: f64,
    /// max R w^0.25.
    nearest: f64,
}

/// What the country lists of a show.
#[derive(Debug, Clone, Copy, Default)]
struct Seasons {
    listed: u32,
    new: u32,
    entered: u32,
}

/// One country's view.
#[derive(Debug)]
pub(super) struct View<'a> {
    state: &'a State,
    country: usize,
    around: Vec<Around>,
    seasons: BTreeMap<usize, Seasons>,
}

impl<'a> View<'a> {
    pub(super) fn new(state: &'a State, neighbours: &Neighbours, country: usize) -> Self {
        let around = around(state, neighbours, country);
        let mut view = Self { state, country, around, seasons: BTreeMap::new() };
        for (title, place) in state.countries[country].listed() {
            let own = view.seasons_of(title, *place);
            let seasons = view.seasons.entry(state.titles[title].show_number).or_default();
            seasons.listed += own.listed;
            seasons.new += own.new;
            seasons.entered += own.entered;
        }
        view
    }

    /// Numbers of titles that the country ever listed, that its neighbours list, or of a show
    /// that it lists.
    pub(super) fn candidates(&self) -> BTreeSet<usize> {
        let places = &self.state.countries[self.country].places;
        let around = self.around.iter().enumerate();
        let known = around.filter(|(_, around)| around.wide > CANDIDATE_WEIGHT).map(|(at, _)| at);
        let siblings = self.seasons.keys().flat_map(|show| &self.state.shows[*show]);
        places.keys().chain(siblings).copied().chain(known).collect()
    }

    /// What speaks for a title.
    pub(super) fn features(&self, number: usize) -> Features {
        let places = &self.state.countries[self.country].places;
        let place = places.get(&number).copied().unwrap_or_default();
        match place.weight > 0.0 {
            true => Features::Staying(self.staying(number, place)),
            false => Features::Coming(self.coming(number, place)),
        }
    }

    fn staying(&self, number: usize, place: Place) -> Staying {
        let title = &self.state.titles[number];
        let is_film = indicator(title.format == Format::Films);
        let ln_weight = place.weight.max(0.05).ln();
        let new = indicator(self.is_new(title));
        let was_absent = indicator(place.weight_before == 0.0);
        [
            1.0,
            1.0 - is_film,
            ln_weight * is_film,
            ln_weight * (1.0 - is_film),
            new,
            new * ln_weight,
            indicator(self.is_second_week(title)),
            was_absent * (1.0 - new),
            self.momentum(title),
            f64::from(place.weeks_listed.min(20)).ln_1p(),
        ]
    }

    fn coming(&self, number: usize, place: Place) -> Coming {
        let title = &self.state.titles[number];
        let around = self.around[number];
        let others = self.siblings(number, place);
        let weeks_gone = (self.state.week - title.last_week).min(20);
        [
            1.0,
            (around.close + 0.01).ln(),
            (around.peculiar + 0.01).ln(),
            (around.nearest + 0.05).ln(),
            (title.top + 0.05).ln(),
            indicator(self.is_new(title)),
            self.momentum(title),
            indicator(self.is_second_week(title)),
            (place.past + 0.02).ln(),
            indicator(others.new > 0),
            indicator(others.listed > 0),
            indicator(others.entered > 0),
            f64::from(weeks_gone).ln_1p(),
        ]
    }

    /// Of the first week observed nobody knows what is new in it.
    fn is_new(&self, title: &TitleState) -> bool {
        self.state.weeks_before > 0 && title.first_week == self.state.week
    }

    fn is_second_week(&self, title: &TitleState) -> bool {
        self.state.weeks_before > 1 && title.first_week + 1 == self.state.week
    }

    /// How much its weight over all countries rises or falls, from −1 to 1.
    fn momentum(&self, title: &TitleState) -> f64 {
        match self.state.weeks_before {
            0 => 0.0,
            _ => (title.mean - title.mean_before) / (title.mean + title.mean_before + 0.005),
        }
    }

    /// What a title adds to its show's seasons.
    fn seasons_of(&self, number: usize, place: Place) -> Seasons {
        let listed = u32::from(place.weight > 0.0);
        let entered = self.state.weeks_before > 0 && place.weight_before == 0.0;
        Seasons {
            listed,
            new: listed * u32::from(self.is_new(&self.state.titles[number])),
            entered: listed * u32::from(entered),
        }
    }

    /// The show's other seasons.
    fn siblings(&self, number: usize, place: Place) -> Seasons {
        let show = self.state.titles[number].show_number;
        let all = self.seasons.get(&show).copied().unwrap_or_default();
        let own = self.seasons_of(number, place);
        Seasons {
            listed: all.listed - own.listed,
            new: all.new - own.new,
            entered: all.entered - own.entered,
        }
    }
}

fn around(state: &State, neighbours: &Neighbours, country: usize) -> Vec<Around> {
    let mut around = vec![Around::default(); state.titles.len()];
    for (other, lists) in state.countries.iter().enumerate() {
        for (number, place) in lists.listed() {
            let format = state.titles[number].format as usize;
            let cosine = neighbours.cosine[format][country][other];
            let correlation = neighbours.correlation[format][country][other];
            let title = &mut around[number];
            title.close += cosine.powi(8) * place.weight;
            title.wide += cosine.powi(2) * place.weight;
            title.peculiar += correlation.powi(2) * place.weight;
            title.nearest = title.nearest.max(correlation * rooted(place.weight));
        }
    }
    let total = |row: &[f64], power| row.iter().map(|v| v.powi(power)).sum::<f64>().max(1e-9);
    let totals = [0, 1].map(|format| {
        let cosine = &neighbours.cosine[format][country];
        let correlation = &neighbours.correlation[format][country];
        [total(cosine, 8), total(cosine, 2), total(correlation, 2)]
    });
    for (around, title) in around.iter_mut().zip(&state.titles) {
        let [close, wide, peculiar] = totals[title.format as usize];
        around.close /= close;
        around.wide /= wide;
        around.peculiar /= peculiar;
    }
    around
}
