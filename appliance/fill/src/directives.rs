//! `Cache-Control` of an answer (RFC 9111 §5.2.2, RFC 5861), read as a cache reads it that serves
//! many.
//!
//! What cannot be read counts for nothing where it would allow, and for something where it
//! would forbid: a lifetime that is no number is none.

/// More than this nobody means, and no sum of it overflows (RFC 9111 §1.2.2).
pub(crate) const MAX_DELTA_S: u64 = 1 << 31;

/// Directives beyond these are not looked at, except to forbid nothing: an honest origin sends a
/// handful.
const MOST_DIRECTIVES: usize = 64;

/// What the directives come to. Of a directive that stands there twice the stricter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "directives are words that are there or not")]
pub(crate) struct Directives {
    pub(crate) no_store: bool,
    pub(crate) no_cache: bool,
    pub(crate) private: bool,
    pub(crate) must_revalidate: bool,
    pub(crate) must_understand: bool,
    pub(crate) max_age_s: Option<u64>,
    pub(crate) s_maxage_s: Option<u64>,
    pub(crate) stale_while_revalidate_s: Option<u64>,
    pub(crate) stale_if_error_s: Option<u64>,
}

impl Directives {
    /// Reads all lines of the field.
    pub(crate) fn of<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut all = Self::default();
        lines.flat_map(Split).take(MOST_DIRECTIVES).for_each(|one| all.take(one));
        all
    }

    fn take(&mut self, directive: &[u8]) {
        let at = directive.iter().position(|octet| *octet == b'=');
        let (name, argument) = directive.split_at(at.unwrap_or(directive.len()));
        let argument = argument.get(1..).map(<[u8]>::trim_ascii);
        let stricter = |place: &mut Option<u64>| {
            let new = argument.map_or(0, delta);
            *place = Some(place.map_or(new, |old| old.min(new)));
        };
        match name.trim_ascii().to_ascii_lowercase().as_slice() {
            b"no-store" => self.no_store = true,
            // With names of fields it forbids less (§5.2.2.4, §5.2.2.7); here it does not.
            b"no-cache" => self.no_cache = true,
            b"private" => self.private = true,
            b"must-revalidate" | b"proxy-revalidate" => self.must_revalidate = true,
            b"must-understand" => self.must_understand = true,
            b"max-age" => stricter(&mut self.max_age_s),
            b"s-maxage" => stricter(&mut self.s_maxage_s),
            b"stale-while-revalidate" => stricter(&mut self.stale_while_revalidate_s),
            b"stale-if-error" => stricter(&mut self.stale_if_error_s),
            _ => {}
        }
    }

    /// Whether it may be kept, given that its status is understood (§5.2.2.3).
    pub(crate) fn allows_storing(&self) -> bool {
        !self.private && (!self.no_store || self.must_understand)
    }
}

/// Seconds, in quotes or not (§5.2: both forms are read). 0 for what is no number.
pub(crate) fn delta(text: &[u8]) -> u64 {
    let text = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text);
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return 0;
    }
    let value = text
        .iter()
        .fold(0_u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
    value.min(MAX_DELTA_S)
}

/// A list, cut at the commas outside of quoted strings.
struct Split<'a>(&'a [u8]);

impl<'a> Iterator for Split<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let (mut is_quoted, mut is_escaped) = (false, false);
        let is_end = |octet: &u8| {
            let is_plain = !std::mem::take(&mut is_escaped);
            match octet {
                b'\\' if is_quoted && is_plain => is_escaped = true,
                b'"' if is_plain => is_quoted = !is_quoted,
                b',' => return !is_quoted,
                _ => {}
            }
            false
        };
        let at = self.0.iter().position(is_end).unwrap_or(self.0.len());
        let (one, rest) = self.0.split_at(at);
        self.0 = rest.get(1..).unwrap_or_default();
        Some(one.trim_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(lines: &[&str]) -> Directives {
        Directives::of(lines.iter().map(|line| line.as_bytes()))
    }

    #[test]
    fn directives_as_origins_write_them() {
        let found = read(&["public, Max-Age=60 , s-maxage=\"90\"", "stale-if-error = 5"]);
        let expected = Directives {
            max_age_s: Some(60),
            s_maxage_s: Some(90),
            stale_if_error_s: Some(5),
            ..Directives::default()
        };
        assert_eq!(found, expected);
        assert!(read(&["private=\"set-cookie, x\", max-age=1"]).private);
        assert_eq!(read(&["ext=\"a, no-store\", max-age=7"]).max_age_s, Some(7));
        assert!(!read(&["ext=\"a, no-store\""]).no_store);
    }

    #[test]
    fn the_stricter_counts_and_nonsense_allows_nothing() {
        assert_eq!(read(&["max-age=60, max-age=10"]).max_age_s, Some(10));
        for nonsense in ["max-age", "max-age=", "max-age=-1", "max-age=1.5", "max-age=x"] {
            assert_eq!(read(&[nonsense]).max_age_s, Some(0), "{nonsense}");
        }
        let far = read(&["max-age=99999999999999999999999999"]);
        assert_eq!(far.max_age_s, Some(MAX_DELTA_S));
        assert!(read(&["no-store, must-understand"]).allows_storing());
        assert!(!read(&["no-store"]).allows_storing() && !read(&["private"]).allows_storing());
    }

    proptest! {
        #[test]
        fn any_octets_are_survived(lines in prop::collection::vec(
            prop::collection::vec(any::<u8>(), 0..80), 0..4,
        )) {
            let found = Directives::of(lines.iter().map(Vec::as_slice));
            prop_assert!(found.max_age_s.is_none_or(|age| age <= MAX_DELTA_S));
        }

        /// A list is all of what stands between its commas.
        #[test]
        fn order_does_not_matter(mut names in prop::collection::vec(prop::sample::select(vec![
            "no-store", "no-cache", "private", "must-revalidate", "max-age=3", "max-age=9",
            "s-maxage=4", "stale-while-revalidate=5", "x=\"1,2\"",
        ]), 0..12)) {
            let forwards = read(&[&names.join(",")]);
            names.reverse();
            prop_assert_eq!(read(&[&names.join(" , ")]), forwards);
            prop_assert_eq!(read(&names), forwards);
        }
    }
}
