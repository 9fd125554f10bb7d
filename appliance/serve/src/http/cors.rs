//! Cross-origin reading (Fetch standard, CORS protocol) and Timing-Allow-Origin.

use super::answer::FieldSink;
use super::fields::Single;
use super::method::{ALLOWED, Method};
use super::policy::{GroupPolicy, Origins};
use super::request::Request;

/// What a page may see of an answer beyond the safelisted fields.
const EXPOSED: &[u8] = b"Accept-Ranges, Cache-Status, Content-Length, Content-Range, Date, ETag, \
    Server-Timing, Timing-Allow-Origin";

/// What a page may send: the four CMCD fields (CTA-5004 §3) and what players and service
/// workers add to ask for a part or for something newer.
const ACCEPTED: &[u8] = b"CMCD-Object, CMCD-Request, CMCD-Session, CMCD-Status, Range, If-Match, \
    If-Modified-Since, If-None-Match, If-Range, If-Unmodified-Since";

/// What an answer says about who may read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cors<'p> {
    /// Nothing: no group, or not for browsers.
    Silent,
    /// Everybody may, `Origin: null` of a page redirected across origins too.
    Everybody,
    /// It depends on `Origin`, and this one may.
    This(&'p str),
    /// It depends on `Origin`, and this one may not, or none was sent.
    NotThis,
}

impl<'p> Cors<'p> {
    /// What `group` says to `origin`.
    #[must_use]
    pub fn of(group: &'p GroupPolicy, origin: Single<'_>) -> Self {
        match &group.origins {
            Origins::Any => Self::Everybody,
            Origins::Listed(listed) => {
                let sent = origin.value();
                let found = listed.iter().find(|allowed| Some(allowed.as_bytes()) == sent);
                found.map_or(Self::NotThis, |allowed| Self::This(allowed))
            }
        }
    }

    /// The origin that may read, as the fields have it.
    fn allowed(self) -> Option<&'p str> {
        match self {
            Self::Everybody => Some("*"),
            Self::This(origin) => Some(origin),
            Self::Silent | Self::NotThis => None,
        }
    }

    /// Writes the fields of an answer to an actual request.
    pub(super) fn write(self, sink: &mut impl FieldSink) {
        if let Some(origin) = self.allowed() {
            sink.field("Access-Control-Allow-Origin", origin.as_bytes());
            sink.field("Access-Control-Expose-Headers", EXPOSED);
            sink.field("Timing-Allow-Origin", origin.as_bytes());
        }
        self.write_vary(sink);
    }

    /// Caches must tell origins apart wherever the answer does, allowed or not.
    fn write_vary(self, sink: &mut impl FieldSink) {
        if matches!(self, Self::This(_) | Self::NotThis) {
            sink.field("Vary", b"Origin");
        }
    }
}

/// The answer to a preflight. What is not allowed gets no `Access-Control-` field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preflight<'p> {
    cors: Cors<'p>,
    max_age_s: &'p str,
}

impl<'p> Preflight<'p> {
    /// `None` when the request is an OPTIONS of another kind.
    #[must_use]
    pub fn of(group: &'p GroupPolicy, request: &Request<'_>) -> Option<Self> {
        let fields = &request.fields;
        if request.method != Method::Options || !fields.origin.is_sent() {
            return None;
        }
        let asked = Method::of(fields.requested_method.text()?);
        let cors = match asked {
            Method::Other => Cors::NotThis,
            _ => Cors::of(group, fields.origin),
        };
        Some(Self { cors, max_age_s: &group.preflight_max_age_s })
    }

    pub(super) fn write(self, sink: &mut impl FieldSink) {
        if let Some(origin) = self.cors.allowed() {
            sink.field("Access-Control-Allow-Origin", origin.as_bytes());
            sink.field("Access-Control-Allow-Methods", ALLOWED.as_bytes());
            sink.field("Access-Control-Allow-Headers", ACCEPTED);
            sink.field("Access-Control-Max-Age", self.max_age_s.as_bytes());
        }
        self.cors.write_vary(sink);
    }
}
