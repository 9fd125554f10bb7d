//! No planted secret is in what is kept, and nothing else is gone.

use crate::draw::{Corpus, KEYWORDS, Planted, corpora, plant, seeded};
use config_render::archive::{DeviceKind, MARK, redact};
use std::collections::BTreeMap;

const DRAWS: u64 = 24;

pub(crate) fn redacted(kind: DeviceKind, text: &str) -> String {
    redact(kind, text).expect("short").text
}

/// Fails with every line that was found, by kind, and how.
pub(crate) fn report<L: std::fmt::Display>(found: &BTreeMap<(&str, L), String>) {
    let lines: Vec<_> =
        found.iter().map(|((kind, line), how)| format!("{kind}: {line}\n    {how}")).collect();
    assert!(lines.is_empty(), "{} lines:\n{}", lines.len(), lines.join("\n"));
}

/// Runs of five characters of a secret that are in the text, and not by themselves in the
/// template.
pub(crate) fn leaks(Planted { secrets, .. }: &Planted, out: &str, template: &str) -> Vec<String> {
    let rest: String =
        template.split("{{").map(|it| it.split_once("}}").map_or(it, |it| it.1)).collect();
    let mut found = Vec::new();
    for secret in secrets {
        let signs: Vec<char> = secret.chars().collect();
        for run in signs.windows(signs.len().clamp(1, 5)) {
            let run: String = run.iter().collect();
            if out.contains(&run) && !rest.contains(&run) && !MARK.contains(&run) {
                found.push(run);
            }
        }
    }
    found
}

/// A word that the language itself has was drawn: more may then be gone.
fn planted_word(template: &str, planted: &str) -> bool {
    let count = |text: &str| KEYWORDS.iter().map(|word| text.matches(word).count()).sum::<usize>();
    let rest: String =
        template.split("{{").map(|it| it.split_once("}}").map_or(it, |it| it.1)).collect();
    count(planted) > count(&rest)
}

/// Draw after draw the output is the same: it says nothing of the secrets.
#[test]
fn what_is_kept_does_not_depend_on_secrets() {
    let mut found = BTreeMap::new();
    for Corpus { kind, text } in corpora() {
        let first = plant(text, &mut seeded(0)).text;
        let expected = redacted(kind, &first);
        for seed in 1..=DRAWS {
            let planted = plant(text, &mut seeded(seed));
            let out = redacted(kind, &planted.text);
            let pairs = text
                .lines()
                .zip(planted.text.lines())
                .zip(out.lines().zip(expected.lines().zip(first.lines())));
            for ((line, planted), (out, (expected, first))) in pairs {
                let is_drawn = [planted, first].iter().any(|it| planted_word(line, it));
                if out != expected && !is_drawn && !line.starts_with("{{") {
                    found
                        .entry((kind.as_str(), line))
                        .or_insert(format!("{planted}\n    {out}\n    {expected}"));
                }
            }
        }
    }
    report(&found);
}

/// And the same for each line alone, with no line before it that helps.
#[test]
fn no_secret_is_kept_of_a_line_alone() {
    let mut found = BTreeMap::new();
    for Corpus { kind, text } in corpora() {
        for template in text.lines().filter(|line| {
            line.contains("{{") && !line.starts_with("{{") && !line.contains("<name>{{xml}}</name>")
        }) {
            for seed in 0..DRAWS {
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
    }
    report(&found);
}

#[test]
fn lines_without_secrets_stay_as_they_are() {
    let mut found = Vec::new();
    for Corpus { kind, text } in corpora() {
        let out = redacted(kind, &plant(text, &mut seeded(7)).text);
        assert_eq!(out.lines().count(), text.lines().count());
        for (line, out) in text.lines().zip(out.lines()).filter(|(line, _)| !line.contains("{{")) {
            if line != out {
                found.push(format!("{}: {line}\n    {out}", kind.as_str()));
            }
        }
    }
    assert!(found.is_empty(), "{} lines:\n{}", found.len(), found.join("\n"));
}

#[test]
fn redacting_again_changes_nothing() {
    for Corpus { kind, text } in corpora() {
        for seed in 0..8 {
            let once = redact(kind, &plant(text, &mut seeded(seed)).text).expect("short");
            assert!(once.count > 10, "{kind:?}");
            let again = redact(kind, &once.text).expect("short");
            assert_eq!(again.text, once.text);
            assert_eq!(again.count, 0);
        }
    }
}

/// What a statement ends with may be the end of a password, and what follows a key may be another secret.
#[test]
fn nothing_of_a_secret_stays_behind_it() {
    for (line, kept) in [
        ("DB_PASSWORD=Tr0ub4dor{correct}", "DB_PASSWORD=<redacted>"),
        ("export DB_PASSWORD=ab;cdefgh;", "export DB_PASSWORD=<redacted>"),
        ("wpa_passphrase=ab;cdefgh;", "wpa_passphrase=<redacted>"),
        ("wpa-psk abc}defgh}", "wpa-psk <redacted>"),
        // These are statements.
        ("secret \"hunter2hunter2\";", "secret \"<redacted>\";"),
        (
            "key ours { algorithm hmac-md5; secret hunter2hunter2; };",
            "key ours { algorithm hmac-md5; secret <redacted>; };",
        ),
        (
            r#"{"cert":"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n","key":"-----BEGIN EC PRIVATE KEY-----\nMHcCabcd\n-----END EC PRIVATE KEY-----\n"}"#,
            r#"{"cert":"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n","key":"-----BEGIN EC PRIVATE KEY-----\<redacted>-----END EC PRIVATE KEY-----\n"}"#,
        ),
        (
            "-----END CERTIFICATE-----\", \"password\": \"hunter2hunter2\"",
            "-----END CERTIFICATE-----\", \"password\": \"<redacted>\"",
        ),
    ] {
        for kind in [DeviceKind::Linux, DeviceKind::Generic] {
            let redacted = redact(kind, line).expect("short").text;
            assert_eq!(redacted, kept, "{kind:?}");
        }
    }
}
