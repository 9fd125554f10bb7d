//! The words of a line, with their places in it.
//!
//! Two ways to read a line. *Plain*: words are what white space divides, as routers' command
//! lines have it, where `;` or `}` may be part of a password. *Curly*: brackets, braces, commas
//! and semicolons divide as well, as in Junos, BIRD and JSON, where a password with such signs
//! stands in quotes.

use std::ops::Range;

/// How a line is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Plain,
    Curly,
}

/// One word, or in [`Mode::Curly`] one sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// With its quotes.
    pub(super) at: Range<usize>,
    pub(super) is_quoted: bool,
}

impl Token {
    /// Without its quotes.
    pub(super) fn inner(&self) -> Range<usize> {
        let quote = usize::from(self.is_quoted);
        self.at.start + quote..self.at.end - quote
    }

    pub(super) fn text<'a>(&self, line: &'a str) -> &'a str {
        &line[self.inner()]
    }

    /// The sign that this token is, if it is one.
    pub(super) fn sign(&self, line: &str) -> Option<u8> {
        let bytes = &line.as_bytes()[self.at.clone()];
        match bytes {
            [sign] if !self.is_quoted && b"{}[](),;:=".contains(sign) => Some(*sign),
            _ => None,
        }
    }
}

/// The words of `line`, in order.
pub(super) fn tokens(line: &str, mode: Mode) -> Vec<Token> {
    let mut reader = Reader { bytes: line.as_bytes(), mode, is_unclosed: [false; 2] };
    let mut found = Vec::new();
    let mut at = 0;
    while at < reader.bytes.len() {
        if is_space(reader.bytes[at]) {
            at += 1;
            continue;
        }
        let token = reader.token(at);
        at = token.at.end;
        found.push(token);
    }
    found
}

pub(super) fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

fn is_quote(byte: u8) -> bool {
    byte == b'"' || byte == b'\''
}

struct Reader<'a> {
    bytes: &'a [u8],
    mode: Mode,
    /// For `"` and `'`: none closes from here on. Without it a million quotes cost a million
    /// searches to the end.
    is_unclosed: [bool; 2],
}

impl Reader<'_> {
    fn token(&mut self, start: usize) -> Token {
        let first = self.bytes[start];
        if is_quote(first)
            && let Some(end) = self.closed(start)
        {
            return Token { at: start..end, is_quoted: true };
        }
        let is_sign = b"{}[](),;:=".contains(&first);
        if self.mode == Mode::Curly && is_sign {
            return Token { at: start..start + 1, is_quoted: false };
        }
        Token { at: start..self.bare(start), is_quoted: false }
    }

    /// Where the quoted text that begins at `start` ends, its quote included.
    fn closed(&mut self, start: usize) -> Option<usize> {
        let quote = self.bytes[start];
        let known = usize::from(quote == b'\'');
        if self.is_unclosed[known] {
            return None;
        }
        let mut at = start + 1;
        while at < self.bytes.len() {
            match self.bytes[at] {
                b'\\' => at += 1,
                byte if byte == quote && self.closes(at) => return Some(at + 1),
                _ => {}
            }
            at += 1;
        }
        self.is_unclosed[known] = true;
        None
    }

    /// On a command line a quote in the midst of a word is a sign like any other.
    fn closes(&self, at: usize) -> bool {
        match (self.mode, self.bytes.get(at + 1)) {
            (Mode::Curly, _) | (_, None) => true,
            (Mode::Plain, Some(next)) => is_space(*next) || b";,)}]:".contains(next),
        }
    }

    fn bare(&mut self, start: usize) -> usize {
        let mut at = start;
        while at < self.bytes.len() && !is_space(self.bytes[at]) {
            if at > start && self.mode == Mode::Curly && self.divides(at) {
                return at;
            }
            let next = self.bytes.get(at + 1).copied().unwrap_or(b' ');
            let is_assigned = b"=:".contains(&self.bytes[at]) && is_quote(next);
            at += 1;
            if is_assigned && self.mode == Mode::Curly {
                return at;
            }
            if is_assigned && let Some(end) = self.closed(at) {
                at = end;
            }
        }
        at
    }

    fn divides(&self, at: usize) -> bool {
        let next = self.bytes.get(at + 1).copied().unwrap_or(b' ');
        match self.bytes[at] {
            b';' | b'{' | b'}' => true,
            b',' | b'[' | b']' | b'(' | b')' => {
                is_space(next) || is_quote(next) || b",;[](){}".contains(&next)
            }
            _ => false,
        }
    }
}
