//! The coefficients of the two regressions, found by logistic regression on the observed
//! lists of 94 countries over 24 weeks, with a ridge of three rows.

use super::features::Features;
use crate::forecast::robust::dot;

/// One set of coefficients.
#[derive(Debug)]
pub struct Coefficients {
    /// Of the features of a title on the list, in their order.
    pub staying: [f64; 10],
    /// Of the features of a title that is not, in their order.
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
