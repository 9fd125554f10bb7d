//! What goes in: a week as it was observed, or as it is announced; and what is refused.

use super::title::Title;
use std::collections::BTreeSet;

/// More than this nobody can watch in a week: eight thousand million people, 168 hours each.
pub const HOURS_MAX: f64 = 1.4e12;

/// Longer than any season there is; a year has fewer hours.
pub const RUNTIME_HOURS_MAX: f64 = 10_000.0;

/// The lists that this is for have ten rows a category. A hundred times a thousand is room
/// for whole catalogues, and still bounds what one call can ask for.
pub const ROWS_MAX: usize = 100_000;

/// Weeks are counted up to here: forty million years, and sums of two do not overflow.
const WEEK_END: u32 = 1 << 31;

/// One title's week.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// Which title.
    pub title: Title,
    /// Hours viewed in the week, from zero to [`HOURS_MAX`].
    pub hours: f64,
    /// Running time of all that is out, if known; zero if it is not settled yet.
    pub runtime_hours: Option<f64>,
    /// How many weeks it has been listed, this one included.
    pub weeks_listed: u32,
}

/// All that was observed in one week. The order of rows is of no meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct Week {
    /// Its number: the first is any below 2³¹, each later one is the next.
    pub number: u32,
    /// Its rows.
    pub rows: Vec<Observed>,
}

/// One title that is expected in the week to come.
#[derive(Debug, Clone, PartialEq)]
pub struct Announced {
    /// Which title.
    pub title: Title,
    /// Running time of all that will be out by then, if known; zero if it is not settled yet.
    pub runtime_hours: Option<f64>,
}

impl Observed {
    /// What the calendar would have said of it.
    #[must_use]
    pub fn announced(&self) -> Announced {
        Announced { title: self.title.clone(), runtime_hours: self.runtime_hours }
    }

    /// Whether its numbers can be.
    ///
    /// # Errors
    /// [`Refused::Hours`] or [`Refused::Runtime`].
    pub fn check(&self) -> Result<(), Refused> {
        if !(0.0..=HOURS_MAX).contains(&self.hours) {
            return Err(Refused::Hours { title: self.title.clone(), hours: self.hours });
        }
        check_runtime(&self.title, self.runtime_hours)
    }
}

/// Why a week or a calendar is not taken. Nothing has been learned of it then.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refused {
    /// Negative, not a number, infinite, or more than can be watched.
    #[error("{title}: {hours} hours in a week; give a number from 0 to {HOURS_MAX}")]
    Hours {
        /// Of what.
        title: Title,
        /// What was given.
        hours: f64,
    },
    /// Negative, not a number, infinite, or longer than a year.
    #[error("{title}: {hours} hours of running time; give 0 to {RUNTIME_HOURS_MAX}, or none")]
    Runtime {
        /// Of what.
        title: Title,
        /// What was given.
        hours: f64,
    },
    /// A rank that no list has.
    #[error("{row}: rank {rank}; the first is 1, the last {max}", max = super::country::RANK_MAX)]
    Rank {
        /// Country and title.
        row: String,
        /// What was given.
        rank: u32,
    },
    /// No rows at all: more likely a source that failed than a week in which nobody watched.
    #[error("week {number} has no rows; leave it out until its source has them")]
    Empty {
        /// Which week.
        number: u32,
    },
    /// Too many rows.
    #[error("week {number} has {rows} rows, of which at most {ROWS_MAX} are taken")]
    TooManyRows {
        /// Which week.
        number: u32,
        /// How many it has.
        rows: usize,
    },
    /// Not the week after the last one.
    #[error("week {number} does not follow; week {expected} is next")]
    OutOfOrder {
        /// Which week was given.
        number: u32,
        /// Which one was to come.
        expected: u32,
    },
    /// Two rows for one title in one week.
    #[error("week {number} has two rows of {row}; keep one")]
    Twice {
        /// Which week.
        number: u32,
        /// Of what.
        row: String,
    },
}

/// The rows of an observed week by title, which makes results independent of their order.
pub(super) fn checked(week: &Week, next: Option<u32>) -> Result<Vec<&Observed>, Refused> {
    check_place(week.number, week.rows.len(), next)?;
    week.rows.iter().try_for_each(Observed::check)?;
    sorted(week.number, &week.rows, |row| &row.title, |row| row.title.to_string())
}

/// The rows of an announced week by title.
pub(super) fn checked_calendar(
    number: u32,
    calendar: &[Announced],
) -> Result<Vec<&Announced>, Refused> {
    check_place(number, calendar.len(), None)?;
    calendar.iter().try_for_each(|row| check_runtime(&row.title, row.runtime_hours))?;
    sorted(number, calendar, |row| &row.title, |row| row.title.to_string())
}

/// A week must have rows, not too many, and follow the last one.
pub(super) fn check_place(number: u32, rows: usize, next: Option<u32>) -> Result<(), Refused> {
    match next {
        _ if rows == 0 => Err(Refused::Empty { number }),
        _ if rows > ROWS_MAX => Err(Refused::TooManyRows { number, rows }),
        Some(expected) if expected != number => Err(Refused::OutOfOrder { number, expected }),
        _ if number >= WEEK_END => Err(Refused::OutOfOrder { number, expected: 0 }),
        _ => Ok(()),
    }
}

fn check_runtime(title: &Title, runtime_hours: Option<f64>) -> Result<(), Refused> {
    match runtime_hours {
        Some(hours) if !(0.0..=RUNTIME_HOURS_MAX).contains(&hours) => {
            Err(Refused::Runtime { title: title.clone(), hours })
        }
        _ => Ok(()),
    }
}

/// The rows in the order of their keys; of two with one key the second is named.
pub(super) fn sorted<'a, R, K: Ord>(
    number: u32,
    rows: &'a [R],
    key: fn(&'a R) -> K,
    name: fn(&R) -> String,
) -> Result<Vec<&'a R>, Refused> {
    let mut seen = BTreeSet::new();
    if let Some(twice) = rows.iter().find(|row| !seen.insert(key(row))) {
        return Err(Refused::Twice { number, row: name(twice) });
    }
    let mut rows: Vec<&R> = rows.iter().collect();
    rows.sort_by_key(|row| key(row));
    Ok(rows)
}
