//! Which titles a country will list next week.
//!
//! Of every title that could be, the chance to be listed is taken from one of two logistic
//! regressions, `p = 1 / (1 + exp(−X b))`: one for titles that the country lists now, most
//! of which stay, and one for those that others list, which come where countries like this
//! one have them. The titles of largest chance get the slots.
//!
//! The coefficients are constants ([`coefficients`]): fitting them anew each week brought
//! nothing. What is learned is which countries are alike ([`similarity`]).
//!
//! Read in this order: [`observed`] (what goes in), [`state`] (what is kept), [`similarity`],
//! [`features`] (one country's candidates), [`coefficients`].

pub mod coefficients;
mod features;
mod observed;
mod similarity;
mod state;

pub use coefficients::Coefficients;
pub use observed::{Format, Listed, ListsWeek, RANK_MAX};

use super::week::Refused;
use features::View;
use similarity::Similarity;
use state::State;
use std::sync::Arc;

/// One title that a country is expected to list.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// The film or show.
    pub show: Arc<str>,
    /// The season.
    pub season: Arc<str>,
    /// The chance that it will be listed, from 0 to 1.
    pub chance: f64,
}

/// One country's slots.
#[derive(Debug, Clone, PartialEq)]
pub struct CountryForecast {
    /// The country, as it is named in what was observed.
    pub country: Arc<str>,
    /// The titles, the most likely first.
    pub titles: Vec<Expected>,
}

/// What was learned of all countries' lists so far.
#[derive(Debug, Clone)]
pub struct Lists {
    coefficients: &'static Coefficients,
    state: State,
    similarity: Similarity,
}

impl Lists {
    /// Nothing learned yet.
    #[must_use]
    pub fn new(coefficients: &'static Coefficients) -> Self {
        Self { coefficients, state: State::default(), similarity: Similarity::default() }
    }

    /// Takes in a week's lists.
    ///
    /// # Errors
    /// [`Refused`]; nothing of the week was learned then.
    pub fn learn(&mut self, week: &ListsWeek) -> Result<(), Refused> {
        let rows = observed::checked(week, self.state.next_week())?;
        self.state.learn(week.number, &rows);
        self.similarity.learn(&self.state);
        Ok(())
    }

    /// The `slots` titles that each country seen so far is most likely to list in the week
    /// after the last one learned; fewer where there are no more that it could be.
    #[must_use]
    pub fn forecast(&self, slots: usize) -> Vec<CountryForecast> {
        let neighbours = self.similarity.neighbours();
        let countries = 0..self.state.countries.len();
        countries
            .map(|country| {
                let view = View::new(&self.state, &neighbours, country);
                let titles = self.likeliest(&view, slots);
                CountryForecast { country: self.state.countries[country].name.clone(), titles }
            })
            .collect()
    }

    /// Ordered by `X b`, which does not saturate as the chance does; then by title.
    fn likeliest(&self, view: &View<'_>, slots: usize) -> Vec<Expected> {
        let mut scored: Vec<(f64, usize)> = view
            .candidates()
            .into_iter()
            .map(|title| (self.coefficients.log_odds(&view.features(title)), title))
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        scored.truncate(slots);
        scored.into_iter().map(|(log_odds, title)| self.expected(log_odds, title)).collect()
    }

    fn expected(&self, log_odds: f64, title: usize) -> Expected {
        let title = &self.state.titles[title];
        let chance = 1.0 / (1.0 + (-log_odds).exp());
        Expected { show: title.show.clone(), season: title.season.clone(), chance }
    }
}

#[cfg(test)]
mod tests;
