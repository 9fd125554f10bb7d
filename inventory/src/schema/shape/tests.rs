use super::*;
use proptest::prelude::*;
use serde_json::json;

const ALL: [Shape; 17] = [
    Shape::Line,
    Shape::Label(5),
    Shape::Notes,
    Shape::Name,
    Shape::Choice(&["nvme", "ssd"]),
    Shape::Integer(-3, 3),
    Shape::Decimal(-90.0, 90.0),
    Shape::Half(0.0, 100.0),
    Shape::Flag,
    Shape::Time,
    Shape::Zone,
    Shape::Prefix,
    Shape::Address,
    Shape::Ip,
    Shape::Mac,
    Shape::Of("site"),
    Shape::Tags,
];

#[test]
fn what_can_be_meant_is_written_in_one_way() {
    for (shape, text, canonical) in [
        (Shape::Line, "a b", json!("a b")),
        (Shape::Name, "oca1.site-a", json!("oca1.site-a")),
        (Shape::Choice(&["nvme"]), "nvme", json!("nvme")),
        (Shape::Integer(0, 9), " 7 ", json!(7)),
        (Shape::Decimal(-90.0, 90.0), "48", json!(48.0)),
        (Shape::Flag, "Yes", json!(true)),
        (Shape::Time, "2026-01-31T12:00:00+01:00", json!("2026-01-31T11:00:00Z")),
        (Shape::Prefix, "2001:DB8::/32", json!("2001:db8::/32")),
        (Shape::Address, "192.0.2.11/24", json!("192.0.2.11/24")),
        (Shape::Ip, "2001:db8:0:0::1", json!("2001:db8::1")),
        (Shape::Tags, "b, a,b", json!(["a", "b"])),
        (Shape::Tags, "", json!(null)),
        (Shape::Mac, "0200.5E10.0001", json!("02:00:5e:10:00:01")),
    ] {
        assert_eq!(shape.parse(text), Ok(canonical), "{shape:?}");
    }
}

#[test]
fn what_cannot_be_meant_is_said_with_what_can() {
    for (shape, text, says) in [
        (Shape::Choice(&["nvme", "ssd"]), "tape", "expected one of nvme, ssd, not \"tape\""),
        (Shape::Prefix, "10.0.0.1/8", "10.0.0.1/8 has host bits; did you mean 10.0.0.0/8?"),
        (Shape::Integer(0, 9), "10", "expected a whole number from 0 to 9"),
        (Shape::Integer(0, 9), "1.5", "expected a whole number from 0 to 9"),
        (Shape::Decimal(-90.0, 90.0), "NaN", "expected a number, not \"NaN\""),
        (Shape::Line, " a", "must not begin or end with a space"),
        (Shape::Line, "a\u{202e}b", "must not hold control characters"),
        (Shape::Line, "a\0", "must not hold control characters"),
        (Shape::Label(2), "abc", "must not have more than 2 characters"),
    ] {
        let wrong = shape.parse(text).expect_err(text);
        assert_eq!(wrong[0].1, says);
    }
}

/// What stands for itself in some shape, and what was never meant to stand in any: every character there
/// is, those most of all that change what is around them.
fn text() -> impl Strategy<Value = String> {
    let anything = || prop::collection::vec(any::<char>(), 0..12).prop_map(String::from_iter);
    let harmful = prop::sample::select(vec!['\0', '\u{1b}', '\r', '\n', '\t', '\u{202e}']);
    let word = "site|nvme|ssd|yes|No|1|Europe/Berlin|UTC|2026-01-31T12:00:00\\+01:00|b, a,b|02-00-5E-10-00-01";
    prop_oneof![
        anything(),
        (anything(), harmful, anything())
            .prop_map(|(before, it, after)| format!("a{before}{it}{after}z")),
        prop::string::string_regex(word).expect("words"),
        any::<IpAddr>().prop_map(|it| it.to_string()),
        (any::<IpAddr>(), 0..33u8).prop_map(|(it, length)| format!("{it}/{length}")),
        (any::<IpAddr>(), 0..33u8).prop_map(|(it, length)| {
            IpNet::new(it, length).expect("a network").trunc().to_string()
        }),
        any::<[u8; 6]>().prop_map(|it| it.map(|octet| format!("{octet:02X}")).join("-")),
        (-4..104i64).prop_map(|it| it.to_string()),
        (-200..200i64).prop_map(|it| format!("{}", it as f64 / 4.0)),
        any::<i64>().prop_map(|it| it.to_string()),
    ]
}

proptest! {
    #[test]
    fn what_was_read_is_read_again_as_itself(at in 0..ALL.len(), text in text()) {
        if let Ok(value) = ALL[at].parse(&text) {
            prop_assert_eq!(ALL[at].read(&value), Ok(value));
        }
    }

    #[test]
    fn nothing_that_is_kept_breaks_a_terminal_or_a_database(at in 0..ALL.len(), text in text()) {
        let kept = ALL[at].parse(&text).ok();
        if let Some(text) = kept.as_ref().and_then(Value::as_str) {
            let harmful = ['\0', '\u{1b}', '\r', '\u{202e}'];
            prop_assert!(!text.contains(harmful), "{:?}", text);
        }
    }
}
