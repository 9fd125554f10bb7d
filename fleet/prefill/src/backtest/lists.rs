//! The walk through countries' lists, and its rows.
//!
//! Of each country's twenty places in the next week, weighed by one over the rank, the share
//! whose titles are among thirty that were named before.

use super::row::{Beside, Bound, Row};
use super::{NotScored, Refused};
use crate::forecast::country::coefficients::{FIRST_TWELVE, SHIPPED};
use crate::forecast::country::{Coefficients, Lists, ListsWeek};
use std::collections::{BTreeMap, BTreeSet};

/// How many titles are named for a country: half as many again as its lists have.
pub const SLOTS: usize = 30;

/// How many transitions [`FIRST_TWELVE`] was fitted on.
const FITTED_ON: usize = 12;

const MUST_REACH: Bound = Bound::AtLeast(0.645);
const BASELINE_THEN: f64 = 0.63;

const LISTS: &str = "All places of all countries, one week ahead, from the second week on. Weight \
    1/rank; the share of it whose titles (show and season) are among 30 named for the country, \
    films and shows together. Constants shipped, which were fitted on the published lists of 94 \
    countries, 2021-07-04 to 2021-12-12; only who is alike is learned in the walk. Baseline: the \
    country's own list, then what most countries list.";
const LATER: &str = "As country lists, but with constants fitted on the published lists of \
    2021-07-04 to 2021-09-26 alone, and scored from the 13th transition on.";

/// A title as it is counted here: show and season.
type Key<'a> = (&'a str, &'a str);

/// One over the rank of each title, by country.
type Weights<'a> = BTreeMap<&'a str, BTreeMap<Key<'a>, f64>>;

/// What was captured in one transition from a week to the next.
#[derive(Debug, Default, Clone, Copy)]
struct Captured {
    rows: usize,
    weight: f64,
    forecast: f64,
    global: f64,
    local: f64,
    filled: f64,
    seen: f64,
}

/// Walks through the weeks with the constants shipped, and with those fitted on the first
/// twelve transitions; the latter is left out where there are no more.
///
/// # Errors
/// [`NotScored`], if there is no second week, or one is refused.
pub fn rows(weeks: &[ListsWeek]) -> Result<Vec<Row>, NotScored> {
    if weeks.len() < 2 {
        return Err(NotScored::TooFewWeeks { what: "lists", have: weeks.len(), needed: 2 });
    }
    let mut rows = vec![row("country lists", LISTS, &walk(weeks, &SHIPPED, 0)?)];
    let later = walk(weeks, &FIRST_TWELVE, FITTED_ON)?;
    if !later.is_empty() {
        rows.push(row("country lists, later weeks", LATER, &later));
    }
    Ok(rows)
}

fn row(name: &'static str, definition: &'static str, captured: &[Captured]) -> Row {
    let sum = |part: fn(&Captured) -> f64| captured.iter().map(part).sum::<f64>();
    let share = |part| sum(part) / sum(|captured| captured.weight);
    Row {
        name,
        definition,
        baseline: share(|captured| captured.filled),
        value: share(|captured| captured.forecast),
        must_reach: MUST_REACH,
        baseline_then: Some(BASELINE_THEN),
        rows_scored: captured.iter().map(|captured| captured.rows).sum(),
        beside: vec![
            Beside { name: "30 of the world", value: share(|captured| captured.global) },
            Beside { name: "own list alone", value: share(|captured| captured.local) },
            Beside { name: "all seen anywhere", value: share(|captured| captured.seen) },
        ],
    }
}

/// Learns from the first week on, and scores from one transition on, counted from 0.
fn walk(
    weeks: &[ListsWeek],
    coefficients: &'static Coefficients,
    from: usize,
) -> Result<Vec<Captured>, Refused> {
    let mut lists = Lists::new(coefficients);
    let mut seen = BTreeSet::new();
    let mut captured = Vec::new();
    for (at, (now, next)) in weeks.iter().zip(&weeks[1..]).enumerate() {
        lists.learn(now)?;
        seen.extend(now.rows.iter().map(|row| (&*row.show, &*row.season)));
        if at >= from {
            captured.push(transition(&weights(now), &weights(next), &seen, &lists));
        }
    }
    Ok(captured)
}

fn transition(
    now: &Weights<'_>,
    next: &Weights<'_>,
    seen: &BTreeSet<Key<'_>>,
    lists: &Lists,
) -> Captured {
    let forecasts = lists.forecast(SLOTS);
    let named: BTreeMap<&str, BTreeSet<Key<'_>>> = forecasts
        .iter()
        .map(|one| (&*one.country, one.titles.iter().map(|t| (&*t.show, &*t.season)).collect()))
        .collect();
    let by_weight: Vec<Key<'_>> = ordered(now, |weight| weight);
    let by_countries: Vec<Key<'_>> = ordered(now, |_| 1.0);
    let global: BTreeSet<Key<'_>> = by_weight.into_iter().take(SLOTS).collect();
    let (no_weights, no_names) = (BTreeMap::new(), BTreeSet::new());
    let mut captured = Captured::default();
    for (country, places) in next {
        let own = now.get(country).unwrap_or(&no_weights);
        let filled = filled(own, &by_countries);
        let forecast = named.get(country).unwrap_or(&no_names);
        for (title, weight) in places {
            let of = |is_named: bool| if is_named { *weight } else { 0.0 };
            captured.weight += weight;
            captured.forecast += of(forecast.contains(title));
            captured.global += of(global.contains(title));
            captured.local += of(own.contains_key(title));
            captured.filled += of(filled.contains(title));
            captured.seen += of(seen.contains(title));
            captured.rows += 1;
        }
    }
    captured
}

/// The country's own list, then titles of the world that are not on it, up to [`SLOTS`].
fn filled<'a>(own: &BTreeMap<Key<'a>, f64>, world: &[Key<'a>]) -> BTreeSet<Key<'a>> {
    let others = world.iter().filter(|title| !own.contains_key(*title));
    own.keys().chain(others).take(SLOTS).copied().collect()
}

/// A title that is on both lists of a country has the sum of its weights.
fn weights(week: &ListsWeek) -> Weights<'_> {
    let mut weights = Weights::new();
    for row in &week.rows {
        let places = weights.entry(&*row.country).or_default();
        *places.entry((&*row.show, &*row.season)).or_default() += 1.0 / f64::from(row.rank);
    }
    weights
}

/// The titles of all countries, the largest sum first, then by name.
fn ordered<'a>(weights: &Weights<'a>, of: fn(f64) -> f64) -> Vec<Key<'a>> {
    let mut sums: BTreeMap<Key<'a>, f64> = BTreeMap::new();
    for (title, weight) in weights.values().flatten() {
        *sums.entry(*title).or_default() += of(*weight);
    }
    let mut titles: Vec<(Key<'a>, f64)> = sums.into_iter().collect();
    titles.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    titles.into_iter().map(|(title, _)| title).collect()
}
