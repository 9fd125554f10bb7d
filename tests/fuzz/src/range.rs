//! `Range` fields.

use serve::http::range::{Wanted, wanted};

/// The first eight octets are a length, the others the field. A part is inside and not
/// empty; and a second reader, written another way, reads the same.
pub fn run(octets: &[u8]) {
    let Some((length, value)) = octets.split_first_chunk() else { return };
    let length = u64::from_le_bytes(*length);
    let ours = wanted(value, length);
    if let Wanted::Part { start, end } = ours {
        assert!(start < end && end <= length, "{start}..{end} of {length}");
    }
    assert_eq!(ours, plainly(value, length), "{:?} of {length}", value.escape_ascii());
}

/// RFC 9110 §14.1.2 with numbers of any size, as text.
fn plainly(value: &[u8], length: u64) -> Wanted {
    let Ok(text) = std::str::from_utf8(value) else { return not_text(value, length) };
    let Some((unit, set)) = text.split_once('=') else { return Wanted::Whole };
    let space = |octet: char| octet.is_ascii_whitespace();
    let ranges: Vec<&str> =
        set.split(',').map(|range| range.trim_matches(space)).filter(|r| !r.is_empty()).collect();
    let [only] = ranges[..] else { return Wanted::Whole };
    let Some((first, last)) = only.split_once('-') else { return Wanted::Whole };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    if !unit.eq_ignore_ascii_case("bytes") {
        return Wanted::Whole;
    }
    // What does not fit is past every end.
    let number = |text: &str| text.parse::<u64>().unwrap_or(u64::MAX);
    match (first, last) {
        ("", count) if is_number(count) => match (number(count), length) {
            (0, _) => Wanted::Unsatisfiable,
            (_, 0) => Wanted::Whole,
            (count, _) => Wanted::Part { start: length - count.min(length), end: length },
        },
        (first, "") if is_number(first) => from(number(first), length, length),
        (first, last) if is_number(first) && is_number(last) => {
            if number(first) > number(last) {
                return Wanted::Whole;
            }
            from(number(first), number(last).saturating_add(1), length)
        }
        _ => Wanted::Whole,
    }
}

fn from(start: u64, end: u64, length: u64) -> Wanted {
    if start >= length {
        Wanted::Unsatisfiable
    } else {
        Wanted::Part { start, end: end.min(length) }
    }
}

/// No range has such octets: its place in the set counts, it does not.
fn not_text(value: &[u8], length: u64) -> Wanted {
    let text: String =
        value.iter().map(|&c| if c.is_ascii() { char::from(c) } else { '?' }).collect();
    plainly(text.as_bytes(), length)
}
