//! The same lines as people and programs write them: commented out, numbered, in a difference,
//! at a prompt, in capitals, shortened.

use crate::draw::{Corpus, corpora, plant, seeded};
use crate::secrets::{leaks, redacted, report};
use config_render::archive::DeviceKind;
use std::collections::BTreeMap;

const BEFORE: &[&str] = &[
    "    ",
    "\t",
    "! ",
    "!",
    "# ",
    "#",
    "no ",
    "12: ",
    "  12 ",
    "router# ",
    "router#",
    "core-sw1(config-if)# ",
    "ops@mx1> ",
    "+",
    "-",
    "+    ",
    "- ",
    "!- ",
    "// ",
    "do ",
];

/// What cannot be told from a line alone once something stands before it.
fn is_read_by_place(template: &str) -> bool {
    template.starts_with("{{")
        || template.contains("<name>{{xml}}</name>")
        || template.starts_with("14 ")
        || template.starts_with("7 ")
        || template.starts_with("b3Blbn")
}

#[test]
fn what_stands_before_a_line_hides_nothing() {
    let mut found = BTreeMap::new();
    for Corpus { kind, text } in corpora() {
        for (nth, template) in text.lines().enumerate() {
            if !template.contains("{{") || is_read_by_place(template) {
                continue;
            }
            for (at, before) in BEFORE.iter().enumerate() {
                let template = format!("{before}{template}\r");
                let planted = plant(&template, &mut seeded((nth * BEFORE.len() + at) as u64));
                let out = redacted(kind, &planted.text);
                assert!(out.ends_with('\r'));
                let leaks = leaks(&planted, &out, &template);
                if !leaks.is_empty() {
                    found
                        .entry((kind.as_str(), template))
                        .or_insert(format!("{}\n    {out}  {leaks:?}", planted.text));
                }
            }
        }
    }
    report(&found);
}

#[test]
fn lines_without_secrets_stay_with_whatever_before_them() {
    let mut found = BTreeMap::new();
    for Corpus { kind, text } in corpora() {
        for line in text.lines().filter(|line| !line.contains("{{") && !is_context(line)) {
            for before in BEFORE {
                let line = format!("{before}{line}\r");
                let out = redacted(kind, &line);
                if out != line {
                    found.entry((kind.as_str(), line)).or_insert(out);
                }
            }
        }
    }
    report(&found);
}

/// Harmless only where it stands.
fn is_context(line: &str) -> bool {
    let line = line.trim();
    [
        "community CUST",
        "community add",
        "from community",
        "community BLUE",
        "key 12345",
        "MII",
        "c3RDQT",
    ]
    .iter()
    .any(|it| line.starts_with(it))
}

#[test]
fn capitals_hide_nothing() {
    let mut found = BTreeMap::new();
    for Corpus { kind, text } in corpora() {
        for template in text.lines().filter(|line| line.contains("{{") && !is_read_by_place(line)) {
            // Flags and the marks of hashes are not words.
            if template.contains(" -")
                || template.contains('$')
                || template.contains("://")
                || template.contains("ghp_")
            {
                continue;
            }
            let upper: String = template
                .split("{{")
                .enumerate()
                .map(|(nth, piece)| match piece.split_once("}}") {
                    Some((alphabet, rest)) => {
                        format!("{{{{{alphabet}}}}}{}", rest.to_ascii_uppercase())
                    }
                    None => {
                        format!("{}{}", if nth > 0 { "{{" } else { "" }, piece.to_ascii_uppercase())
                    }
                })
                .collect();
            for seed in 0..6 {
                let planted = plant(&upper, &mut seeded(seed));
                let out = redacted(kind, &planted.text);
                let leaks = leaks(&planted, &out, &upper);
                if !leaks.is_empty() {
                    found
                        .entry((kind.as_str(), upper.clone()))
                        .or_insert(format!("{}\n    {out}  {leaks:?}", planted.text));
                }
            }
        }
    }
    report(&found);
}

/// As IOS takes them.
#[test]
fn shortened_words_hide_nothing() {
    let lines = [
        "snmp-server comm {{secret}} RO",
        "snmp-s community {{secret}} rw 10",
        "snmp comm {{secret}}",
        "user bob pass 0 {{secret}}",
        "user bob sec 5 {{secret}}",
        "ena sec 5 $1$abc${{hash}}",
        "ena pass {{secret}}",
        "ena sec 0 {{secret}}",
        "username bob priv 15 secr {{secret}}",
        "neigh 192.0.2.1 pass {{secret}}",
        "neighbor 192.0.2.1 passw 0 {{secret}}",
        "ip ospf message 1 md5 {{secret}}",
        "ip ospf message-d 1 md5 7 {{type7}}",
        "snmp-server host 192.0.2.1 vers 2c {{secret}}",
        "snmp-server host 192.0.2.1 traps vers 2c {{secret}}",
        "key-str {{secret}}",
        "key-st 7 {{type7}}",
        "tacacs key {{secret}}",
        "tacacs-s host 192.0.2.1 key {{secret}}",
        "radius-s key 0 {{secret}}",
        "ntp authentication-k 1 md5 {{secret}}",
        "ntp auth 1 md5 {{secret}}",
        "standby 1 auth {{secret}}",
        "standby 1 auth text {{secret}}",
        "line vty 0 4 pass {{secret}}",
    ];
    let mut found = BTreeMap::new();
    for kind in [DeviceKind::CiscoIos, DeviceKind::AristaEos, DeviceKind::Frr, DeviceKind::Generic]
    {
        for (seed, template) in lines.iter().flat_map(|line| (0..12).map(move |seed| (seed, *line)))
        {
            let planted = plant(template, &mut seeded(seed));
            let out = redacted(kind, &planted.text);
            let leaks = leaks(&planted, &out, template);
            if !leaks.is_empty() {
                found
                    .entry((kind.as_str(), template))
                    .or_insert(format!("{}\n    {out}  {leaks:?}", planted.text));
            }
        }
    }
    report(&found);
}
