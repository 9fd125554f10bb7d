//! Secrets that are known word for word, in whatever way a device writes them.

use super::redact::{Redacted, write};
use super::{MARK, TooLong, bounded};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use regex::{Regex, RegexBuilder};
use std::collections::BTreeSet;

/// Shorter ones would be found in every second word.
const LEAST_CHARS: usize = 4;

/// Enough for some thousands of secrets.
const MAX_PROGRAM_BYTES: usize = 256 << 20;

/// Secrets as the caller knows them.
#[derive(Clone, Default)]
pub struct Known(Option<Regex>);

/// There are more secrets than can be looked for at once.
#[derive(Debug, thiserror::Error)]
#[error("too many known secrets to look for at once: pass only those that this device is given")]
pub struct TooMany;

impl std::fmt::Debug for Known {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Known(..)")
    }
}

impl Known {
    /// Those of `secrets` that are at least four characters long.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Result<Self, TooMany> {
        let long = secrets.into_iter().filter(|secret| secret.chars().count() >= LEAST_CHARS);
        let mut forms: Vec<String> =
            long.flat_map(forms).collect::<BTreeSet<_>>().into_iter().collect();
        if forms.is_empty() {
            return Ok(Self::default());
        }
        // The first that matches is taken: of two that begin alike, the longer.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        let pattern: Vec<String> = forms.iter().map(|form| regex::escape(form)).collect();
        let regex = RegexBuilder::new(&pattern.join("|")).size_limit(MAX_PROGRAM_BYTES).build();
        Ok(Self(Some(regex.map_err(|_| TooMany)?)))
    }

    /// Redacts them wherever they stand.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn redact(&self, text: &str) -> Result<Redacted, TooLong> {
        bounded(text.len())?;
        let mut out = Redacted { text: String::with_capacity(text.len()), count: 0 };
        let Some(regex) = &self.0 else {
            out.text.push_str(text);
            return Ok(out);
        };
        // Never within a mark, or a secret such as `redacted` would be found again in every one.
        for (nth, piece) in text.split(MARK).enumerate() {
            if nth > 0 {
                out.text.push_str(MARK);
            }
            let mut found = Vec::new();
            let mut at = 0;
            while let Some(one) = regex.find_at(piece, at) {
                found.push(one.range());
                // Two that overlap are both taken.
                at = one.start() + piece[one.start()..].chars().next().map_or(1, char::len_utf8);
            }
            write(piece, &mut found, &mut out);
        }
        Ok(out)
    }
}

/// The ways in which a secret is written.
fn forms(secret: &str) -> Vec<String> {
    let hex = hex(secret.as_bytes());
    let mut forms = vec![
        secret.to_owned(),
        hex.to_ascii_uppercase(),
        hex,
        percent(secret, |byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)),
        percent(secret, |byte| byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte)),
        percent(secret, |byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte)),
        percent(secret, |byte| byte.is_ascii_alphanumeric()),
        escaped(secret, &['"', '\\']),
        escaped(secret, &['\'', '\\']),
        secret
            .chars()
            .flat_map(|sign| [(!sign.is_alphanumeric()).then_some('\\'), Some(sign)])
            .flatten()
            .collect(),
        secret.replace('\'', r"'\''"),
        secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
        markup(secret),
    ];
    if let Ok(json) = serde_json::to_string(secret) {
        forms.push(json[1..json.len() - 1].to_owned());
        forms.push(json[1..json.len() - 1].replace('/', r"\/"));
    }
    let plus: Vec<String> = forms[3..7].iter().map(|form| form.replace("%20", "+")).collect();
    let lower: Vec<String> = forms[3..7].iter().map(|form| lower_escapes(form)).collect();
    forms.extend(plus);
    forms.extend(lower);
    for shift in 0..3 {
        forms.extend(base64(secret.as_bytes(), shift));
    }
    forms.retain(|form| form.chars().count() >= LEAST_CHARS);
    forms
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn percent(secret: &str, is_kept: impl Fn(u8) -> bool) -> String {
    let one = |byte: u8| {
        if is_kept(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    secret.bytes().map(one).collect()
}

fn lower_escapes(form: &str) -> String {
    let mut pieces = form.split('%');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |mut all, piece| {
        let (code, rest) = piece.split_at(piece.len().min(2));
        all.push('%');
        all.push_str(&code.to_ascii_lowercase());
        all.push_str(rest);
        all
    })
}

fn escaped(secret: &str, signs: &[char]) -> String {
    secret
        .chars()
        .flat_map(|sign| [signs.contains(&sign).then_some('\\'), Some(sign)])
        .flatten()
        .collect()
}

fn markup(secret: &str) -> String {
    let amp = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    amp.replace('"', "&quot;").replace('\'', "&apos;")
}

/// As it stands in the base64 of a longer text in which `shift` octets (of three) come before
/// it, as `user:` does: the signs that it alone decides.
fn base64(secret: &[u8], shift: usize) -> Vec<String> {
    let padded = [&[0; 3][..shift], secret].concat();
    let from = [0, 2, 3][shift];
    let whole = padded.len() * 4 / 3;
    let mut forms = Vec::new();
    for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
        let text = engine.encode(&padded);
        // What is short would be found by chance.
        if let Some(decided) = text.get(from..whole).filter(|decided| decided.len() >= 5) {
            forms.push(decided.to_owned());
        }
        if shift == 0 {
            forms.push(text);
        }
    }
    forms
}
