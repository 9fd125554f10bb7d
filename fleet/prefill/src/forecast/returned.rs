//! Titles that were listed once, not last week, and are expected again:
//! `hours = least hours on the list · exp(X b)`.
//!
//! They come back near the list's last place, a little higher if they left high or long ago
//! (a new season, a holiday). They are three per cent of all hours.

use super::carried::recipe;
use super::history::{LastRow, ListSize, ln_ratio};
use super::robust::Recipe;
use super::title::{Title, indicator};

/// After two months it is an event that brings a title back, not chance at the last place.
const LONG_AWAY_WEEKS: u32 = 8;

/// As of carried titles, but two a week are too few to let any fade, and the constants of the
/// categories are kept near one another by the ridge.
pub(super) static RECIPE: Recipe<7> = Recipe {
    ridge: [0.1, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0],
    half_life_weeks: f64::INFINITY,
    ..recipe([-0.07, -0.10, -0.11, 0.11, 0.09, 0.51, 0.37])
};

/// The features of a title that comes back in a week.
pub(super) fn features(title: &Title, last: &LastRow, list: ListSize, week: u32) -> [f64; 7] {
    let [c0, c1, c2, c3] = title.category.indicators();
    let above = ln_ratio(last.hours, list.least_hours).clamp(-1.0, 1.0);
    [1.0, c0, c1, c2, c3, above, indicator(week - last.week > LONG_AWAY_WEEKS)]
}
