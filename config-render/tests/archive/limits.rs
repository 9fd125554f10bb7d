//! Long texts, long lines, and what is made to take long.

use config_render::archive::{DeviceKind, Known, MAX_BYTES, fit, normal, redact};
use std::time::{Duration, Instant};

#[test]
fn what_is_too_long_is_refused() {
    let long = "x".repeat(MAX_BYTES + 1);
    let message = redact(DeviceKind::Frr, &long).expect_err("long").to_string();
    assert!(
        message.contains("16777217 bytes") && message.contains("at most 16777216"),
        "{message}"
    );
    assert!(normal(DeviceKind::Frr, &long).is_err());
    assert!(fit(DeviceKind::Frr, long.as_bytes(), &Known::default()).is_err());
    assert!(Known::default().redact(&long).is_err());
}

/// Four times the text may take at most ten times as long: sixteen times would be quadratic.
#[test]
fn time_grows_with_the_text_and_not_with_its_square() {
    let pieces: &[(&str, &str)] = &[
        ("", "x"),
        ("", "\""),
        ("", "'"),
        ("", "\" "),
        ("", "password "),
        ("", "key "),
        ("", "key 1 "),
        ("", "a="),
        ("", "password="),
        ("", "{"),
        ("", "{ "),
        ("", "snmp-server user "),
        ("", "snmp host a "),
        ("", "http://"),
        ("", "http://a:"),
        ("", "a@"),
        ("", "$1$"),
        ("", "<a>"),
        ("<", "a "),
        ("", "</a>"),
        ("\"", "\\\""),
        ("", "community "),
        ("", "a:b "),
        ("", "--password x "),
        ("{", "\"a\":"),
        ("", "-----BEGIN X----"),
        ("", "password {"),
        ("", "eyJaaaaaaaaa.aaaaaaaa"),
        ("", "= "),
        ("", "authorization: "),
        ("", "password policy x "),
        ("", "mysql -p "),
        ("", "0x"),
        ("", "\u{8}"),
        ("", "\u{1b}["),
        ("", "--More--"),
        ("", "key \"a"),
        ("password: ", "\"\n"),
        ("", "level-2 "),
        ("", "secret 5 timeout 3 "),
        ("", "<password>"),
        ("", "ipsec spi "),
        ("", "com2sec "),
        ("", "trapsess -c "),
        ("", "\"key = \\\" "),
    ];
    for kind in [DeviceKind::CiscoIos, DeviceKind::Junos, DeviceKind::Generic] {
        for (begin, piece) in pieces {
            let took = |bytes: usize| {
                let text = format!("{begin}{}", piece.repeat(bytes / piece.len()));
                let start = Instant::now();
                let kept = fit(kind, text.as_bytes(), &Known::default()).expect("short");
                assert!(kept.text.len() <= text.len() * 12 + 100);
                start.elapsed()
            };
            // What takes less is measured too coarsely.
            let floor = Duration::from_millis(25);
            // The machine has other work: one measurement of five without it is enough, and what
            // is quadratic has none.
            let is_linear = || took(128 << 10) < took(32 << 10).max(floor) * 10;
            assert!((0..5).any(|_| is_linear()), "{kind:?} {piece:?}: not linear");
        }
    }
}

#[test]
fn a_line_as_long_as_a_text_may_be_is_read() {
    let line = format!("enable secret 5 {}", "x".repeat(MAX_BYTES - 16));
    assert_eq!(
        redact(DeviceKind::CiscoIos, &line).expect("short").text,
        "enable secret 5 <redacted>"
    );
    let quotes = "\"".repeat(1_000_000);
    assert_eq!(redact(DeviceKind::Junos, &quotes).expect("short").text, quotes);
}
