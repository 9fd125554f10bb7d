//! The coefficients of the two regressions, found by logistic regression on the observed
//! lists of 94 countries over 24 weeks, with a ridge of three rows.

use super::features::Features;
use crate::forecast::robust::dot;

/// The features of a title on the list.
pub const STAYING: [&str; 10] = [
    "constant",
    "tv",
    "ln weight of a film",
    "ln weight of a season",
    "new",
    "new, times ln weight",
    "second week",
    "was absent last week",
    "momentum over all countries",
    "ln weeks listed",
];

/// The features of a title not on the list.
pub const COMING: [&str; 13] = [
    "constant",
    "ln weight in the closest countries",
    "ln weight where taste is alike",
    "ln weight in the nearest country",
    "ln largest weight anywhere",
    "new",
    "momentum over all countries",
    "second week",
    "ln weight in the past",
    "another season is new",
    "another season is listed",
    "another season has entered",
    "ln weeks since it was listed anywhere",
];

/// One set of coefficients.
#[derive(Debug)]
pub struct Coefficients {
    /// In the order of [`STAYING`].
    pub staying: [f64; 10],
    /// In the order of [`COMING`].
    pub coming: [f64; 13],
}

/// From all 23 transitions of one week to the next. Fitted on one half of the countries and
/// tried on the other they gain as much, so these are to be used for other countries and weeks.
pub static SHIPPED: Coefficients = Coefficients {
    staying: [2.119, 3.713, 2.232, 3.565, -0.157, -0.367, -1.221, 0.493, 1.137, 0.986],
    coming: [
        -0.549, 0.650, -0.193, 0.947, -0.414, 0.372, 1.951, -1.368, 0.308, 0.755, 0.461, 1.455,
        -0.518,
    ],
};

/// From the first 12 transitions alone: with these the weeks after are a fair trial.
pub static FIRST_TWELVE: Coefficients = Coefficients {
    staying: [1.92, 3.77, 2.04, 3.47, 0.50, -0.01, -1.25, 0.44, 1.16, 1.00],
    coming: [-0.29, 0.62, -0.08, 0.84, -0.38, 0.24, 1.79, -1.23, 0.31, 0.53, 0.43, 1.62, -0.50],
};

impl Coefficients {
    /// X b: the logarithm of the odds to be listed next week.
    pub(super) fn log_odds(&self, features: &Features) -> f64 {
        match features {
            Features::Staying(features) => dot(features, &self.staying),
            Features::Coming(features) => dot(features, &self.coming),
        }
    }
}
