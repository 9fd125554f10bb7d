//! The walk through weekly hours, and its rows.
//!
//! The error is WAPE: `Σ |forecast − observed| / Σ observed` over all rows scored, so a title
//! weighs what it is watched.

use super::naive::Naive;
use super::row::{Beside, Bound, Row};
use super::{NotScored, Refused};
use crate::forecast::interval::{BUCKETS, Intervals, bucket};
use crate::forecast::{Announced, Forecast, Kind, Observed, RuntimeKnown, Week, Weekly};

/// Scored from week 53 on, counted from 0: a year to learn from, so that every season of the
/// year was seen once.
pub const SCORED_FROM: usize = 53;

const CARRIED: &str = "Titles that were listed the week before too, from week 53 on (weeks from 0). \
    WAPE of hours viewed, one week ahead. Known: earlier weeks, and the running time in the week \
    to come. Baseline: last week's hours.";
const CARRIED_STRICT: &str = "As carried titles, but of running times only last week's are known.";
const DEBUTS: &str = "Titles never listed before, from week 53 on. WAPE of hours viewed. Known: \
    earlier weeks, category, name, running time. The features were chosen on the published weeks \
    2021-07-04 to 2025-04-27. Baseline: the median of the category's earlier debuts.";
const ALL: &str = "All rows of the list, from week 53 on: carried, debuts, and titles that return. \
    WAPE of hours viewed. Known: earlier weeks and the calendar (names and running times). \
    Baseline: last hours of a title; of debuts the median.";
const COVERAGE: &str = "All rows, from week 53 on: the share whose hours lie within the interval \
    meant for 80 %. Baseline: one width for all, that of the start; it is right on average, and \
    wrong for most buckets of like titles.";

/// One forecast and what it turned out to be.
#[derive(Debug, Clone)]
struct Scored {
    week: usize,
    kind: Kind,
    bucket: usize,
    hours: f64,
    forecast_hours: f64,
    naive_hours: f64,
    is_within: bool,
    is_within_start: bool,
}

/// Walks through the weeks twice, with running times from the calendar and without.
///
/// # Errors
/// [`NotScored`], if the weeks are too few, or one is refused.
pub fn rows(weeks: &[Week]) -> Result<Vec<Row>, NotScored> {
    if weeks.len() <= SCORED_FROM {
        let (have, needed) = (weeks.len(), SCORED_FROM + 1);
        return Err(NotScored::TooFewWeeks { what: "hours", have, needed });
    }
    let calendar = walk(weeks, RuntimeKnown::FromCalendar)?;
    let strict = walk(weeks, RuntimeKnown::FromLastWeek)?;
    let carried = |scored: &Scored| matches!(scored.kind, Kind::Carried { .. });
    let debut = |scored: &Scored| scored.kind == Kind::Debut;
    Ok(vec![
        error("carried titles", CARRIED, (0.28, Some(0.508)), &calendar, carried),
        error("carried titles, strict", CARRIED_STRICT, (0.28, Some(0.508)), &strict, carried),
        error("debuts", DEBUTS, (0.55, Some(0.60)), &calendar, debut),
        error("all titles", ALL, (0.40, None), &calendar, |_| true),
        coverage(&calendar),
    ])
}

fn walk(weeks: &[Week], runtime_known: RuntimeKnown) -> Result<Vec<Scored>, Refused> {
    let mut weekly = Weekly::new(runtime_known);
    let mut naive = Naive::default();
    let mut scored = Vec::new();
    for (at, week) in weeks.iter().enumerate() {
        if at >= SCORED_FROM {
            scored.extend(score(at, week, &weekly, &naive)?);
        }
        weekly.learn(week)?;
        naive.learn(week);
    }
    Ok(scored)
}

fn score(at: usize, week: &Week, weekly: &Weekly, naive: &Naive) -> Result<Vec<Scored>, Refused> {
    let mut rows: Vec<&Observed> = week.rows.iter().collect();
    rows.sort_by(|a, b| a.title.cmp(&b.title));
    let calendar: Vec<Announced> = rows.iter().map(|row| row.announced()).collect();
    let forecasts = weekly.forecast(&calendar)?;
    let pairs = rows.into_iter().zip(forecasts);
    Ok(pairs.map(|(row, forecast)| one(at, row.hours, &forecast, naive)).collect())
}

