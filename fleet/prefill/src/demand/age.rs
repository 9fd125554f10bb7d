//! How demand depends on the days since a release.
//!
//! ```text
//! f(a) = 0.65 e^(−a/6) + 0.27 e^(−a/25) + 0.08 (1 + a/120)^(−0.7)
//! ```
//!
//! A first week, a first month, and a tail that hardly ends. Its weekly ratios (a release on a
//! Thursday: 1.0, 0.6, 0.7, 0.8, 0.85) are those of the published weekly hours. Titles differ from
//! it in time scale by about a third, which the counters of the world soon tell.

use super::catalogue::{Catalogue, Title};

/// Of its first day a title has what is left after its release in the morning.
const FIRST_DAY: f64 = 0.6;

/// The age factor after so many days, for a title of the usual time scale: 1 at the release.
#[must_use]
pub fn factor(age_days: f64) -> f64 {
    let age = age_days.max(0.0);
    0.65 * (-age / 6.0).exp() + 0.27 * (-age / 25.0).exp() + 0.08 * (1.0 + age / 120.0).powf(-0.7)
}

/// The age factors of all titles on one day, and which titles are new.
#[derive(Debug, Clone)]
pub struct Ages {
    day: i32,
    factors: Vec<f64>,
}

impl Ages {
    /// Of a day.
    #[must_use]
    pub fn of(catalogue: &Catalogue, day: i32) -> Self {
        Self { day, factors: catalogue.titles().iter().map(|title| of_title(title, day)).collect() }
    }

    /// Which day.
    #[must_use]
    pub fn day(&self) -> i32 {
        self.day
    }

    /// By title; 0 before it is released, 1 of those without a day of release.
    #[must_use]
    pub fn factors(&self) -> &[f64] {
        &self.factors
    }
}

fn of_title(title: &Title, day: i32) -> f64 {
    let Some(released_day) = title.released_day else { return 1.0 };
    match i64::from(day) - i64::from(released_day) {
        ..0 => 0.0,
        0 => FIRST_DAY,
        age => factor(age as f64),
    }
}
