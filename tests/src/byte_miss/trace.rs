//! Request files: a line for each request, of time, key and size in bytes, between tabs,
//! commas or spaces. A first line whose time is no number is a header; empty lines and those
//! that begin with `#` are passed over. Requests
//! are replayed by their time; those of one time in the order of the file.

use super::sequence::{Builder, Sequence};
use std::io::{BufRead, Read};

/// A file may have so many requests: what fits into the memory of a laptop.
pub const MOST_REQUESTS: usize = 50_000_000;

/// A line may be so long: keys are paths.
pub const LONGEST_LINE_BYTES: u64 = 4096;

/// An object may be so large: no medium is larger, and sums stay far from overflowing.
pub const LARGEST_BYTES: u64 = 1 << 40;

/// Why a file cannot be replayed.
#[derive(Debug)]
pub struct BadTrace {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: Why,
}

/// What can be wrong with a line.
#[derive(Debug)]
pub enum Why {
    /// It cannot be read.
    Unreadable(std::io::Error),
    /// It is longer than [`LONGEST_LINE_BYTES`].
    TooLong,
    /// It is not in UTF-8.
    NotText,
    /// It does not have three fields.
    Fields(usize),
    /// Its first field is no time.
    Time(String),
    /// Its third field is no size up to [`LARGEST_BYTES`].
    Size(String),
    /// There are more than [`MOST_REQUESTS`].
    TooMany,
    /// The file ends without a request.
    Empty,
}

impl std::error::Error for BadTrace {}

impl std::fmt::Display for BadTrace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match &self.why {
            Why::Unreadable(err) => write!(f, "{err}"),
            Why::TooLong => write!(f, "longer than {LONGEST_LINE_BYTES} bytes"),
            Why::NotText => write!(f, "not in UTF-8"),
            Why::Fields(count) => {
                write!(f, "{count} fields: time, key and size in bytes are wanted")
            }
            Why::Time(text) => write!(f, "{text:?} is no time in seconds"),
            Why::Size(text) => {
                write!(f, "{text:?} is no size in bytes, up to {LARGEST_BYTES}")
            }
            Why::TooMany => write!(f, "more than {MOST_REQUESTS} requests"),
            Why::Empty => write!(f, "the file ends without a request"),
        }
    }
}

/// Reads a request file.
///
/// # Errors
/// At the first line that is none of the above.
pub fn read(name: &str, mut from: impl BufRead) -> Result<Sequence, BadTrace> {
    let (mut builder, mut line) = (Builder::default(), Vec::new());
    let (mut number, mut times_s) = (0, Vec::new());
    loop {
        number += 1;
        let bad = |why| BadTrace { line: number, why };
        line.clear();
        let taken = from.by_ref().take(LONGEST_LINE_BYTES + 1).read_until(b'\n', &mut line);
        if taken.map_err(|err| bad(Why::Unreadable(err)))? == 0 {
            break;
        }
        if line.len() as u64 > LONGEST_LINE_BYTES {
            return Err(bad(Why::TooLong));
        }
        let text = std::str::from_utf8(&line).map_err(|_| bad(Why::NotText))?;
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        match parse(text) {
            Ok(_) if times_s.len() == MOST_REQUESTS => return Err(bad(Why::TooMany)),
            Ok((time_s, key, size_bytes)) => {
                builder.push(key, size_bytes);
                times_s.push(time_s);
            }
            Err(Why::Time(_)) if number == 1 => {}
            Err(why) => return Err(bad(why)),
        }
    }
    if times_s.is_empty() {
        return Err(BadTrace { line: number, why: Why::Empty });
    }
    builder.sort(&times_s);
    Ok(builder.finish(name))
}

fn parse(text: &str) -> Result<(f64, &str, u64), Why> {
    let separator = |c: char| c == ',' || c.is_whitespace();
    let fields: Vec<&str> = text.split(separator).filter(|field| !field.is_empty()).collect();
    let [time, key, size] = fields[..] else {
        return Err(Why::Fields(fields.len()));
    };
    let time_s = time.parse().ok().filter(|time_s: &f64| time_s.is_finite());
    let time_s = time_s.ok_or_else(|| Why::Time(time.to_owned()))?;
    let size_bytes = size.parse().ok().filter(|bytes: &u64| *bytes <= LARGEST_BYTES);
    Ok((time_s, key, size_bytes.ok_or_else(|| Why::Size(size.to_owned()))?))
}
