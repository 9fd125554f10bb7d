//! Octets of a small text, read one by one with a limit: as they stand, or percent-encoded.

use super::stack_text::StackText;
use std::iter::Peekable;

/// A text as it stands.
pub(super) struct Plain<'a>(pub(super) &'a [u8]);

impl Iterator for Plain<'_> {
    type Item = u8;
    fn next(&mut self) -> Option<u8> {
        let (&octet, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(octet)
    }
}

/// A percent-encoded text, decoded while it is read. A broken escape ends it.
pub(super) struct Escaped<'a>(pub(super) &'a [u8]);

impl Iterator for Escaped<'_> {
    type Item = u8;
    fn next(&mut self) -> Option<u8> {
        let (octet, rest) = match self.0 {
            [b'%', high, low, rest @ ..] => {
                let digit = |octet: u8| char::from(octet).to_digit(16);
                let (high, low) = digit(*high).zip(digit(*low))?;
                (u8::try_from(high << 4 | low).ok()?, rest)
            }
            [b'%', ..] | [] => return None,
            [octet, rest @ ..] => (*octet, rest),
        };
        self.0 = rest;
        Some(octet)
    }
}

/// Reads words and quoted strings.
pub(super) struct Octets<I: Iterator<Item = u8>>(Peekable<std::iter::Take<I>>);

impl<I: Iterator<Item = u8>> Octets<I> {
    /// Reads no more than `most` octets of `source`.
    pub(super) fn new(source: I, most: usize) -> Self {
        Self(source.take(most).peekable())
    }

    pub(super) fn peek(&mut self) -> Option<u8> {
        self.0.peek().copied()
    }

    pub(super) fn skip(&mut self) {
        self.0.next();
    }

    /// A run without `,`, `=`, `"` and white space; `None` when it is longer than `N`.
    pub(super) fn word<const N: usize>(&mut self) -> Option<StackText<N>> {
        self.skip_space();
        let mut word = StackText::empty();
        let mut fits = true;
        while let Some(octet) = self.0.next_if(|octet| !b",=\" \t".contains(octet)) {
            fits &= octet.is_ascii_graphic() && word.push(octet);
        }
        fits.then_some(word)
    }

    /// A string in quotes with `\` before `"` and `\` (RFC 8941 §3.3.3); `None` when it does
    /// not end, is longer than `N`, or holds what no string may.
    pub(super) fn quoted<const N: usize>(&mut self) -> Option<StackText<N>> {
        self.skip();
        let mut text = StackText::empty();
        let mut fits = true;
        loop {
            let octet = match self.0.next()? {
                b'"' => return fits.then_some(text),
                b'\\' => self.0.next()?,
                octet => octet,
            };
            fits &= (octet == b' ' || octet.is_ascii_graphic()) && text.push(octet);
        }
    }

    pub(super) fn skip_past_comma(&mut self) {
        while self.0.next().is_some_and(|octet| octet != b',') {}
        self.skip_space();
    }

    fn skip_space(&mut self) {
        while self.0.next_if(|octet| matches!(octet, b' ' | b'\t')).is_some() {}
    }
}
