//! Short text without the heap: header values that are made for one answer.

use std::fmt;

/// Up to `N` octets of text on the stack. What does not fit is an error of the writer,
/// never a cut value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct StackText<const N: usize> {
    octets: [u8; N],
    len: usize,
}

impl<const N: usize> StackText<N> {
    /// Formats into a new text; `None` when it does not fit.
    #[must_use]
    pub fn of(args: fmt::Arguments<'_>) -> Option<Self> {
        let mut text = Self { octets: [0; N], len: 0 };
        fmt::Write::write_fmt(&mut text, args).ok()?;
        Some(text)
    }

    /// Nothing yet.
    #[must_use]
    pub const fn empty() -> Self {
        Self { octets: [0; N], len: 0 }
    }

    /// Adds one octet; `false` when it does not fit.
    pub fn push(&mut self, octet: u8) -> bool {
        match self.octets.get_mut(self.len) {
            Some(place) => {
                *place = octet;
                self.len += 1;
                true
            }
            None => false,
        }
    }

    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or_default()
    }

    /// The text; empty if somebody pushed octets that are not UTF-8.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

impl<const N: usize> fmt::Write for StackText<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.octets.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

impl<const N: usize> fmt::Debug for StackText<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_or_fails_whole() {
        assert_eq!(StackText::<4>::of(format_args!("{}", 1234)).unwrap().as_str(), "1234");
        assert!(StackText::<4>::of(format_args!("{}", 12345)).is_none());
    }
}
