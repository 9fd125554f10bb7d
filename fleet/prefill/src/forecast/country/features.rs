//! One country's view of all titles: which it could list next week, and what speaks for each.

use super::observed::Format;
use super::similarity::{Neighbours, rooted};
use super::state::{CountryState, Place, State, TitleState};
use crate::forecast::title::indicator;
use std::collections::BTreeSet;

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

/// One country's view.
#[derive(Debug)]
pub(super) struct View<'a> {
    state: &'a State,
    lists: &'a CountryState,
    around: Vec<Around>,
}

impl<'a> View<'a> {
    pub(super) fn new(state: &'a State, neighbours: &Neighbours, country: usize) -> Self {
        let lists = &state.countries[country];
        Self { state, lists, around: around(state, neighbours, country) }
    }

    /// Numbers of titles that the country ever listed, that its neighbours list, or of a show
    /// that it lists.
    pub(super) fn candidates(&self) -> BTreeSet<usize> {
        let around = self.around.iter().enumerate();
        let known = around.filter(|(_, around)| around.wide > CANDIDATE_WEIGHT).map(|(at, _)| at);
        let siblings = self.lists.listed().flat_map(|(title, _)| self.seasons(title));
        self.lists.places.keys().chain(siblings).copied().chain(known).collect()
    }

    /// What speaks for a title.
    pub(super) fn features(&self, number: usize) -> Features {
        let place = self.lists.places.get(&number).copied().unwrap_or_default();
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
        let others = self.siblings(number);
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
            indicator(others.iter().any(|(other, _)| self.is_new(other))),
            indicator(!others.is_empty()),
            indicator(others.iter().any(|(_, place)| self.has_entered(*place))),
            f64::from(weeks_gone).ln_1p(),
        ]
    }

    /// Of the first week observed nobody knows what is new in it.
    fn is_new(&self, title: &TitleState) -> bool {
        self.state.weeks_learned > 1 && title.first_week == self.state.week
    }

    fn is_second_week(&self, title: &TitleState) -> bool {
        self.state.weeks_learned > 2 && title.first_week + 1 == self.state.week
    }

    /// How much its weight over all countries rises or falls, from −1 to 1.
    fn momentum(&self, title: &TitleState) -> f64 {
        match self.state.weeks_learned {
            0 | 1 => 0.0,
            _ => (title.mean - title.mean_before) / (title.mean + title.mean_before + 0.005),
        }
    }

    fn has_entered(&self, place: Place) -> bool {
        self.state.weeks_learned > 1 && place.weight_before == 0.0
    }

    /// All titles of a title's show, itself among them.
    fn seasons(&self, number: usize) -> &'a [usize] {
        &self.state.shows[self.state.titles[number].show_number]
    }

    /// The show's other seasons that the country lists now.
    fn siblings(&self, number: usize) -> Vec<(&'a TitleState, Place)> {
        let others = self.seasons(number).iter().filter(|season| **season != number);
        let places = others.filter_map(|season| Some((*season, *self.lists.places.get(season)?)));
        let listed = places.filter(|(_, place)| place.weight > 0.0);
        listed.map(|(season, place)| (&self.state.titles[season], place)).collect()
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
