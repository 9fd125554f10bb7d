//! An answer: status, fields, and where its body comes from.
//!
//! Nothing is copied or allocated to make one. Fields are written into whatever the
//! engine frames with ([`FieldSink`]); a body of content is a [`Span`] that the engine
//! pulls block by block, when the connection can take more.

use super::cache_control::CacheControl;
use super::cache_status::CacheStatus;
use super::cors::{Cors, Preflight};
use super::date::DateText;
use super::etag::EntityTag;
use super::method::ALLOWED;
use super::span::Span;
use super::stack_text::StackText;
use cache::ReadFailed;
use cache::received::Absence;
use contract::tags::Tags;
use http::StatusCode;
use std::sync::Arc;

/// Takes the fields of an answer, one by one.
pub trait FieldSink {
    /// Takes one field.
    fn field(&mut self, name: &'static str, value: &[u8]) {
        self.field_of(name, &[value]);
    }

    /// Takes one field whose value is in pieces.
    fn field_of(&mut self, name: &'static str, value: &[&[u8]]);
}

/// Where a body comes from.
#[derive(Debug)]
pub enum Body<H> {
    /// There is none.
    Empty,
    /// A few words about what went wrong.
    Words(&'static str),
    /// Bytes of an object.
    Span(Span<H>),
}

/// What is said of the representation.
#[derive(Debug, Clone)]
pub struct Representation {
    /// `Content-Type`.
    pub media_type: MediaType,
    /// The whole of it.
    pub length: u64,
    /// Its strong validator; none, where a sibling is told what the origin said.
    pub etag: Option<EntityTag>,
    /// When it was made, where that is known.
    pub modified: Option<DateText>,
    /// What it can be purged by: for siblings.
    pub tags: Tags,
}

/// What kind of content something is.
#[derive(Debug, Clone)]
pub enum MediaType {
    /// By its path.
    OfPath(&'static str),
    /// As its origin says.
    Received(Arc<str>),
}

impl MediaType {
    fn as_str(&self) -> &str {
        match self {
            Self::OfPath(text) => text,
            Self::Received(text) => text,
        }
    }
}

/// The fields that differ between kinds of answer.
#[derive(Debug, Clone)]
pub(super) enum Kind<'p> {
    /// 200: the whole.
    Whole(Representation),
    /// 206: from, up to and including.
    Part(Representation, u64, u64),
    /// 304.
    NotModified(Representation),
    /// 416: the length that was missed.
    Unsatisfiable(u64),
    /// 405.
    NotAllowed,
    /// 429.
    Later,
    /// 204 to OPTIONS.
    Options(Option<Preflight<'p>>),
    /// 307: where to.
    Redirect(Box<str>),
    /// Any other refusal.
    Refusal,
}

/// An answer.
#[derive(Debug)]
pub struct Answer<'p, H> {
    /// The status code.
    pub status: StatusCode,
    /// The body; `Empty` for HEAD, whatever the fields say.
    pub body: Body<H>,
    /// How it came about.
    pub cache_status: CacheStatus,
    pub(super) kind: Kind<'p>,
    pub(super) cache_control: Option<CacheControl>,
    /// How old it is, where it came from an origin.
    pub(super) age_s: Option<u64>,
    pub(super) cors: Cors<'p>,
    pub(super) cache_name: &'p str,
    pub(super) words_length: usize,
}

/// Names the software, not its version: versions help attackers only.
const SERVER: &[u8] = b"headend";

impl<'p, H> Answer<'p, H> {
    /// A refusal with a few words.
    pub(super) fn refusal(status: StatusCode, words: &'static str, cache_name: &'p str) -> Self {
        Self {
            status,
            body: Body::Words(words),
            cache_status: CacheStatus::Silent,
            kind: Kind::Refusal,
            cache_control: Some(CacheControl::NoStore),
            age_s: None,
            cors: Cors::Silent,
            cache_name,
            words_length: words.len(),
        }
    }

    /// The same answer after its first block could not be had: 404, which no player takes
    /// for the end of the title as it does a 5xx. A sibling that asked for what was coming, and
    /// does not now, learns that it is wanted still.
    #[must_use]
    pub fn unreadable(self, failed: &ReadFailed) -> Self {
        let words = "This object cannot be read here.\n";
        let refusal = Self::refusal(StatusCode::NOT_FOUND, words, self.cache_name);
        let cache_status = match (failed, self.cache_status) {
            (_, CacheStatus::Fresh { .. }) => {
                CacheStatus::Absent { why: Absence::NoAnswer, forward: None }
            }
            (_, CacheStatus::Forwarded { forward, .. }) => {
                CacheStatus::Absent { why: Absence::NoAnswer, forward: Some(forward) }
            }
            (ReadFailed::NotComing { .. }, _) => CacheStatus::Wanted,
            _ => CacheStatus::Unreadable,
        };
        Self { cache_status, cors: self.cors, ..refusal }
    }

