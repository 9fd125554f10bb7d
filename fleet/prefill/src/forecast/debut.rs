//! Titles that nobody has seen: `hours = exp(clamp(X b))`.
//!
//! Nothing is known but the calendar: category, name, running time, and how the show did
//! before. A new season starts near its show's peak, measured against the size of the list
//! at that time. Which other titles debut is not used: a calendar may be incomplete.

use super::carried::{season_runtime, settled};
use super::history::{History, ln_hours};
use super::robust::Recipe;
use super::title::{Title, indicator};

/// ln 1.8 hours, a usual film.
const LN_FILM_HOURS: f64 = 0.6;

/// Shows that come back peaked at e^1.5 times the level, give or take.
const USUAL_PEAK: f64 = 1.5;

/// From 160 thousand to 485 million hours. Of 2,847 debuts observed none was smaller, and one
/// was larger, by half a per cent.
const FITTED_RANGE: (f64, f64) = (12.0, 20.0);

/// Where importance is one: e¹⁶ is nine million hours, about the median of all debuts.
const MIDDLE: f64 = 16.0;

/// A debut expected to be e times larger matters e^0.3 times as much. At 1, as the score
/// counts, the few largest decide alone; at 0 they are missed.
const IMPORTANCE_POWER: f64 = 0.3;

/// ε of 0.4, wide: nobody meets a debut within a third but by luck. One year of half life:
/// what is released changes faster than how it ages. The four constants are all but free,
/// since every debut has one.
pub(super) static RECIPE: Recipe<12> = Recipe {
    shipped: [16.10, 15.30, 16.93, 16.40, 0.97, 0.83, -0.62, 0.31, 0.20, 0.43, -0.35, -0.06],
    ridge: [0.1, 0.1, 0.1, 0.1, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0],
    epsilon: 0.40,
    half_life_weeks: 52.0,
    first_iterations: 16,
    later_iterations: 8,
    fitted_range: FITTED_RANGE,
    importance,
};

fn importance(fitted: f64) -> f64 {
    (IMPORTANCE_POWER * (fitted - MIDDLE)).exp()
}

/// The features of a debut.
pub(super) fn features(past: &History, title: &Title, runtime_hours: Option<f64>) -> [f64; 12] {
    let [c0, c1, c2, c3] = title.category.indicators();
    let is_tv = title.category.is_tv();
    let peak = past.show(title).filter(|_| is_tv).map(|show| show.peak);
    let hours = past.show_hours(title).filter(|_| is_tv);
    let level = past.list(title.category).map_or(0.0, |list| list.level);
    [
        c0,
        c1,
        c2,
        c3,
        season_runtime(title, runtime_hours),
        film_runtime(title, runtime_hours),
        indicator(runtime_hours == Some(0.0)), // not settled
        indicator(is_tv && is_limited(&title.season)),
        indicator(peak.is_some()), // show was listed before
        peak.map_or(0.0, |peak| peak - USUAL_PEAK),
        indicator(hours.is_some()), // show was listed last week
        hours.map_or(0.0, |hours| ln_hours(hours) - level),
    ]
}

fn film_runtime(title: &Title, runtime_hours: Option<f64>) -> f64 {
    settled(runtime_hours)
        .filter(|_| !title.category.is_tv())
        .map_or(0.0, |hours| hours.ln() - LN_FILM_HOURS)
}

/// A season that says it is the only one; such are produced larger.
fn is_limited(season: &str) -> bool {
    season.contains("Limited Series") || season.contains("Miniseries")
}
