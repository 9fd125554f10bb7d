//! What one would say without a model: the baselines of the hours.

use crate::forecast::{Category, Forecast, Kind, Title, Week};
use std::collections::BTreeMap;

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct Naive {
    last_hours: BTreeMap<Title, f64>,
    /// Hours of all debuts so far, ascending, by category.
    debuts: [Vec<f64>; Category::COUNT],
}

impl Naive {
    /// The title's last hours; of a debut the median of its category's debuts.
    pub(super) fn hours(&self, forecast: &Forecast) -> f64 {
        match forecast.kind {
            Kind::Debut => median(&self.debuts[forecast.title.category.index()]),
            Kind::Carried { .. } | Kind::Returned => {
                self.last_hours.get(&forecast.title).copied().unwrap_or(0.0)
            }
        }
    }

    /// In the first week it is unknown what is a debut.
    pub(super) fn learn(&mut self, week: &Week) {
        let is_first = self.last_hours.is_empty();
        for row in &week.rows {
            let before = self.last_hours.insert(row.title.clone(), row.hours);
            if before.is_none() && !is_first {
                let debuts = &mut self.debuts[row.title.category.index()];
                let at = debuts.partition_point(|hours| *hours < row.hours);
                debuts.insert(at, row.hours);
            }
        }
    }
}

/// Of ascending values; of none it is nothing.
fn median(ascending: &[f64]) -> f64 {
    let (upper, lower) = (ascending.len() / 2, ascending.len().saturating_sub(1) / 2);
    match ascending.get(upper) {
        Some(value) => (value + ascending[lower]) / 2.0,
        None => 0.0,
    }
}
