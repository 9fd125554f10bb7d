//! What an origin's answer says, with a bound on everything in it.

use crate::directives::Directives;
use crate::freshness::{Exchange, Freshness, parse_date};
use crate::origins::Reply;
use cache::received::{Facts, MAX_MEDIA_TYPE_LEN, MAX_VALIDATOR_LEN, Terms, Validator};
use contract::names::TagName;
use contract::object::ObjectKey;
use contract::slices::MAX_OBJECT_BYTES;
use contract::tags::{MAX_TAGS, Tags};
use contract::time::TimeUs;
use hyper::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, DATE, ETAG,
    LAST_MODIFIED,
};
use hyper::{HeaderMap, StatusCode};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Extent {
    /// These bytes, of so many.
    Part(Range<u64>, u64),
    /// All of it; the length is known, or is not.
    Whole(Option<u64>),
}

/// What an answer says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Here is something.
    Content(Extent),
    /// It is what it was.
    Unchanged,
    /// It is not what it was, or what was said.
    Changed,
    /// There is nothing.
    NotFound,
    /// It has no such bytes.
    NoSuchRange,
    /// Nothing that makes sense here.
    Nonsense(&'static str),
    /// A home that cannot say anything for an origin: somebody else has to be asked.
    NotForUs,
    /// The origin cannot.
    Failed(StatusCode),
}

impl Said {
    pub(super) fn by(reply: &Reply) -> Self {
        match reply.status {
            StatusCode::OK | StatusCode::PARTIAL_CONTENT if is_encoded(&reply.fields) => {
                Self::Nonsense("it is encoded, and nobody asked for that")
            }
            StatusCode::OK => match length(&reply.fields) {
                Ok(length) => Self::Content(Extent::Whole(length)),
                Err(why) => Self::Nonsense(why),
            },
            StatusCode::PARTIAL_CONTENT => match content_range(&reply.fields) {
                Some((range, total)) => Self::Content(Extent::Part(range, total)),
                None => Self::Nonsense("a part without a place"),
            },
            StatusCode::NOT_MODIFIED => Self::Unchanged,
            StatusCode::PRECONDITION_FAILED => Self::Changed,
            StatusCode::NOT_FOUND | StatusCode::GONE => Self::NotFound,
            // It may be there for somebody, and not for us.
            StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => Self::NotFound,
            StatusCode::RANGE_NOT_SATISFIABLE => Self::NoSuchRange,
            status => Self::Failed(status),
        }
    }
}

impl Said {
    /// What the home of a key answers is the origin's where it may be kept, and its own where not:
    /// that it is not the home, has a purge to carry out, or had no answer itself.
    pub(super) fn by_home(reply: &Reply) -> Self {
        match reply.status {
            StatusCode::OK
            | StatusCode::PARTIAL_CONTENT
            | StatusCode::NOT_MODIFIED
            | StatusCode::RANGE_NOT_SATISFIABLE => Self::by(reply),
            StatusCode::NOT_FOUND if may_be_kept(&reply.fields) => Self::NotFound,
            _ => Self::NotForUs,
        }
    }
}

fn may_be_kept(fields: &HeaderMap) -> bool {
    let lines = fields.get_all(CACHE_CONTROL).iter();
    let directives = Directives::of(lines.map(|line| line.as_bytes()));
    directives.allows_storing() && directives.max_age_s.is_some()
}

fn is_encoded(fields: &HeaderMap) -> bool {
    let encodings = fields.get_all(CONTENT_ENCODING).iter();
    encodings.into_iter().any(|one| !one.as_bytes().eq_ignore_ascii_case(b"identity"))
}

fn length(fields: &HeaderMap) -> Result<Option<u64>, &'static str> {
    let Some(length) = fields.get(CONTENT_LENGTH) else { return Ok(None) };
    let length = number(length.as_bytes()).filter(|length| *length <= MAX_OBJECT_BYTES);
    length.map(Some).ok_or("it is too long")
}

fn number(text: &[u8]) -> Option<u64> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    is_number.then(|| std::str::from_utf8(text).ok()?.parse().ok()).flatten()
}

/// RFC 9110 §14.4: first and last byte, and the length of it all, which must be known.
fn content_range(fields: &HeaderMap) -> Option<(Range<u64>, u64)> {
    let mut lines = fields.get_all(CONTENT_RANGE).iter();
    let (line, None) = (lines.next()?.to_str().ok()?, lines.next()) else { return None };
    let (unit, rest) = line.trim().split_once(' ')?;
    let (range, total) = rest.trim().split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let [first, last, total] = [first, last, total].map(|text| number(text.trim().as_bytes()));
    let (first, last, total) = (first?, last?, total?);
    let makes_sense = unit.eq_ignore_ascii_case("bytes")
        && first <= last
        && last < total
        && total <= MAX_OBJECT_BYTES;
    makes_sense.then(|| (first..last + 1, total))
}

/// What holds the slices of this together.
pub(super) fn validator(fields: &HeaderMap) -> Validator {
    let tag = fields.get(ETAG).map(|tag| tag.as_bytes()).filter(|tag| is_strong(tag));
    if let Some(tag) = tag.and_then(|tag| std::str::from_utf8(tag).ok()) {
        return Validator::Etag(tag.into());
    }
    let instant = |name| parse_date(fields.get(name)?.as_bytes());
    match (instant(LAST_MODIFIED), instant(DATE)) {
        // What was made within this second may be made again within it (RFC 9110 §8.8.2.2).
        (Some(modified), Some(date)) if modified.unix_s() >= date.unix_s() => Validator::Nothing,
        (Some(modified), _) if modified.unix_s() >= 0 => Validator::Modified(modified.unix_s()),
        _ => Validator::Nothing,
    }
}

