//! Published hours: a title, its day of release, and how long it was watched in half a year.

use std::io::Read;

/// The published file has 18 thousand rows. This is room for fifty years of them.
pub const ROWS_MAX: usize = 1_000_000;

/// And its rows have fifty bytes each.
const BYTES_MAX: u64 = 256 << 20;

/// All people, for half a year.
const HOURS_MAX: f64 = 1e14;

const COLUMNS: [&str; 3] = ["Title", "Release Date", "Hours Viewed"];

/// A title, and what was published of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Viewed {
    /// Whether it has episodes.
    pub is_series: bool,
    /// When it was released, as spreadsheets count days; licensed titles do not say.
    pub released_day: Option<i32>,
    /// Hours viewed in the half year from 44927 on.
    pub hours: f64,
}

/// Why a table of hours is not taken.
#[derive(Debug, thiserror::Error)]
pub enum BadHours {
    /// It is no such table.
    #[error(transparent)]
    Table(#[from] csv::Error),
    /// A column is missing.
    #[error("line 1: names no column {0}")]
    NoColumn(&'static str),
    /// A field that is not what its column holds.
    #[error("line {line}: column {column}: {text:?} is no {expected}")]
    Field {
        /// Its number, from 1.
        line: u64,
        /// Which column.
        column: &'static str,
        /// What it says.
        text: String,
        /// What it should be.
        expected: &'static str,
    },
    /// Too many rows.
    #[error("more than {ROWS_MAX} rows")]
    TooMany,
    /// None.
    #[error("no rows")]
    None,
}

/// Reads a table of comma-separated columns with a line of names. Other columns are passed over.
///
/// # Errors
/// [`BadHours`], with the line.
pub fn parse(text: impl Read) -> Result<Vec<Viewed>, BadHours> {
    let mut reader = csv::Reader::from_reader(text.take(BYTES_MAX));
    let headers = reader.headers()?;
    let mut places = [0; 3];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        let at = headers.iter().position(|name| name.trim_start_matches('\u{feff}') == column);
        *place = at.ok_or(BadHours::NoColumn(column))?;
    }
    let mut rows = Vec::new();
    for record in reader.into_records() {
        if rows.len() == ROWS_MAX {
            return Err(BadHours::TooMany);
        }
        rows.push(row(&record?, places)?);
    }
    if rows.is_empty() { Err(BadHours::None) } else { Ok(rows) }
}

fn row(
    record: &csv::StringRecord,
    [title, released, hours]: [usize; 3],
) -> Result<Viewed, BadHours> {
    let line = record.position().map_or(0, csv::Position::line);
    let text = |at: usize| record.get(at).unwrap_or_default().trim();
    let is_no = |column: usize, at: usize, expected| BadHours::Field {
        line,
        column: COLUMNS[column],
        text: text(at).to_owned(),
        expected,
    };
    let day = || text(released).parse().ok().filter(|day| (0..100_000).contains(day));
    let released_day = match text(released) {
        "" => None,
        _ => Some(day().ok_or_else(|| is_no(1, released, "day of a spreadsheet"))?),
    };
    let viewed = text(hours).replace(',', "").parse().ok();
    let hours = viewed
        .filter(|viewed| (0.0..=HOURS_MAX).contains(viewed))
        .ok_or_else(|| is_no(2, hours, "number of hours"))?;
    Ok(Viewed { is_series: is_series(text(title)), released_day, hours })
}

/// Titles say it themselves: `Ginny & Georgia: Season 2`.
fn is_series(title: &str) -> bool {
    const WORDS: [&str; 7] =
        ["Season", "Series", "Part ", "Volume", "Book", "Chapter", "Collection"];
    WORDS.iter().any(|word| title.contains(word))
}
