//! The request fields that change an answer, however they were framed.

/// A field that may stand once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Single<'a> {
    /// Not sent.
    #[default]
    Absent,
    /// Sent once.
    Value(&'a [u8]),
    /// Sent several times: its meaning is lost.
    Repeated,
}

impl<'a> Single<'a> {
    pub(super) fn add(&mut self, value: &'a [u8]) {
        *self = match self {
            Self::Absent => Self::Value(value),
            Self::Value(_) | Self::Repeated => Self::Repeated,
        };
    }

    /// The value, if it has one meaning.
    #[must_use]
    pub fn value(self) -> Option<&'a [u8]> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Repeated => None,
        }
    }

    /// The value as text, if it has one meaning and is ASCII.
    #[must_use]
    pub fn text(self) -> Option<&'a str> {
        self.value().and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Whether it was sent at all.
    #[must_use]
    pub fn is_sent(self) -> bool {
        self != Self::Absent
    }
}

/// A field whose value is a list, which may be spread over several lines
/// (RFC 9110 §5.3). A second line costs an allocation; nobody sends one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lines<'a> {
    first: Option<&'a [u8]>,
    more: Vec<&'a [u8]>,
}

impl<'a> Lines<'a> {
    fn add(&mut self, value: &'a [u8]) {
        match self.first {
            None => self.first = Some(value),
            Some(_) => self.more.push(value),
        }
    }

    /// The lines, in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        self.first.into_iter().chain(self.more.iter().copied())
    }

    /// Whether it was sent at all.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        self.first.is_some()
    }
}

/// The fields, by their RFC 9110, Fetch and CTA-5004 names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields<'a> {
    /// `Range`.
    pub range: Single<'a>,
    /// `If-Range`.
    pub if_range: Single<'a>,
    /// `If-Match`.
    pub if_match: Lines<'a>,
    /// `If-None-Match`.
    pub if_none_match: Lines<'a>,
    /// `If-Modified-Since`.
    pub if_modified_since: Single<'a>,
    /// `If-Unmodified-Since`.
    pub if_unmodified_since: Single<'a>,
    /// `Cache-Control`.
    pub cache_control: Lines<'a>,
    /// `Origin`.
    pub origin: Single<'a>,
    /// `Access-Control-Request-Method`: what makes an `OPTIONS` a preflight.
    pub requested_method: Single<'a>,
    /// `User-Agent`.
    pub user_agent: Single<'a>,
    /// `Headend-Purged-Up-To`, of a box that asks another.
    pub purged_up_to: Single<'a>,
    /// `Headend-Awaited`, of a box at which a viewer waits.
    pub awaited: Single<'a>,
    /// `CMCD-Request`, `-Object`, `-Status`, `-Session`.
    pub cmcd: [Single<'a>; 4],
}

const PURGED_UP_TO: &[u8] = contract::exchange::PURGED_UP_TO.as_bytes();
const AWAITED: &[u8] = contract::exchange::AWAITED.as_bytes();

/// The longest name that is looked for.
const LONGEST_NAME: usize = "access-control-request-method".len();

impl<'a> Fields<'a> {
    /// Takes one field line. Fields that change nothing are passed over.
    pub fn add(&mut self, name: &str, value: &'a [u8]) {
        let mut lower = [0u8; LONGEST_NAME];
        let Some(lower) = lower.get_mut(..name.len()) else { return };
        lower.copy_from_slice(name.as_bytes());
        lower.make_ascii_lowercase();
        match &*lower {
            b"range" => self.range.add(value),
            b"if-range" => self.if_range.add(value),
            b"if-match" => self.if_match.add(value),
            b"if-none-match" => self.if_none_match.add(value),
            b"if-modified-since" => self.if_modified_since.add(value),
            b"if-unmodified-since" => self.if_unmodified_since.add(value),
            b"cache-control" => self.cache_control.add(value),
            b"origin" => self.origin.add(value),
            b"access-control-request-method" => self.requested_method.add(value),
            b"user-agent" => self.user_agent.add(value),
            PURGED_UP_TO => self.purged_up_to.add(value),
            AWAITED => self.awaited.add(value),
            b"cmcd-request" => self.cmcd[0].add(value),
            b"cmcd-object" => self.cmcd[1].add(value),
            b"cmcd-status" => self.cmcd[2].add(value),
            b"cmcd-session" => self.cmcd[3].add(value),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_case_and_repeats_are_seen() {
        let mut fields = Fields::default();
        fields.add("RANGE", b"bytes=0-1");
        fields.add("origin", b"https://a.test");
        fields.add("Origin", b"https://b.test");
        fields.add("If-None-Match", b"\"a\"");
        fields.add("if-none-match", b"\"b\"");
        fields.add("X-Something-That-Is-Longer-Than-Any-Name-Here", b"");
        assert_eq!(fields.range.value(), Some(&b"bytes=0-1"[..]));
        assert_eq!(fields.origin, Single::Repeated);
        assert_eq!(fields.if_none_match.iter().count(), 2);
    }
}