fn is_strong(tag: &[u8]) -> bool {
    let inside = tag.strip_prefix(b"\"").and_then(|tag| tag.strip_suffix(b"\""));
    let is_plain = |octet: &u8| octet.is_ascii_graphic() && *octet != b'"';
    tag.len() <= MAX_VALIDATOR_LEN && inside.is_some_and(|inside| inside.iter().all(is_plain))
}

/// What is known of content that may be kept.
pub(super) struct Description {
    pub(super) validator: Validator,
    media_type: Option<Arc<str>>,
    modified: Option<TimeUs>,
    tags: Tags,
    pub(super) terms: Terms,
}

impl Description {
    /// `None`: it may not be kept by whoever serves many, or could not be purged as the
    /// origin means it.
    pub(super) fn of(fields: &HeaderMap, exchange: Exchange) -> Option<Self> {
        let freshness = Freshness::of(fields, exchange);
        if !freshness.may_store {
            return None;
        }
        let media_type = fields.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = media_type.filter(|text| text.len() <= MAX_MEDIA_TYPE_LEN);
        Some(Self {
            validator: validator(fields),
            media_type: media_type.map(Into::into),
            modified: fields.get(LAST_MODIFIED).and_then(|value| parse_date(value.as_bytes())),
            tags: tags(fields)?,
            terms: freshness.terms,
        })
    }

    pub(super) fn facts(self, key: ObjectKey, size_bytes: u64) -> Facts {
        let Self { validator, media_type, modified, tags, terms } = self;
        Facts { key, size_bytes, validator, media_type, modified, tags, terms }
    }
}

/// `Cache-Tag` (a list with commas) and `Surrogate-Key` (one with spaces). What is no name of a
/// tag here, nobody can purge by; `None` where there are more than an object can have: a purge
/// would miss it.
fn tags(fields: &HeaderMap) -> Option<Tags> {
    let lines = |name: &'static str| fields.get_all(name).iter().filter_map(|it| it.to_str().ok());
    let by_comma = lines("cache-tag").flat_map(|line| line.split(','));
    let by_space = lines("surrogate-key").flat_map(str::split_whitespace);
    let names = by_comma.chain(by_space).map(|name| name.trim().to_ascii_lowercase());
    let names: BTreeSet<TagName> = names.filter_map(|name| TagName::new(name).ok()).collect();
    (names.len() <= MAX_TAGS).then(|| Tags::new(names.into_iter().collect()).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    fn fields(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut fields = HeaderMap::new();
        for (name, value) in lines {
            let value = HeaderValue::from_str(value).expect("a value");
            fields.append(HeaderName::from_static(name), value);
        }
        fields
    }

    #[test]
    fn parts_say_where_they_belong() {
        let read = |text: &str| content_range(&fields(&[("content-range", text)]));
        assert_eq!(read("bytes 0-9/10"), Some((0..10, 10)));
        assert_eq!(read("Bytes 4-4/10"), Some((4..5, 10)));
        for bad in [
            "bytes */10",
            "bytes 0-9/*",
            "bytes 5-4/10",
            "bytes 0-10/10",
            "bytes -1-4/10",
            "items 0-9/10",
            "bytes 0-9",
            "bytes 0-9/99999999999999999999",
            "",
            "bytes +0-9/10",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
        let twice = [("content-range", "bytes 0-1/10"), ("content-range", "bytes 2-3/10")];
        assert_eq!(content_range(&fields(&twice)), None);
    }

    #[test]
    fn only_what_is_strong_holds_slices_together() {
        const AT: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
        let of = |lines: &[(&'static str, &str)]| validator(&fields(lines));
        assert_eq!(
            of(&[("etag", "\"a\""), ("last-modified", AT)]),
            Validator::Etag("\"a\"".into())
        );
        let modified = Validator::Modified(784_111_777);
        assert_eq!(of(&[("etag", "W/\"a\""), ("last-modified", AT)]), modified);
        assert_eq!(of(&[("last-modified", AT), ("date", AT)]), Validator::Nothing);
        for tag in ["W/\"a\"", "a", "\"", "\"a\"b\"", ""] {
            assert_eq!(of(&[("etag", tag)]), Validator::Nothing, "{tag}");
        }
    }

    #[test]
    fn tags_of_both_fields() {
        let of = |lines: &[(&'static str, &str)]| tags(&fields(lines));
        let both = of(&[("cache-tag", "Show-1, s2, no tag"), ("surrogate-key", "s2 live")]);
        let names: Vec<_> = both.expect("few").as_slice().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["live", "s2", "show-1"]);
        let many: Vec<String> = (0..=MAX_TAGS).map(|tag| format!("t{tag}")).collect();
        assert_eq!(of(&[("surrogate-key", &many.join(" "))]), None);
    }

    proptest! {
        #[test]
        fn any_fields_are_survived(values in prop::collection::vec((prop::sample::select(vec![
            "content-range", "content-length", "etag", "last-modified", "date", "cache-tag",
            "surrogate-key", "content-encoding", "content-type",
        ]), "[ -~]{0,60}|bytes [0-9]{1,21}-[0-9]{1,21}/[0-9]{1,21}"), 0..6)) {
            let lines: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let fields = fields(&lines);
            let (at, _) = (TimeUs(0), length(&fields));
            Description::of(&fields, Exchange { asked: at, answered: at });
            if let Some((range, total)) = content_range(&fields) {
                prop_assert!(range.start < range.end && range.end <= total);
            }
        }
    }
}
