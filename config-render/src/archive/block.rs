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

/// What to do with the parts of a line. What is in neither is kept as it is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) secrets: Vec<Range<usize>>,
    /// To be read as lines are.
    pub(super) read: Vec<Range<usize>>,
}

const BEGINS: &[&str] = &["-----BEGIN ", "---- BEGIN "];
const ENDS: &[&str] = &["-----END ", "---- END "];

impl Block {
    pub(super) fn next(&mut self, line: &str) -> Split {
        if first(BEGINS, line, 0).is_some() {
            return self.within(line);
        }
        if line.trim_start().starts_with("Private-Lines:") {
            *self = Self::Private { lines: 0 };
            return Split::default();
        }
        let end = first(ENDS, line, 0);
        let read = |range: Range<usize>| Split { read: vec![range], ..Split::default() };
        let secret = |range: Option<Range<usize>>| Split {
            secrets: range.into_iter().collect(),
            ..Split::default()
        };
        match (std::mem::take(self), end) {
            (Self::Nothing, _) => read(0..line.len()),
            (Self::Public { .. }, Some(end)) => read(rest(line, end)),
            (Self::Private { .. }, Some(end)) => {
                Split { read: vec![rest(line, end)], ..secret(body(line, 0..end)) }
            }
            (Self::Private { lines }, None) if lines < MAX_LINES && is_body(line) => {
                *self = Self::Private { lines: lines + 1 };
                secret(body(line, 0..line.len()))
            }
            (Self::Public { lines }, None) if lines < MAX_LINES && is_public_body(line) => {
                *self = Self::Public { lines: lines + 1 };
                Split::default()
            }
            (Self::Private { .. } | Self::Public { .. }, None) => read(0..line.len()),
        }
    }

    /// A line in which at least one begins; as JSON and assignments have them, several may stand in it whole, and
    /// other things beside them.
    fn within(&mut self, line: &str) -> Split {
        let mut split = Split::default();
        // What was open, a line before, ends where another begins.
        if let (Self::Private { .. }, Some(begin)) = (std::mem::take(self), first(BEGINS, line, 0))
        {
            let end = first(ENDS, line, 0).map_or(begin, |end| end.min(begin));
            split.secrets.extend(body(line, 0..end));
        }
        let mut at = 0;
        while let Some(begin) = first(BEGINS, line, at) {
            // Without the quote that it stands in.
            let before = line[at..begin].trim_end_matches(['"', '\'', '\\']);
            split.read.push(at..at + before.len());
            let (from, is_public) = label(line, begin);
            let end = first(ENDS, line, from);
            if !is_public {
                split.secrets.extend(body(line, from..end.unwrap_or(line.len())));
            }
            let Some(end) = end else {
                *self = match is_public {
                    true => Self::Public { lines: 0 },
                    false => Self::Private { lines: 0 },
                };
                return split;
            };
            at = behind(line, end);
        }
        split.read.push(at..line.len());
        split
    }
}

/// Where the first of these begins, at `from` or behind it.
fn first(labels: &[&str], line: &str, from: usize) -> Option<usize> {
    let found = labels.iter().filter_map(|label| line[from..].find(label));
    found.min().map(|at| at + from)
}

/// Where the label that begins there ends, its dashes included, and whether it says that something public follows.
fn label(line: &str, begin: usize) -> (usize, bool) {
    let label = &line[begin..];
    let length =
        label.get(10..).and_then(|rest| rest.find("----")).map_or(label.len(), |at| at + 10);
    let dashes = label[length..].bytes().take_while(|byte| *byte == b'-').count();
    (begin + length + dashes, is_public(&label[..length]))
}

/// What stands behind the label that ends it.
fn rest(line: &str, end: usize) -> Range<usize> {
    behind(line, end)..line.len()
}

/// Where something else begins behind the label that ends it: not with the quote that closes what it stood in.
fn behind(line: &str, end: usize) -> usize {
    let mut rest = &line[label(line, end).0..];
    while let Some(more) = rest.strip_prefix("\\n").or_else(|| rest.strip_prefix("\\r")) {
        rest = more;
    }
    let rest = rest.strip_prefix('\\').unwrap_or(rest);
    line.len() - rest.strip_prefix(['"', '\'']).unwrap_or(rest).len()
}

/// What is not known to be public is not.
fn is_public(label: &str) -> bool {
    let label = label.to_ascii_uppercase();
    ["CERTIFICATE", "PUBLIC KEY", "CRL", "PARAMETERS", "PKCS7"].iter().any(|it| label.contains(it))
        && !label.contains("PRIVATE")
}

/// All but what marks a difference or numbers the line; nothing where nothing is in it.
fn body(line: &str, within: Range<usize>) -> Option<Range<usize>> {
    let text = &line[within.clone()];
    let rest =
        text.trim_start_matches(|sign: char| sign.is_whitespace() || "+-!#>\"'\\".contains(sign));
    let (number, after) = rest.split_once(char::is_whitespace).unwrap_or_default();
    let is_number =
        number.trim_end_matches([':', '.', ')']).bytes().all(|byte| byte.is_ascii_digit());
    let rest = if is_number && !number.is_empty() { after.trim_start() } else { rest };
    let start = within.end - rest.len();
    let kept = rest.trim_end_matches(|sign: char| sign.is_whitespace() || "\"',;\\".contains(sign));
    kept.bytes().any(|byte| byte.is_ascii_alphanumeric()).then(|| start..start + kept.len())
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
