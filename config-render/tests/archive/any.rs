//! Whatever a device says.

use crate::draw::drawn;
use config_render::archive::{DeviceKind, Known, MARK, fit, normal, redact, text};
use proptest::prelude::*;

const PIECES: &[&str] = &[
    "password",
    "secret",
    "key",
    "community",
    "snmp-server",
    "snmp",
    "host",
    "user",
    "auth",
    "priv",
    "7",
    "0",
    "5",
    "md5",
    "{",
    "}",
    ";",
    "\"",
    "'",
    "=",
    ":",
    ",",
    "[",
    "]",
    "<",
    ">",
    "</",
    "/>",
    "<key>",
    "</key>",
    "\n",
    "\n  ",
    "\r\n",
    "\\",
    " ",
    "\t",
    MARK,
    "<redacted",
    "redacted>",
    "-----BEGIN RSA PRIVATE KEY-----",
    "-----END RSA PRIVATE KEY-----",
    "://",
    "@",
    "u:p@h",
    "$6$",
    "authorization",
    "Bearer",
    "value",
    "rocommunity",
    "com2sec",
    "createUser",
    "trapsess",
    "-c",
    "-A",
    "--password",
    "token=",
    "SECRET-DATA",
    "##",
    "|",
    ">",
    "0x0123456789abcdef0123",
    "level-2",
    "address",
    "ipsec",
    "spi",
    "<![CDATA[",
    "]]>",
    "é",
    "\u{0}",
    "\u{1b}[0m",
    "\u{8}",
    "--More--",
    "router#",
    "!",
    "#",
    "xyz9",
    "pin",
];

fn said() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => prop::sample::select(PIECES).prop_map(str::to_owned),
        3 => Just(" ".to_owned()),
        1 => "[a-zA-Z0-9$/+.]{1,12}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn kind() -> impl Strategy<Value = DeviceKind> {
    prop::sample::select(DeviceKind::ALL.to_vec())
}

proptest! {
    #![proptest_config(drawn(3000))]

    #[test]
    fn redacting_again_changes_nothing(kind in kind(), said in said()) {
        let once = redact(kind, &said).expect("short");
        let again = redact(kind, &once.text).expect("short");
        prop_assert_eq!(&again.text, &once.text);
        prop_assert_eq!(again.count, 0);
        // It was read through, and not given up.
        prop_assert!(once.text.lines().count() == said.lines().count(), "given up: {said:?}");
    }

    #[test]
    fn normalising_again_changes_nothing(kind in kind(), said in said()) {
        let once = normal(kind, &said).expect("short");
        prop_assert_eq!(normal(kind, &once).expect("short"), once);
    }

    #[test]
    fn octets_are_fit_to_be_kept(kind in kind(), said: Vec<u8>) {
        let known = Known::new(["hunter2", "redacted"]).expect("few");
        let once = fit(kind, &said, &known).expect("short");
        let again = fit(kind, once.text.as_bytes(), &known).expect("short");
        prop_assert_eq!(again.text, once.text);
    }

    #[test]
    fn valid_text_is_not_changed(said in said()) {
        prop_assert_eq!(text(said.as_bytes()), said);
    }
}

#[test]
fn what_is_not_text_can_be_seen() {
    assert_eq!(text(b"caf\xe9 \xff\xfe ok"), r"caf\xe9 \xff\xfe ok");
    assert_eq!(text("café".as_bytes()), "café");
}

#[test]
fn a_kind_has_one_name() {
    for kind in DeviceKind::ALL {
        assert_eq!(kind.as_str().parse::<DeviceKind>().expect("known"), kind);
    }
    let unknown = "ios".parse::<DeviceKind>().expect_err("unknown").to_string();
    assert!(unknown.contains("\"ios\"") && unknown.contains("cisco-ios, junos"), "{unknown}");
}
