//! Titles that were listed last week: `hours = hours last week · exp(X b)`.
//!
//! What decides is how a title ages. Two models, because the first week on the list is
//! rarely a full one: from it the hours may double or halve, later they only fall, slower
//! and slower. [`young`] is for titles in their first week, [`older`] for the rest.
//!
//! Running time matters twice: long seasons are watched for longer, and a season whose
//! running time grows gets new episodes.

use super::history::{History, LastRow, ln_ratio};
use super::robust::{Recipe, evenly};
use super::title::{Title, indicator};

/// Large titles are most of the error, so they weigh more; but at their full hours three
/// hits a year would be all there is to learn from. From 0.4 to 1 it is much the same.
const WEIGHT_POWER: f64 = 0.6;

/// Above e times the list's last place, being higher still says nothing about the decay.
const ABOVE_MAX: f64 = 1.0;

/// One week's trend is believed up to a factor of 4.5; what is more is a release day.
const TREND_MAX: f64 = 1.5;

/// A season grows by a factor of 4.5 at most, from its first two episodes.
const GROWN_MAX: f64 = 1.5;

/// ln 7.4 hours, near a usual season (the median is 5.4): with features around zero the ridge
/// does not pull on the constants.
pub(super) const LN_SEASON_HOURS: f64 = 2.0;

/// No title gets 10¹⁰ times larger in a week. Never reached; it keeps odd input finite.
const CHANGE_RANGE: (f64, f64) = (-23.0, 23.0);

/// A ridge of five rows: little against two thousand, a lot against a feature that three
/// titles ever had. ε of a tenth: errors of less than ten per cent are as good as met. A year
/// and a half of half life; from 39 weeks up to none at all it moves the error by less than
/// 0.001.
pub(super) const fn recipe<const P: usize>(shipped: [f64; P]) -> Recipe<P> {
    Recipe {
        shipped,
        ridge: [5.0; P],
        epsilon: 0.10,
        half_life_weeks: 78.0,
        first_iterations: 8,
        later_iterations: 4,
        fitted_range: CHANGE_RANGE,
        importance: evenly,
    }
}

/// Of [`young`].
pub(super) static YOUNG_RECIPE: Recipe<8> =
    recipe([0.093, 0.092, 0.267, 0.324, -0.168, 0.390, 0.447, -0.130]);

/// Of [`older`].
pub(super) static OLDER_RECIPE: Recipe<13> = recipe([
    -0.121, -0.170, -0.008, 0.008, -0.584, 0.164, 0.078, -0.331, 0.221, 0.114, 0.683, 0.362, 0.202,
]);

/// What a row weighs among those that it is fitted from.
pub(super) fn weight(hours: f64) -> f64 {
    hours.max(1.0).powf(WEIGHT_POWER)
}

/// The features of a title after its first week; `runtime_hours` is that of the week to come,
/// as far as it is known.
pub(super) fn young(
    past: &History,
    title: &Title,
    last: &LastRow,
    runtime_hours: Option<f64>,
) -> [f64; 8] {
    let [c0, c1, c2, c3] = title.category.indicators();
    [
        c0,
        c1,
        c2,
        c3,
        above_list(past, title, last),
        season_runtime(title, runtime_hours),
        grown(last.runtime_hours, runtime_hours),
        indicator(past.seasons_listed(title) > 1), // another season listed
    ]
}

/// The features of a title after later weeks; `runtime_hours` as for [`young`].
pub(super) fn older(
    past: &History,
    title: &Title,
    last: &LastRow,
    runtime_hours: Option<f64>,
) -> [f64; 13] {
    let [c0, c1, c2, c3] = title.category.indicators();
    let second = indicator(last.weeks_listed == 2);
    [
        c0,
        c1,
        c2,
        c3,
        second,
        second * indicator(title.category.is_tv()),
        second * indicator(title.category.is_english()),
        above_list(past, title, last),
        trend(last),
        season_runtime(title, runtime_hours),
        grown(last.runtime_hours, runtime_hours),
        indicator(runtime_hours == Some(0.0)),  // not settled
        indicator(last.hours_before.is_none()), // was away
    ]
}

/// ln (hours / least hours on the list), up to [`ABOVE_MAX`].
fn above_list(past: &History, title: &Title, last: &LastRow) -> f64 {
    let least = past.list(title.category).map_or(last.hours, |list| list.least_hours);
    ln_ratio(last.hours, least).min(ABOVE_MAX)
}

/// ln (hours / hours a week earlier), or nothing for a title that was away.
fn trend(last: &LastRow) -> f64 {
    let change = |before| ln_ratio(last.hours, before);
    last.hours_before.map_or(0.0, change).clamp(-TREND_MAX, TREND_MAX)
}

/// ln R − [`LN_SEASON_HOURS`] of a season of known running time, else nothing.
pub(super) fn season_runtime(title: &Title, runtime_hours: Option<f64>) -> f64 {
    settled(runtime_hours)
        .filter(|_| title.category.is_tv())
        .map_or(0.0, |hours| hours.ln() - LN_SEASON_HOURS)
}

fn grown(before: Option<f64>, after: Option<f64>) -> f64 {
    match (settled(before), settled(after)) {
        (Some(before), Some(after)) => (after / before).ln().clamp(0.0, GROWN_MAX),
        _ => 0.0,
    }
}

/// A running time that is known and not zero. Less than a minute counts as one: nothing that
/// short is listed, and its logarithm would be without bound.
pub(super) fn settled(runtime_hours: Option<f64>) -> Option<f64> {
    runtime_hours.filter(|hours| *hours > 0.0).map(|hours| hours.max(1.0 / 60.0))
}
