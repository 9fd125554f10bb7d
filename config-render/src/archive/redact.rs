//! Redaction: a text in, and the same without its secrets.

use super::block::Block;
use super::context::{Context, Pending};
use super::kind::DeviceKind;
use super::line::Line;
use super::token::Mode;
use super::{MARK, TooLong, bounded, form, word, xml};
use regex::Regex;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

/// A text without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redacted {
    /// Fit to be kept.
    pub text: String,
    /// How many secrets were taken out.
    pub count: usize,
}

/// A mark can stand where something else is now read as a secret. Two passes are enough for
/// what devices print; what is not settled after so many was made to be unsettled.
const MAX_PASSES: usize = 6;

/// How far a quoted secret may go on: a terminal's wrapped line, not the rest of a file.
const MAX_QUOTED_LINES: usize = 8;

/// Redacts what a device of this kind says of its configuration.
///
/// Redacting again changes nothing. Lines without secrets stay as they are, octet by octet.
///
/// # Errors
/// [`TooLong`]: over [`super::MAX_BYTES`].
pub fn redact(kind: DeviceKind, text: &str) -> Result<Redacted, TooLong> {
    bounded(text.len())?;
    let mut all = pass(kind, text);
    for _ in 0..MAX_PASSES {
        let next = pass(kind, &all.text);
        if next.count == 0 {
            return Ok(all);
        }
        all = Redacted { text: next.text, count: all.count + next.count };
    }
    Ok(Redacted { text: format!("{MARK}\n"), count: all.count + 1 })
}

fn pass(kind: DeviceKind, text: &str) -> Redacted {
    let whole: Vec<&str> = text.split_inclusive('\n').collect();
    let lines: Vec<&str> = whole.iter().map(|line| line.trim_end_matches(['\n', '\r'])).collect();
    let context = Context { constants: Arc::new(constants(kind, text)), ..Context::default() };
    let mut pass = Pass { kind, context, block: Block::default() };
    let mut out = Redacted { text: String::with_capacity(text.len()), count: 0 };
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let until = lines.len().min(at + 1 + MAX_QUOTED_LINES);
        pass.line(line, &lines[at + 1..until], &mut found);
        write(line, &mut found, &mut out);
        out.text.push_str(&whole[at][line.len()..]);
    }
    out
}

/// `line` with marks in the places of `found`, which is empty afterwards.
pub(super) fn write(line: &str, found: &mut Vec<Range<usize>>, out: &mut Redacted) {
    found.sort_unstable_by_key(|range| range.start);
    let mut written = 0;
    let mut ranges = found.drain(..).filter(|range| !range.is_empty()).peekable();
    while let Some(mut range) = ranges.next() {
        while let Some(next) = ranges.next_if(|next| next.start < range.end) {
            range.end = range.end.max(next.end);
        }
        if &line[range.clone()] == MARK {
            continue;
        }
        out.text.push_str(&line[written..range.start]);
        out.text.push_str(MARK);
        out.count += 1;
        written = range.end;
    }
    out.text.push_str(&line[written..]);
}

/// Constants of BIRD's: where one is used in the place of a secret, and where one is defined.
static USED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\b(?:password|secret)\s+([a-z_]\w*)").ok());
static DEFINED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\bdefine\s+([a-z_]\w*)\s*=").ok());

/// The names of those that are both, in lower case.
fn constants(kind: DeviceKind, text: &str) -> BTreeSet<String> {
    let names = |regex: &Option<Regex>| -> BTreeSet<String> {
        let regex = regex.as_ref().filter(|_| kind == DeviceKind::Bird);
        let found = regex.into_iter().flat_map(|regex| regex.captures_iter(text));
        found.filter_map(|groups| Some(groups.get(1)?.as_str().to_ascii_lowercase())).collect()
    };
    &names(&USED) & &names(&DEFINED)
}

static STEMS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(word::STEMS).ok());

/// What may stand before a line's own words: marks of comments and differences, numbers, prompts.
static PREFIX: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(?:\s+|[+\-!#|]+|\d+[:.)]?\s+|(?:no|do)\s+|[\w.@/()-]+[#>]\s+|//|/\*)*").ok()
});

/// A key of chrony or ntpd: `NUMBER [ALGORITHM] [HEX:]SECRET`.
static TIME_KEY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let algorithm = r"(?:M|MD5|SHA\d*|SHA-?\d+|SHA3-\d+|AES-?\d+\w*|TIGER|WHIRLPOOL|RMD\d+)";
    let secret = r"(?:HEX:|ASCII:)?\S{4,}";
    let typed = format!(r"(?:^|[\s#!+>:-])\d+\s+{algorithm}\s+(?P<typed>{secret})");
    let untyped = format!(r"^[\s#!+-]*\d+\s+(?P<untyped>{secret})");
    Regex::new(&format!(r"(?i)(?:{typed}|{untyped})(?:\s+#.*)?\s*$")).ok()
});