fn one(week: usize, hours: f64, forecast: &Forecast, naive: &Naive) -> Scored {
    let (low, high) = Intervals::default().factors(forecast.title.category, forecast.kind);
    let start = low * forecast.hours..=high * forecast.hours;
    Scored {
        week,
        kind: forecast.kind,
        bucket: bucket(forecast.title.category, forecast.kind),
        hours,
        forecast_hours: forecast.hours,
        naive_hours: naive.hours(forecast),
        is_within: (forecast.hours_low..=forecast.hours_high).contains(&hours),
        is_within_start: start.contains(&hours),
    }
}

fn error(
    name: &'static str,
    definition: &'static str,
    (most, baseline_then): (f64, Option<f64>),
    scored: &[Scored],
    is_scored: impl Fn(&Scored) -> bool,
) -> Row {
    let rows: Vec<&Scored> = scored.iter().filter(|scored| is_scored(scored)).collect();
    let [first, second] = halves(scored, &rows);
    let value = |rows: &[&Scored]| wape(rows, |scored| scored.forecast_hours);
    Row {
        name,
        definition,
        baseline: wape(&rows, |scored| scored.naive_hours),
        value: value(&rows),
        must_reach: Bound::AtMost(most),
        baseline_then,
        rows_scored: rows.len(),
        beside: vec![
            Beside { name: "first half of the weeks", value: value(&first) },
            Beside { name: "second half of the weeks", value: value(&second) },
        ],
    }
}

/// The rows of the first half of the weeks scored, and of the second.
fn halves<'a>(all: &[Scored], rows: &[&'a Scored]) -> [Vec<&'a Scored>; 2] {
    let end = all.last().map_or(0, |scored| scored.week + 1);
    let middle = usize::midpoint(SCORED_FROM, end);
    let (first, second) = rows.iter().partition(|scored| scored.week < middle);
    [first, second]
}

fn wape(rows: &[&Scored], forecast_hours: fn(&Scored) -> f64) -> f64 {
    let missed: f64 = rows.iter().map(|row| (forecast_hours(row) - row.hours).abs()).sum();
    missed / rows.iter().map(|row| row.hours).sum::<f64>()
}

fn coverage(scored: &[Scored]) -> Row {
    let all: Vec<&Scored> = scored.iter().collect();
    let [least, most] = extremes(scored, |scored| scored.is_within);
    let [start_least, start_most] = extremes(scored, |scored| scored.is_within_start);
    Row {
        name: "interval of 80 %",
        definition: COVERAGE,
        baseline: share(&all, |scored| scored.is_within_start),
        value: share(&all, |scored| scored.is_within),
        must_reach: Bound::Between(0.78, 0.82),
        baseline_then: None,
        rows_scored: scored.len(),
        beside: vec![
            Beside { name: "bucket held least", value: least },
            Beside { name: "bucket held most", value: most },
            Beside { name: "bucket held least by the start's width", value: start_least },
            Beside { name: "bucket held most by the start's width", value: start_most },
        ],
    }
}

/// The least and the largest share of any bucket.
fn extremes(scored: &[Scored], is_in: fn(&Scored) -> bool) -> [f64; 2] {
    let of = |bucket| scored.iter().filter(|row| row.bucket == bucket).collect::<Vec<_>>();
    let buckets = (0..BUCKETS).map(of).filter(|rows| !rows.is_empty());
    let shares: Vec<f64> = buckets.map(|rows| share(&rows, is_in)).collect();
    [shares.iter().copied().fold(1.0, f64::min), shares.iter().copied().fold(0.0, f64::max)]
}

fn share(rows: &[&Scored], is_in: fn(&Scored) -> bool) -> f64 {
    rows.iter().filter(|row| is_in(row)).count() as f64 / rows.len() as f64
}
