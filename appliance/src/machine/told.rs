//! What counts as said: makers leave fields as they found them.

use contract::parts::{MAX_PART_NAME_CHARS, MAX_PART_TEXT_CHARS};

/// What stands where nobody has written a serial number, in small letters and without all else.
const NOBODY_WROTE: [&str; 23] = [
    "na",
    "nil",
    "null",
    "none",
    "noserial",
    "noserialnumber",
    "unknown",
    "empty",
    "default",
    "defaultstring",
    "invalid",
    "notspecified",
    "unspecified",
    "notavailable",
    "notapplicable",
    "notpresent",
    "notprovided",
    "tobefilledbyoem",
    "tobefilled",
    "oem",
    "oemdefault",
    "systemmanufacturer",
    "systemproductname",
];

/// The same, with numbers of places before or behind it.
const NAMES_OF_FIELDS: [&str; 5] = ["serialnum", "sernum", "partnum", "assettag", "moduleserial"];

/// Counted through: a place to be filled in.
const COUNTED: [&str; 3] = ["0123456789", "1234567890", "abcdefghij"];

/// The most letters in which somebody counts who has not a serial number of that kind.
const LEAST_COUNTED: usize = 5;

/// A serial number, unless it is none. A part of one is another's.
pub(crate) fn serial(text: &str) -> Option<String> {
    let text = text.trim_matches(|it: char| it.is_whitespace() || it == '\0');
    let is_shown = text.bytes().all(|it| it.is_ascii_graphic() || it == b' ');
    (is_shown && text.len() <= MAX_PART_TEXT_CHARS && !is_placeholder(text))
        .then(|| text.to_owned())
}

/// What a maker is called, or calls what he makes.
pub(super) fn name(text: &str) -> Option<String> {
    cut(text, MAX_PART_NAME_CHARS)
}

/// A place or a version.
pub(super) fn short(text: &str) -> Option<String> {
    cut(text, MAX_PART_TEXT_CHARS)
}

fn cut(text: &str, most: usize) -> Option<String> {
    let shown: String = text.chars().filter(|it| it.is_ascii_graphic() || *it == ' ').collect();
    let cut: String = shown.trim().chars().take(most).collect();
    let cut = cut.trim_end();
    let is_written = !cut.is_empty() && !is_unwritten(&letters(cut));
    is_written.then(|| cut.to_owned())
}

fn letters(text: &str) -> String {
    let letters = text.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|it| it.to_ascii_lowercase()).collect()
}

/// Whether it is what stands there before anybody writes something.
fn is_unwritten(letters: &str) -> bool {
    NOBODY_WROTE.contains(&letters) || NAMES_OF_FIELDS.iter().any(|field| letters.contains(field))
}

/// Whether it is the number of many.
fn is_placeholder(text: &str) -> bool {
    let letters = letters(text);
    let digits = letters.strip_prefix("0x").unwrap_or(&letters);
    let mut each = digits.chars();
    let first = each.next();
    let is_one_letter = each.all(|it| Some(it) == first);
    let is_counted =
        digits.len() >= LEAST_COUNTED && COUNTED.iter().any(|all| all.contains(digits));
    is_one_letter || is_counted || is_unwritten(&letters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_nobody_has_written_is_no_serial_number() {
        for text in [
            "",
            " ",
            "0",
            "00000000",
            "FFFFFFFF",
            "0x00000000",
            "........",
            "None",
            "N/A",
            "Not Specified",
            "Default string",
            "To be filled by O.E.M.",
            "To Be Filled By O.E.M.",
            "System Serial Number",
            "SerNum0",
            "A1_SerNum01",
            "0123456789",
            "123456789",
            "Unknown",
            "caf\u{e9}",
            "line\nline",
        ] {
            assert_eq!(serial(text), None, "{text:?}");
        }
        assert_eq!(serial(&"12".repeat(33)), None, "a part of it is another's");
    }

    #[test]
    fn what_a_maker_has_written_is_one() {
        for text in ["CZ1234ABCD", "HEADEND-1", "20181234", "3c:ec:ef:00:00:01", "S 4"] {
            assert_eq!(serial(&format!(" {text} \n")), Some(text.to_owned()));
        }
        assert_eq!(short("0"), Some("0".to_owned()), "the first bay");
        assert_eq!(name("A Maker\u{ae} Inc.\0"), Some("A Maker Inc.".to_owned()));
        assert_eq!(short(&"ab".repeat(40)).map(|it| it.len()), Some(MAX_PART_TEXT_CHARS));
    }

    proptest! {
        #[test]
        fn what_is_said_can_be_told(text in ".{0,120}") {
            let mut part = contract::parts::Part::new(contract::parts::PartType::Dimm, "A1");
            part.manufacturer = name(&text);
            part.part_id = name(&text);
            part.bay = short(&text);
            part.firmware = short(&text);
            part.serial = serial(&text).unwrap_or(part.serial);
            prop_assert!(part.is_sound(), "{part:?}");
        }
    }
}