/// How long a prompt is that a tag or a quote follows at once.
fn prompt(body: &str) -> usize {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.@/()-".contains(byte);
    let length = body.bytes().take(64).take_while(is_part).count();
    let rest = &body[length..];
    let is_prompt = length > 0 && ["#<", "><", "#\"", ">\""].iter().any(|it| rest.starts_with(it));
    if is_prompt { length + 1 } else { 0 }
}

/// What lines of JSON begin with.
const JSON_BEGINS: [char; 5] = ['"', '{', '}', '[', ']'];

/// Nobody types more.
const MOST_OF_A_PASSWORD: usize = 256;

/// Where a word ends that has the signs of statements in it, and more behind them: at the next space. What ends with
/// them ends before them.
fn end_of_word(text: &str, end: usize) -> usize {
    let rest = &text[end..];
    if !rest.starts_with([';', '{', '}']) {
        return end;
    }
    let rest = &rest[..rest.floor_char_boundary(MOST_OF_A_PASSWORD)];
    let word = &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())];
    let is_sign = |sign: char| ";{},".contains(sign);
    if word.chars().all(is_sign) { end } else { end + word.len() }
}

struct Pass {
    kind: DeviceKind,
    context: Context,
    block: Block,
}

impl Pass {
    fn line(&mut self, line: &str, next_lines: &[&str], found: &mut Vec<Range<usize>>) {
        let split = self.block.next(line);
        let is_whole = matches!(&split.read[..], [all] if *all == (0..line.len()));
        found.extend(split.secrets);
        for range in split.read.into_iter().filter(|range| !range.is_empty()) {
            // What stands before a key says nothing of the lines below it.
            let before = (range.end < line.len()).then(|| self.context.clone());
            let from = if is_whole { self.pending(line, found) } else { range.start };
            if from < range.end {
                self.read_from(&line[..range.end], from, next_lines, found);
            }
            if is_whole && from == 0 {
                self.time_key(line, found);
                self.chap_secret(line, found);
            }
            if let Some(before) = before {
                self.context = before;
            }
        }
    }

    fn read_from(
        &mut self,
        line: &str,
        from: usize,
        next_lines: &[&str],
        found: &mut Vec<Range<usize>>,
    ) {
        let start = found.len();
        self.read(&line[from..], next_lines, found);
        for range in &mut found[start..] {
            *range = range.start + from..range.end + from;
        }
    }

    fn read(&mut self, line: &str, next_lines: &[&str], found: &mut Vec<Range<usize>>) {
        let prefix = PREFIX.as_ref().and_then(|it| it.find(line)).map_or(0, |found| found.end());
        let prefix = prefix + prompt(&line[prefix..]);
        let body = &line[prefix..];
        self.key_chain(body);
        form::secrets(line, found);
        if xml::is_xml(body) {
            return xml::secrets(self.kind, line, &mut self.context, found);
        }
        let mode = self.mode(body);
        if mode == Mode::Curly && prefix == 0 && body.ends_with('{') && self.kind.is_curly() {
            // A block at the margin is within no other.
            self.context.frames.clear();
        }
        let is_quiet = !STEMS.as_ref().is_none_or(|stems| stems.is_match(line));
        if is_quiet && mode == Mode::Plain {
            return;
        }
        // A quote begins a word only where the word begins.
        let from = if body.starts_with('"') { prefix } else { 0 };
        let start = found.len();
        let text = &line[from..];
        Line::new(self.kind, (text, mode), next_lines, &mut self.context, found).walk();
        if mode == Mode::Curly && self.is_in_doubt(body) {
            found[start..].iter_mut().for_each(|range| range.end = end_of_word(text, range.end));
        }
        for range in &mut found[start..] {
            *range = range.start + from..range.end + from;
        }
    }

    /// Whether what ends like a statement may be a password that ends so.
    fn is_in_doubt(&self, body: &str) -> bool {
        matches!(self.kind, DeviceKind::Linux | DeviceKind::Generic)
            && !body.starts_with(JSON_BEGINS)
    }

    fn mode(&self, body: &str) -> Mode {
        let trimmed = body.trim_end();
        let is_json = trimmed.starts_with(JSON_BEGINS);
        const COMMANDS: &[&str] = &["set ", "delete ", "activate ", "deactivate ", "edit "];
        if self.kind == DeviceKind::Junos && COMMANDS.iter().any(|it| body.starts_with(it)) {
            return Mode::Plain;
        }
        let is_statement = matches!(self.kind, DeviceKind::Linux | DeviceKind::Generic)
            && trimmed.ends_with([';', '{', '}']);
        if self.kind.is_curly() || is_json || is_statement { Mode::Curly } else { Mode::Plain }
    }

