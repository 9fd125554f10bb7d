//! Versions of firmware: makers write them as they like, and count.

use std::cmp::Ordering;

/// Whether a version is older than another: numbers in it are compared as numbers, letters as letters.
#[must_use]
pub fn is_older(version: &str, than: &str) -> bool {
    compare(version, than) == Ordering::Less
}

fn compare(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (pieces(a), pieces(b));
    loop {
        return match (left.next(), right.next()) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) if a == b => continue,
            (Some(a), Some(b)) => a.cmp(&b),
        };
    }
}

/// Of a version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    /// By how many digits it has, then by these.
    Number(usize, String),
    Word(String),
}

/// What stands between numbers and words only keeps them apart.
fn pieces(text: &str) -> impl Iterator<Item = Piece> + '_ {
    let mut rest = text.trim_start_matches(['v', 'V']);
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|it: char| !it.is_ascii_alphanumeric());
        let is_number = rest.chars().next()?.is_ascii_digit();
        let is_same = |it: char| it.is_ascii_alphanumeric() && it.is_ascii_digit() == is_number;
        let end = rest.find(|it| !is_same(it)).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(match is_number {
            true => {
                let digits = piece.trim_start_matches('0');
                Piece::Number(digits.len(), digits.to_owned())
            }
            false => Piece::Word(piece.to_ascii_lowercase()),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn versions_are_counted_as_makers_count() {
        for (older, newer) in [
            ("1.9", "1.10"),
            ("2.0", "2.0.1"),
            ("GXA7401Q", "GXA7501Q"),
            ("v1.2", "V1.3"),
            ("22.31.1014", "22.41.1000"),
            ("1.2-rc1", "1.2-rc2"),
            ("9", "00010"),
            ("99999999999999999998", "99999999999999999999"),
        ] {
            assert!(is_older(older, newer) && !is_older(newer, older), "{older} {newer}");
        }
        for (one, same) in [("1.02", "1.2"), ("v7", "7"), ("A 1", "a-1"), ("", "-")] {
            assert_eq!(compare(one, same), Ordering::Equal, "{one} {same}");
        }
    }

    proptest! {
        #[test]
        fn versions_have_an_order(a in "[vV0-9a-cA-C.-]{0,8}", b in "[vV0-9a-cA-C.-]{0,8}", c in ".{0,4}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert!(!is_older(&a, &a));
            if is_older(&a, &b) && is_older(&b, &c) {
                prop_assert!(is_older(&a, &c));
            }
        }
    }
}
