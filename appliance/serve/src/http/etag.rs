//! Entity tags (RFC 9110 §8.8.3). Ours are strong: they follow from every byte.

use super::fields::Lines;
use super::stack_text::StackText;
use contract::object::Digest;
use std::fmt::Write;

/// The octets of the digest that go into a tag: 128 bits never collide.
const TAG_OCTETS: usize = 16;

/// The longest tag that an answer carries, of ours or of an origin: those of object stores have
/// some 40 octets.
const MAX_TAG_OCTETS: usize = 66;

const _: () = assert!(MAX_TAG_OCTETS >= TAG_OCTETS * 2 + 2);

/// A strong entity tag, quotes included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntityTag(StackText<MAX_TAG_OCTETS>);

impl EntityTag {
    /// The tag of content with this digest.
    #[must_use]
    pub fn of(content: &Digest) -> Self {
        let mut text = StackText::empty();
        text.push(b'"');
        for octet in content.0.iter().take(TAG_OCTETS) {
            // The text has room for exactly this.
            let _ = write!(text, "{octet:02x}");
        }
        text.push(b'"');
        Self(text)
    }

    /// An origin's own; `None` where it is too long.
    #[must_use]
    pub fn received(tag: &str) -> Option<Self> {
        StackText::of(format_args!("{tag}")).map(Self)
    }

    /// As it stands in a field.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Strong comparison with one tag as a client sent it (§8.8.3.2): `W/` never matches.
    #[must_use]
    pub fn matches_strongly(&self, sent: &[u8]) -> bool {
        sent == self.as_bytes()
    }

    /// Weak comparison: `W/` makes no difference.
    #[must_use]
    pub fn matches_weakly(&self, sent: &[u8]) -> bool {
        sent.strip_prefix(b"W/").unwrap_or(sent) == self.as_bytes()
    }
}

/// Whether a list of tags, or `*`, holds one for which `matches` is true. What cannot be
/// read ends the list.
pub(super) fn list_holds(lines: &Lines<'_>, matches: impl Fn(&[u8]) -> bool) -> bool {
    lines.iter().any(|line| line.trim_ascii() == b"*" || Tags(line).any(&matches))
}

/// Splits a list at the commas outside of quotes.
struct Tags<'a>(&'a [u8]);

impl<'a> Iterator for Tags<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.0.iter().position(|octet| !matches!(octet, b' ' | b'\t' | b','))?;
        let rest = self.0.get(start..)?;
        let open = if rest.starts_with(b"W/") { 2 } else { 0 };
        if rest.get(open) != Some(&b'"') {
            return None;
        }
        let inside = rest.get(open + 1..)?;
        let close = inside.iter().position(|&octet| octet == b'"')?;
        let (tag, rest) = rest.split_at_checked(open + close + 2)?;
        self.0 = rest;
        Some(tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::fields::Fields;
    use proptest::prelude::*;

    fn list(lines: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        for line in lines {
            found
                .extend(Tags(line.as_bytes()).map(|tag| String::from_utf8_lossy(tag).into_owned()));
        }
        found
    }

    #[test]
    fn a_tag_is_half_a_digest_in_quotes() {
        let digest = Digest::of(b"x");
        let tag = EntityTag::of(&digest);
        assert_eq!(tag.as_bytes(), format!("\"{}\"", digest.short()).as_bytes());
        let weak = format!("W/\"{}\"", digest.short());
        assert!(!tag.matches_strongly(weak.as_bytes()) && tag.matches_weakly(weak.as_bytes()));
    }

    #[test]
    fn lists_with_commas_inside_tags() {
        assert_eq!(list(&["\"a,b\", W/\"c\" ,,\"\""]), ["\"a,b\"", "W/\"c\"", "\"\""]);
        assert_eq!(list(&["\"a\", b, \"c\""]), ["\"a\""]);
        assert_eq!(list(&["w/\"a\""]), [""; 0]);
        assert_eq!(list(&["\"a"]), [""; 0]);
    }

    proptest! {
        #[test]
        fn lists_never_panic(line in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut fields = Fields::default();
            fields.add("if-match", &line);
            list_holds(&fields.if_match, |_| false);
        }
    }
}
