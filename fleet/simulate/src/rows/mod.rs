//! What the cycle reaches, beside what it has to reach.
//!
//! A fleet is simulated at two levels of traffic, 200,000 and 20,000 plays a day and site, each
//! with disks of 2, 5 and 15 % of the catalogue's bytes, planned with and without a price of new
//! bytes. All rows come from these days; each says which of them it speaks of.
//!
//! Read in this order: [`level`] (one level of traffic, and its sums), then the rows: `hits`,
//! `misses` (beside a cache), `moves` (what changes: by day, and with a box more), `gaps`.

mod gaps;
mod hits;
pub mod level;
mod misses;
mod moves;

use crate::audience::Viewed;
use crate::cycle::Failed;
use level::Level;
use prefill::backtest::Row;

/// Plays of a site on a usual day, where titles are counted well, and where few are.
pub const PLAYS_A_DAY: [f64; 2] = [200_000.0, 20_000.0];

/// Walks through both levels; `told` hears what is going on.
///
/// # Errors
/// Hours of which nothing is left.
pub fn rows(viewed: &[Viewed], mut told: impl FnMut(&str)) -> Result<Vec<Row>, Failed> {
    let mut of_level = |plays_a_day: f64| {
        let mut each = |day: usize| told(&format!("{plays_a_day} plays a day and site, day {day}"));
        Level::walk(viewed, plays_a_day, &mut each)
    };
    let [many, few] = PLAYS_A_DAY.map(&mut of_level);
    let (many, few) = (many?, few?);
    let mut rows = hits::rows(&many, &few);
    rows.extend(misses::rows(&few));
    rows.extend(moves::rows(&many, &few));
    told("boxes that are added");
    rows.push(moves::box_added(&few)?);
    told("bounds of placements");
    rows.extend(gaps::rows(&[&many, &few])?);
    Ok(rows)
}
