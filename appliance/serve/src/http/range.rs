//! `Range` (RFC 9110 §14): which bytes of a representation.

/// What a `Range` field asks of a representation of a certain length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All of it: the field is absent, malformed, of another unit, or names several ranges
    /// (answered whole, as §14.2 allows: no player asks for several, attackers do).
    Whole,
    /// From `start` up to and not including `end`; never empty.
    Part {
        /// First byte.
        start: u64,
        /// Behind the last byte.
        end: u64,
    },
    /// 416: nothing of it exists.
    Unsatisfiable,
}

/// Reads a `Range` value against a length.
#[must_use]
pub fn wanted(value: &[u8], length: u64) -> Wanted {
    match single(value) {
        Some(Spec::From { first, last }) => {
            if first >= length {
                return Wanted::Unsatisfiable;
            }
            let end = last.map_or(length, |last| last.saturating_add(1).min(length));
            Wanted::Part { start: first, end }
        }
        Some(Spec::Suffix(0)) => Wanted::Unsatisfiable,
        // §14.1.2: satisfiable, but Content-Range has no words for nothing.
        Some(Spec::Suffix(_)) if length == 0 => Wanted::Whole,
        Some(Spec::Suffix(count)) => {
            Wanted::Part { start: length.saturating_sub(count), end: length }
        }
        None => Wanted::Whole,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spec {
    From { first: u64, last: Option<u64> },
    Suffix(u64),
}

/// The only range of a well-formed set, if it has one only. Empty list elements are
/// passed over (RFC 9110 §5.6.1.2).
fn single(value: &[u8]) -> Option<Spec> {
    let equals = value.iter().position(|&octet| octet == b'=')?;
    let (unit, set) = value.split_at_checked(equals)?;
    if !unit.eq_ignore_ascii_case(b"bytes") {
        return None;
    }
    let elements = set.get(1..)?.split(|&octet| octet == b',').map(<[u8]>::trim_ascii);
    let mut elements = elements.filter(|element| !element.is_empty());
    let only = elements.next()?;
    if elements.next().is_some() { None } else { spec(only) }
}

fn spec(element: &[u8]) -> Option<Spec> {
    let dash = element.iter().position(|&octet| octet == b'-')?;
    let (first, last) = element.split_at_checked(dash)?;
    let last = last.get(1..)?;
    match (first, last) {
        (b"", last) => number(last).map(Spec::Suffix),
        (first, b"") => Some(Spec::From { first: number(first)?, last: None }),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Spec::From { first, last: Some(last) })
        }
    }
}

/// Digits only. Beyond 2^64 every number is «past the end», so it stops there.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_of_a_hundred_bytes() {
        let part = |start, end| Wanted::Part { start, end };
        let cases = [
            ("bytes=0-0", part(0, 1)),
            ("bytes=0-99", part(0, 100)),
            ("bytes=0-100", part(0, 100)),
            ("bytes=99-", part(99, 100)),
            ("bytes=-1", part(99, 100)),
            ("bytes=-1000", part(0, 100)),
            ("BYTES=5-6", part(5, 7)),
            ("bytes= 5-6 ,", part(5, 7)),
            ("bytes=5-99999999999999999999999999", part(5, 100)),
            ("bytes=100-", Wanted::Unsatisfiable),
            ("bytes=100-200", Wanted::Unsatisfiable),
            ("bytes=99999999999999999999999999-", Wanted::Unsatisfiable),
            ("bytes=-0", Wanted::Unsatisfiable),
            ("bytes=6-5", Wanted::Whole),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=", Wanted::Whole),
            ("bytes", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=1 -2", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("bytes=1-2-3", Wanted::Whole),
            ("bytes = 1-2", Wanted::Whole),
            ("items=0-1", Wanted::Whole),
            ("", Wanted::Whole),
        ];
        for (value, expected) in cases {
            assert_eq!(wanted(value.as_bytes(), 100), expected, "{value}");
        }
    }

    #[test]
    fn ranges_of_nothing() {
        assert_eq!(wanted(b"bytes=0-", 0), Wanted::Unsatisfiable);
        assert_eq!(wanted(b"bytes=0-0", 0), Wanted::Unsatisfiable);
        assert_eq!(wanted(b"bytes=-5", 0), Wanted::Whole);
        assert_eq!(wanted(b"bytes=-0", 0), Wanted::Unsatisfiable);
    }

    #[test]
    fn the_largest_length() {
        let whole = Wanted::Part { start: 0, end: u64::MAX };
        assert_eq!(wanted(b"bytes=0-18446744073709551615", u64::MAX), whole);
    }

    proptest! {
        #[test]
        fn a_part_is_inside_and_not_empty(
            value in "bytes=[0-9, -]{0,24}|.{0,30}",
            length in 0u64..1000,
        ) {
            if let Wanted::Part { start, end } = wanted(value.as_bytes(), length) {
                prop_assert!(start < end && end <= length);
            }
        }

        #[test]
        fn every_range_is_read_as_it_was_written(length in 1u64.., a: u64, b: u64) {
            let (first, last) = (a.min(b) % length, a.max(b));
            prop_assume!(first <= last);
            let expected = Wanted::Part { start: first, end: last.saturating_add(1).min(length) };
            prop_assert_eq!(wanted(format!("bytes={first}-{last}").as_bytes(), length), expected);
        }
    }
}
