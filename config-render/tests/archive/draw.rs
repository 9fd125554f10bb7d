//! Secrets that are drawn, and the corpus that they are planted in.

use config_render::archive::DeviceKind;
use proptest::test_runner::{Config, RngSeed};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const FILES: [(DeviceKind, &str); 8] = [
    (DeviceKind::Frr, include_str!("corpus/frr.txt")),
    (DeviceKind::Bird, include_str!("corpus/bird.txt")),
    (DeviceKind::CiscoIos, include_str!("corpus/cisco-ios.txt")),
    (DeviceKind::Junos, include_str!("corpus/junos.txt")),
    (DeviceKind::AristaEos, include_str!("corpus/arista-eos.txt")),
    (DeviceKind::NetSnmp, include_str!("corpus/net-snmp.txt")),
    (DeviceKind::Linux, include_str!("corpus/linux.txt")),
    (DeviceKind::Generic, include_str!("corpus/generic.txt")),
];

/// Words that a language has of its own, taken for secrets. Not `encrypted` and `text`: nothing
/// tells whether they say how the next word is written.
pub(crate) const KEYWORDS: &[&str] = &[
    "public",
    "private",
    "cisco",
    "secret",
    "password",
    "read",
    "auth",
    "priv",
    "access",
    "community",
    "10.0.0.1",
    "snmp",
    "level-2",
    "1234",
    "timeout",
    "role",
    "address",
    "null",
    "true",
    "none",
    "sha1",
    "aes128",
    "version",
    "view",
];

/// Text of a kind of device with `{{alphabet}}` where secrets are.
pub(crate) struct Corpus {
    pub(crate) kind: DeviceKind,
    pub(crate) text: &'static str,
}

pub(crate) fn corpora() -> impl Iterator<Item = Corpus> {
    FILES.into_iter().map(|(kind, text)| Corpus { kind, text })
}

/// A text and what was planted in it.
pub(crate) struct Planted {
    pub(crate) text: String,
    pub(crate) secrets: Vec<String>,
}

/// The same draws in every run.
pub(crate) fn drawn(cases: u32) -> Config {
    Config { cases, rng_seed: RngSeed::Fixed(8), failure_persistence: None, ..Config::default() }
}

pub(crate) fn seeded(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Every `{{alphabet}}` replaced by a secret of it.
pub(crate) fn plant(template: &str, rng: &mut ChaCha8Rng) -> Planted {
    let mut planted = Planted { text: String::new(), secrets: Vec::new() };
    let mut pieces = template.split("{{");
    planted.text.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (alphabet, rest) = piece.split_once("}}").expect("closed");
        let secret = secret(alphabet, rng);
        planted.text.push_str(&secret);
        planted.text.push_str(rest);
        planted.secrets.push(secret);
    }
    planted
}

const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const CRYPT: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./";
const HEX: &str = "0123456789abcdef";
const SIGNS: &str = "!#$%^&*()_+-=[]{};:',.<>/?|~`@";

type Draw = fn(&mut ChaCha8Rng) -> String;

fn secret(alphabet: &str, rng: &mut ChaCha8Rng) -> String {
    let ways: &[Draw] = match alphabet {
        "hex" => &[|rng| of(rng, HEX, 32)],
        "bytes" => &[|rng| [(); 8].map(|()| of(rng, HEX, 2)).join(":")],
        "type7" => &[type7],
        "type6" => &[|rng| {
            format!(
                "{}]{}",
                of(rng, "ABCDEFGHIabcdefghi[_^`", 14),
                of(rng, "ABCDEFGHIabcdefgh_", 12)
            )
        }],
        "hash" => &[|rng| of(rng, CRYPT, 40)],
        "base64" => &[|rng| format!("{}A=", of(rng, BASE64, 42))],
        "upper" => &[|rng| of(rng, UPPER, 18)],
        "url" => &[
            words,
            |rng| of(rng, "abcdefghijklmnopqrstuvwxyz0123456789%", 16),
            |rng| punctuated(rng, "!$*~_.-"),
        ],
        "secret" => &[
            words,
            keyword,
            short,
            |rng| of(rng, HEX, 20),
            |rng| of(rng, BASE64, 24),
            |rng| of(rng, UPPER, 6),
            |rng| punctuated(rng, SIGNS),
            |rng| punctuated(rng, "\"'!"),
        ],
        "word" => &[
            words,
            keyword,
            short,
            |rng| of(rng, HEX, 20),
            |rng| punctuated(rng, "!#$%^&*_+-.:/?|~@"),
        ],
        "xml" => &[words, phrase, |rng| punctuated(rng, "!#$%^*()_+-=[]{};:,./?|~`@")],
        "quoted" => &[
            words,
            keyword,
            short,
            phrase,
            |rng| of(rng, BASE64, 24),
            |rng| punctuated(rng, SIGNS),
            |rng| format!("{} it's \\\"{}\\\"", words(rng), words(rng)),
        ],
        "line" => &[
            words,
            phrase,
            keyword,
            short,
            |rng| punctuated(rng, SIGNS),
            |rng| punctuated(rng, "\"'!"),
        ],
        other => panic!("no alphabet is called {other}"),
    };
    let way = ways.choose(rng).expect("one");
    way(rng)
}

fn type7(rng: &mut ChaCha8Rng) -> String {
    let pairs = rng.random_range(4..20);
    format!("0{}{}", rng.random_range(0..10), of(rng, "0123456789ABCDEF", pairs * 2))
}

fn keyword(rng: &mut ChaCha8Rng) -> String {
    (*KEYWORDS.choose(rng).expect("one")).to_owned()
}

fn short(rng: &mut ChaCha8Rng) -> String {
    of(rng, "abcdefghij0123", 4)
}

fn of(rng: &mut ChaCha8Rng, alphabet: &str, length: usize) -> String {
    let signs: Vec<char> = alphabet.chars().collect();
    (0..length).map(|_| *signs.choose(rng).expect("one")).collect()
}

fn words(rng: &mut ChaCha8Rng) -> String {
    format!("{}{}{}", of(rng, "bcdfgklmnprstvz", 5), of(rng, "aeiou", 2), of(rng, "0123456789", 3))
}

fn phrase(rng: &mut ChaCha8Rng) -> String {
    format!("{} {} {}", words(rng), of(rng, "bcdfgklmnp", 4), words(rng))
}

/// `p@ss!w0rd#1`: it begins and ends with letters, as what people type mostly does.
fn punctuated(rng: &mut ChaCha8Rng, signs: &str) -> String {
    let parts = [(); 4].map(|()| format!("{}{}", of(rng, "bcdfgk0123", 2), of(rng, signs, 1)));
    format!("{}{}", parts.concat(), of(rng, "bcdfgk", 2))
}
