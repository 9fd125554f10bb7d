//! Tab-separated text with a line of column names, read line by line under limits.

use crate::forecast::Refused;
use std::io::{BufRead, Read};

/// The published lines have some hundred bytes. What is longer is another kind of file.
pub const LINE_BYTES_MAX: u64 = 4096;

/// The largest published file has 45 thousand rows for half a year of 94 countries: this is
/// room for ten years.
pub const ROWS_MAX: usize = 1_000_000;

/// A line that could not be taken.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct BadLine {
    /// Its number, from 1.
    pub line: usize,
    /// Why.
    pub why: Why,
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// It could not be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// It is no UTF-8.
    #[error("is no UTF-8")]
    NotText,
    /// It has too many bytes.
    #[error("has more than {LINE_BYTES_MAX} bytes: is it a table of tab-separated columns?")]
    TooLong,
    /// There are too many before it.
    #[error("is one too many: {ROWS_MAX} rows are taken")]
    TooManyRows,
    /// The first line lacks a column.
    #[error("names no column {0}")]
    NoColumn(&'static str),
    /// It ends before one of the columns.
    #[error("ends before column {0}")]
    Short(&'static str),
    /// A field that is not what its column holds.
    #[error("column {column}: {text:?} is no {expected}")]
    Field {
        /// Which column.
        column: &'static str,
        /// What it says.
        text: String,
        /// What it should be.
        expected: &'static str,
    },
    /// Another line of the same week has the same key.
    #[error("is the second for {0} in its week")]
    Twice(String),
    /// A value that cannot be.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// The fields of one line, for the columns asked for.
#[derive(Debug)]
pub struct Fields<'a, const N: usize> {
    columns: [&'static str; N],
    texts: [&'a str; N],
}

impl<'a, const N: usize> Fields<'a, N> {
    /// The text of a column, by its place among those asked for.
    #[must_use]
    pub fn text(&self, at: usize) -> &'a str {
        self.texts[at]
    }

    /// The number in a column.
    ///
    /// # Errors
    /// [`Why::Field`] if it is none.
    pub fn number<T: std::str::FromStr>(&self, at: usize) -> Result<T, Why> {
        self.texts[at].parse().map_err(|_| self.is_no(at, "number"))
    }

    /// The date in a column, `2025-04-27`, which sorts as text.
    ///
    /// # Errors
    /// [`Why::Field`] if it is none.
    pub fn date(&self, at: usize) -> Result<&'a str, Why> {
        let text = self.texts[at];
        let fits = |(at, byte): (usize, u8)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        };
        match text.len() == 10 && text.bytes().enumerate().all(fits) {
            true => Ok(text),
            false => Err(self.is_no(at, "date")),
        }
    }

    /// That a column does not hold what it should.
    #[must_use]
    pub fn is_no(&self, at: usize, expected: &'static str) -> Why {
        Why::Field { column: self.columns[at], text: self.texts[at].to_owned(), expected }
    }
}

/// Calls `each` with the named columns of each line after the first. Other columns are
/// passed over, wherever they stand; empty lines too.
///
/// # Errors
/// [`BadLine`] for the first line that is too long, lacks a column, or that `each` refuses.
pub fn read<const N: usize>(
    mut text: impl BufRead,
    columns: [&'static str; N],
    mut each: impl FnMut(&Fields<'_, N>) -> Result<(), Why>,
) -> Result<(), BadLine> {
    let mut places = None;
    for number in 1.. {
        let bad = |why| BadLine { line: number, why };
        let Some(line) = next_line(&mut text).map_err(bad)? else { break };
        let Some(places) = &places else {
            places = Some(find(&line, columns).map_err(bad)?);
            continue;
        };
        if number > ROWS_MAX + 1 {
            return Err(bad(Why::TooManyRows));
        }
        if !line.is_empty() {
            pick(&line, columns, places).and_then(|fields| each(&fields)).map_err(bad)?;
        }
    }
    Ok(())
}

/// The next line without its end, if there is one.
fn next_line(text: &mut impl BufRead) -> Result<Option<String>, Why> {
    let mut bytes = Vec::new();
    if text.by_ref().take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    if bytes.len() as u64 > LINE_BYTES_MAX {
        return Err(Why::TooLong);
    }
    let mut line = String::from_utf8(bytes).map_err(|_| Why::NotText)?;
    line.truncate(line.trim_end_matches(['\n', '\r']).len());
    Ok(Some(line))
}

fn find<const N: usize>(header: &str, columns: [&'static str; N]) -> Result<[usize; N], Why> {
    let mut places = [0; N];
    for (place, column) in places.iter_mut().zip(columns) {
        let at = header.split('\t').position(|name| name == column);
        *place = at.ok_or(Why::NoColumn(column))?;
    }
    Ok(places)
}

fn pick<'a, const N: usize>(
    line: &'a str,
    columns: [&'static str; N],
    places: &[usize; N],
) -> Result<Fields<'a, N>, Why> {
    let all: Vec<&str> = line.split('\t').collect();
    let mut texts = [""; N];
    for ((text, place), column) in texts.iter_mut().zip(places).zip(columns) {
        *text = all.get(*place).ok_or(Why::Short(column))?;
    }
    Ok(Fields { columns, texts })
}
