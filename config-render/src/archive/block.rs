//! Keys in PEM, and what is public in PEM, over many lines.

use std::ops::Range;

/// An RSA key of 16,384 bits has 200 lines.
const MAX_LINES: usize = 400;

/// What is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Block {
    #[default]
    Nothing,
    Private {
        lines: usize,
    },
    Public {
        lines: usize,
    },
}

/// What to do with a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Read it as any other.
    Read,
    /// It is public as it is.
    Keep,
    Redact(Range<usize>),
}

const BEGINS: &[&str] = &["-----BEGIN ", "---- BEGIN "];
const ENDS: &[&str] = &["-----END ", "---- END "];

impl Block {
    pub(super) fn next(&mut self, line: &str) -> Verdict {
        if let Some(begin) = BEGINS.iter().find_map(|begin| line.find(begin)) {
            return self.begin(line, begin);
        }
        if line.trim_start().starts_with("Private-Lines:") {
            *self = Self::Private { lines: 0 };
            return Verdict::Keep;
        }
        let end = ENDS.iter().find_map(|end| line.find(end));
        match (std::mem::take(self), end) {
            (Self::Nothing, _) | (Self::Public { .. }, Some(_)) => Verdict::Read,
            (Self::Private { .. }, Some(end)) => body(line, 0..end),
            (Self::Private { lines }, None) if lines < MAX_LINES && is_body(line) => {
                *self = Self::Private { lines: lines + 1 };
                body(line, 0..line.len())
            }
            (Self::Public { lines }, None) if lines < MAX_LINES && is_public_body(line) => {
                *self = Self::Public { lines: lines + 1 };
                Verdict::Keep
            }
            (Self::Private { .. } | Self::Public { .. }, None) => Verdict::Read,
        }
    }

    fn begin(&mut self, line: &str, begin: usize) -> Verdict {
        let label = &line[begin..];
        let length =
            label.get(10..).and_then(|rest| rest.find("----")).map_or(label.len(), |at| at + 10);
        let dashes = label[length..].bytes().take_while(|byte| *byte == b'-').count();
        let from = begin + length + dashes;
        let is_public = is_public(&label[..length]);
        let end = ENDS.iter().find_map(|end| line[from..].find(end)).map(|end| from + end);
        *self = match (is_public, end) {
            (_, Some(_)) => Self::Nothing,
            (true, None) => Self::Public { lines: 0 },
            (false, None) => Self::Private { lines: 0 },
        };
        match is_public {
            true => Verdict::Keep,
            false => body(line, from..end.unwrap_or(line.len())),
        }
    }
}

/// What is not known to be public is not.
fn is_public(label: &str) -> bool {
    let label = label.to_ascii_uppercase();
    ["CERTIFICATE", "PUBLIC KEY", "CRL", "PARAMETERS", "PKCS7"].iter().any(|it| label.contains(it))
        && !label.contains("PRIVATE")
}

/// All but what marks a difference or numbers the line.
fn body(line: &str, within: Range<usize>) -> Verdict {
    let text = &line[within.clone()];
    let rest =
        text.trim_start_matches(|sign: char| sign.is_whitespace() || "+-!#>\"'\\".contains(sign));
    let (number, after) = rest.split_once(char::is_whitespace).unwrap_or_default();
    let is_number =
        number.trim_end_matches([':', '.', ')']).bytes().all(|byte| byte.is_ascii_digit());
    let rest = if is_number && !number.is_empty() { after.trim_start() } else { rest };
    let start = within.end - rest.len();
    let kept = rest.trim_end_matches(|sign: char| sign.is_whitespace() || "\"',;\\".contains(sign));
    if kept.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
        return Verdict::Redact(start..start + kept.len());
    }
    Verdict::Keep
}

fn is_body(line: &str) -> bool {
    let last = line.split_whitespace().last().unwrap_or_default();
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=\\\"',;<>".contains(&byte);
    let headers = ["Proc-Type:", "DEK-Info:", "Comment:", "Version:"];
    let is_word = line.split_whitespace().count() < 4 && last.bytes().all(is_base64);
    is_word && !line.contains("Private-MAC:") || headers.iter().any(|header| line.contains(header))
}

fn is_public_body(line: &str) -> bool {
    let last = line.split_whitespace().last().unwrap_or_default();
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=\\\"',;".contains(&byte);
    line.split_whitespace().count() < 3
        && last.bytes().all(is_base64)
        && (last.len() > 15 || last.ends_with('=') || last.is_empty())
}