    fn key_chain(&mut self, body: &str) {
        #[rustfmt::skip]
        const IN_CHAIN: &[&str] = &[
            "key", "key-string", "accept-lifetime", "send-lifetime", "cryptographic-algorithm",
            "secret", "lifetime", "timezone", "description", "exit", "send-id", "recv-id",
            "include-tcp-options", "accept-ao-mismatch", "tcp", "macsec", "fallback-key-chain",
            "key-octet-string",
        ];
        let mut words = body.split_whitespace();
        let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let first = first.to_ascii_lowercase();
        if first == "keychain" || first == "key" && second.eq_ignore_ascii_case("chain") {
            self.context.is_key_chain = true;
        } else if !first.is_empty() && !IN_CHAIN.contains(&first.as_str()) {
            self.context.is_key_chain = false;
        }
    }

    fn time_key(&self, line: &str, found: &mut Vec<Range<usize>>) {
        const TABLES: &[&str] = &["main", "local", "default", "unspec"];
        if !matches!(self.kind, DeviceKind::Linux | DeviceKind::Generic) {
            return;
        }
        let Some(groups) = TIME_KEY.as_ref().and_then(|key| key.captures(line)) else { return };
        if let Some(secret) = groups.name("typed") {
            found.push(secret.range());
        }
        let is_other = |text: &str| {
            let is_set =
                text.split_once('=').is_some_and(|(_, value)| !value.is_empty() && value != "=");
            TABLES.contains(&text) || text.starts_with('[') || is_set
        };
        if let Some(secret) = groups.name("untyped").filter(|secret| !is_other(secret.as_str()))
            && self.kind == DeviceKind::Linux
        {
            found.push(secret.range());
        }
    }

    /// `CLIENT SERVER SECRET *` of pppd, whatever stands before it.
    fn chap_secret(&self, line: &str, found: &mut Vec<Range<usize>>) {
        if !matches!(self.kind, DeviceKind::Linux | DeviceKind::Generic) {
            return;
        }
        let is_space = char::is_whitespace;
        let Some(before) = line.trim_end().strip_suffix('*') else { return };
        let three = before.trim_end();
        let Some((two, secret)) = three.rsplit_once(is_space) else { return };
        let Some((one, server)) = two.trim_end().rsplit_once(is_space) else { return };
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_meant = before.len() > three.len()
            && secret.len() >= 4
            && !secret.contains('"')
            && server.bytes().all(is_name)
            && one.ends_with(|sign: char| sign.is_alphanumeric() || "\"'".contains(sign));
        if is_meant {
            found.push(three.len() - secret.len()..three.len());
        }
    }

    /// Takes what belongs to a secret of the lines before. The answer is where the rest begins.
    fn pending(&mut self, line: &str, found: &mut Vec<Range<usize>>) -> usize {
        let indent = line.len() - line.trim_start().len();
        let body = line.trim();
        let all = indent..indent + body.len();
        match std::mem::take(&mut self.context.pending) {
            Pending::Nothing => return 0,
            Pending::Line => {
                let kept = body.trim_end_matches(['\\', ' ', '\t']);
                found.push(indent..indent + kept.len());
                if body.ends_with('\\') {
                    self.context.pending = Pending::Line;
                }
            }
            Pending::Value if body.starts_with(|it: char| !"{}[]#/".contains(it)) => {
                let is_quoted = body.starts_with('"');
                let is_end = |sign: char| match is_quoted {
                    true => sign == '"',
                    false => sign.is_whitespace() || sign == ';',
                };
                let skipped = usize::from(is_quoted);
                let end = body[skipped..].find(is_end).map_or(body.len(), |end| end + skipped);
                found.push(indent + skipped..indent + end);
                return indent + end + skipped.min(body.len() - end);
            }
            Pending::Word
                if !body.is_empty() && !body.contains(char::is_whitespace) && body.len() > 1 =>
            {
                found.push(all);
            }
            Pending::Block { indent: outer } if body.is_empty() || indent > outer => {
                found.push(all);
                self.context.pending = Pending::Block { indent: outer };
            }
            Pending::Value | Pending::Word | Pending::Block { .. } => return 0,
            Pending::Quote(quote) => {
                if let Some(end) = line.find(quote) {
                    found.push(indent.min(end)..end);
                    return end + 1;
                }
                found.push(all);
                self.context.pending = Pending::Quote(quote);
            }
            Pending::Tag => {
                if let Some(end) = xml::tag(line, 0) {
                    found.push(indent.min(end)..line[..end].trim_end().len().max(indent.min(end)));
                    return end;
                }
                found.push(all);
                self.context.pending = Pending::Tag;
            }
        }
        line.len()
    }
}