    /// Takes the span out of the body, where it is one; words stay.
    pub fn take_span(&mut self) -> Option<Span<H>> {
        match std::mem::replace(&mut self.body, Body::Empty) {
            Body::Span(span) => Some(span),
            other => {
                self.body = other;
                None
            }
        }
    }

    /// Says which tier the first block came from.
    pub fn hit_from(&mut self, tier: cache::Tier) {
        if self.cache_status == CacheStatus::Hit {
            self.cache_status = CacheStatus::HitFrom(tier);
        }
        if let CacheStatus::Fresh { tier: place, .. } = &mut self.cache_status {
            *place = Some(tier);
        }
    }

    /// The same answer with its header only.
    pub(super) fn without_body(self) -> Self {
        Self { body: Body::Empty, ..self }
    }

    /// How many bytes the body has, or would have for GET; `None` where the status has none.
    #[must_use]
    pub fn content_length(&self) -> Option<u64> {
        match &self.kind {
            Kind::Whole(whole) => Some(whole.length),
            Kind::Part(_, first, last) => Some(last - first + 1),
            Kind::NotModified(_) | Kind::Options(_) => None,
            Kind::Unsatisfiable(_)
            | Kind::NotAllowed
            | Kind::Later
            | Kind::Redirect(_)
            | Kind::Refusal => u64::try_from(self.words_length).ok(),
        }
    }

    /// Which bytes a 206 carries: first and last.
    #[must_use]
    pub fn part(&self) -> Option<(u64, u64)> {
        match &self.kind {
            Kind::Part(_, first, last) => Some((*first, *last)),
            _ => None,
        }
    }

    /// Writes all fields but those of the connection. `date` is that of the answer.
    pub fn write_fields(&self, date: &DateText, sink: &mut impl FieldSink) {
        sink.field("Date", date.as_bytes());
        sink.field("Server", SERVER);
        self.write_kind(sink);
        if let Some(length) = self.content_length() {
            number(sink, "Content-Length", format_args!("{length}"));
        }
        if let Some(age_s) = self.age_s {
            number(sink, "Age", format_args!("{age_s}"));
        }
        if let Some(cache_control) = self.cache_control {
            cache_control.write(sink);
        }
        self.cache_status.write(self.cache_name, sink);
        self.cors.write(sink);
    }

    fn write_kind(&self, sink: &mut impl FieldSink) {
        match &self.kind {
            Kind::Whole(whole) => representation(whole, sink),
            Kind::Part(whole, first, last) => {
                let length = whole.length;
                number(sink, "Content-Range", format_args!("bytes {first}-{last}/{length}"));
                representation(whole, sink);
            }
            // RFC 9110 §15.4.5: what updates a stored answer, nothing else.
            Kind::NotModified(whole) => {
                if let Some(etag) = &whole.etag {
                    sink.field("ETag", etag.as_bytes());
                }
            }
            Kind::Unsatisfiable(length) => {
                number(sink, "Content-Range", format_args!("bytes */{length}"));
            }
            Kind::NotAllowed => sink.field("Allow", ALLOWED.as_bytes()),
            Kind::Later => sink.field("Retry-After", b"1"),
            Kind::Options(Some(preflight)) => preflight.write(sink),
            Kind::Options(None) => sink.field("Allow", ALLOWED.as_bytes()),
            Kind::Redirect(location) => sink.field("Location", location.as_bytes()),
            Kind::Refusal => {}
        }
        if self.words_length > 0 {
            sink.field("Content-Type", b"text/plain; charset=utf-8");
        }
    }
}

fn representation(whole: &Representation, sink: &mut impl FieldSink) {
    sink.field("Content-Type", whole.media_type.as_str().as_bytes());
    if let Some(etag) = &whole.etag {
        sink.field("ETag", etag.as_bytes());
    }
    for tag in whole.tags.as_slice() {
        sink.field("Cache-Tag", tag.as_str().as_bytes());
    }
    if let Some(modified) = &whole.modified {
        sink.field("Last-Modified", modified.as_bytes());
    }
    sink.field("Accept-Ranges", b"bytes");
}

/// Three numbers of 20 digits and some words always fit.
fn number(sink: &mut impl FieldSink, name: &'static str, value: std::fmt::Arguments<'_>) {
    if let Some(text) = StackText::<80>::of(value) {
        sink.field(name, text.as_bytes());
    }
}
