//! Secrets that are known word for word.

use crate::draw::drawn;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use config_render::archive::{DeviceKind, Known, MARK, fit};
use proptest::prelude::*;

fn redacted(secrets: &[&str], text: &str) -> String {
    Known::new(secrets.iter().copied()).expect("few").redact(text).expect("short").text
}

#[test]
fn a_known_secret_goes_wherever_it_stands() {
    let secret = "p@ss w\"rd/7&<é>";
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    for written in [
        secret.to_owned(),
        hex.clone(),
        hex.to_uppercase(),
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        "p%40ss%20w%22rd%2F7%26%3C%C3%A9%3E".to_owned(),
        "p%40ss%20w%22rd%2f7%26%3c%c3%a9%3e".to_owned(),
        "p%40ss+w%22rd%2F7%26%3C%C3%A9%3E".to_owned(),
        r#"p@ss w\"rd/7&<é>"#.to_owned(),
        "p@ss w&quot;rd/7&amp;&lt;é&gt;".to_owned(),
        r#"p\@ss\ w\"rd\/7\&\<é\>"#.to_owned(),
    ] {
        let out = redacted(&[secret], &format!("description x{written}y\n"));
        assert!(
            out.starts_with(&format!("description x{MARK}")) && out.ends_with("y\n"),
            "{written}: {out}"
        );
    }
}

#[test]
fn in_the_base64_of_more_than_itself_it_goes_too() {
    for user in ["a", "ab", "abc", "abcd"] {
        let out =
            redacted(&["hunter2hunter2"], &STANDARD.encode(format!("{user}:hunter2hunter2:x")));
        assert!(out.contains(MARK), "{user}: {out}");
    }
}

#[test]
fn short_ones_are_left_to_the_rules() {
    assert_eq!(redacted(&["abc", ""], "abc abcd"), "abc abcd");
    assert_eq!(redacted(&["abcd"], "abc abcd"), format!("abc {MARK}"));
}

#[test]
fn those_that_overlap_go_both() {
    assert_eq!(redacted(&["abcd1234", "1234efgh"], "-abcd1234efgh-"), format!("-{MARK}-"));
    assert_eq!(redacted(&["secret", "secretlong"], "secretlong"), MARK);
}

#[test]
fn what_is_kept_has_none_of_them() {
    let known = Known::new(["Tr0ub4dor", "<redacted", "redacted"]).expect("few");
    let said = "hostname Tr0ub4dor\r\nenable secret 5 Tr0ub4dor\r\n! dHI Tr0ub4dor redacted\r\n";
    let kept = fit(DeviceKind::CiscoIos, said.as_bytes(), &known).expect("short");
    assert_eq!(
        kept.text,
        format!("hostname {MARK}\nenable secret 5 {MARK}\n! dHI {MARK} {MARK}\n")
    );
    assert_eq!(kept.count, 4);
    assert_eq!(format!("{known:?}"), "Known(..)");
}

#[test]
fn thousands_are_looked_for_at_once() {
    let secrets: Vec<String> =
        (0..500).map(|nth| format!("secret-number-{nth:05}-{}", nth * 7919)).collect();
    let known = Known::new(secrets.iter().map(String::as_str)).expect("not too many");
    let text = format!("a {} b {} c", secrets[17], secrets[499]);
    assert_eq!(known.redact(&text).expect("short").text, format!("a {MARK} b {MARK} c"));
}

proptest! {
    #![proptest_config(drawn(256))]

    #[test]
    fn none_is_left_and_again_changes_nothing(
        secrets in prop::collection::vec("[a-d<>@%\" ]{4,8}", 1..5),
        text in "[a-d<>@%\" \n]{0,200}",
    ) {
        let known = Known::new(secrets.iter().map(String::as_str)).expect("few");
        let once = known.redact(&text).expect("short").text;
        for piece in once.split(MARK) {
            prop_assert!(secrets.iter().all(|secret| !piece.contains(secret.as_str())));
        }
        prop_assert_eq!(known.redact(&once).expect("short").text, once);
    }
}
