//! Titles that were listed once, not last week, and are expected again:
//! `hours = least hours on the list · exp(X b)`.
//!
//! They come back near the list's last place, a little higher if they left high or long ago
//! (a new season, a holiday). They are three per cent of all hours.

use super::carried::CHANGE_RANGE;
use super::history::{LastRow, ListSize, ln_hours};
use super::robust::{Recipe, evenly};
use super::title::{Title, indicator};

/// The features of a title that comes back.
pub const FEATURES: [&str; 7] = [
    "constant",
    "films english",
    "films other",
    "tv english",
    "tv other",
    "last hours above the list",
    "long away",
];

/// After two months it is an event that brings a title back, not chance at the last place.
const LONG_AWAY_WEEKS: u32 = 8;

/// Two titles a week: too few to let any fade, and the constants of the categories are kept
/// near one another by the ridge.
pub(super) static RECIPE: Recipe<7> = Recipe {
    shipped: [-0.07, -0.10, -0.11, 0.11, 0.09, 0.51, 0.37],
    ridge: [0.1, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0],
    epsilon: 0.10,
    half_life_weeks: f64::INFINITY,
    first_iterations: 8,
    later_iterations: 4,
    fitted_range: CHANGE_RANGE,
    importance: evenly,
};

/// [`FEATURES`] of a title, for a week.
pub(super) fn features(title: &Title, last: &LastRow, list: ListSize, week: u32) -> [f64; 7] {
    let [c0, c1, c2, c3] = title.category.indicators();
    let above = (ln_hours(last.hours) - ln_hours(list.least_hours)).clamp(-1.0, 1.0);
    [1.0, c0, c1, c2, c3, above, indicator(week - last.week > LONG_AWAY_WEEKS)]
}
