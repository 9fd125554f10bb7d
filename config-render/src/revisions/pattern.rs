//! What is searched for.

use regex::{Regex, RegexBuilder};

/// Nobody types more, and what is pasted is no pattern.
const MAX_PATTERN_BYTES: usize = 1000;

/// A search is linear in the text, and in this.
const MAX_COMPILED_BYTES: usize = 4 << 20;

/// What lines are searched for: a regular expression, which tells capitals from small letters unless it says
/// `(?i)`.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

/// Nothing can be searched for by that.
#[derive(Debug, thiserror::Error)]
pub enum BadPattern {
    /// Too long.
    #[error(
        "a pattern of {0} bytes is not searched for (at most {MAX_PATTERN_BYTES}): take a part of it"
    )]
    TooLong(usize),
    /// No regular expression, or one that means too much.
    #[error("no pattern to search for: {0}")]
    Invalid(#[source] Box<regex::Error>),
}

impl Pattern {
    /// The pattern that a text says.
    ///
    /// # Errors
    /// [`BadPattern`].
    pub fn new(text: &str) -> Result<Self, BadPattern> {
        if text.len() > MAX_PATTERN_BYTES {
            return Err(BadPattern::TooLong(text.len()));
        }
        let built = RegexBuilder::new(text).size_limit(MAX_COMPILED_BYTES).build();
        built.map(Self).map_err(|err| BadPattern::Invalid(Box::new(err)))
    }

    /// Whether a line, without its end, is meant.
    pub(super) fn is_in(&self, line: &str) -> bool {
        self.0.is_match(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_refused_and_said() {
        let said = |text: &str| Pattern::new(text).expect_err("refused").to_string();
        assert!(said(&"a".repeat(1001)).contains("at most 1000"));
        assert!(said("(").contains("unclosed group"));
        assert!(said(r"(\w{100}){100}").contains("size limit"));
        assert!(said(&"(".repeat(900)).starts_with("no pattern"));
    }

    #[test]
    fn capitals_are_told_apart_unless_not() {
        let is_in =
            |pattern: &str, line: &str| Pattern::new(pattern).expect("a pattern").is_in(line);
        assert!(is_in("^router bgp 6", "router bgp 65000") && !is_in("^router", "Router"));
        assert!(is_in("(?i)^ROUTER", "Router") && is_in(r"\w{20}", &"é".repeat(20)));
    }
}
