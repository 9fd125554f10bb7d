//! What is asked of an origin, or of the home of a key, for content that nobody ordered: a path,
//! not an object.

use crate::fetch::{Fetcher, deepest};
use crate::upstream::{Body, FetchFailed, Promise};
use cache::received::Validator;
use contract::exchange::{PURGED_UP_TO, demanded_path};
use contract::object::ObjectKey;
use contract::sources::{Source, SourceKind};
use contract::tombstones::PurgedUpTo;
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::header::{
    ACCEPT_ENCODING, HOST, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE, RANGE,
};
use hyper::{HeaderMap, Request, StatusCode};
use std::ops::Range;
use std::time::{Duration, SystemTime};

/// The fields of an answer may have so many octets together. What a video origin has to say
/// takes one of them.
const MOST_FIELD_OCTETS: usize = 16 << 10;

/// What must hold for an origin to give the content.
#[derive(Debug, Clone, Copy)]
pub enum Condition<'a> {
    /// Nothing.
    None,
    /// It is still what it was: else 412.
    Unchanged(&'a Validator),
    /// It is something else: else 304.
    Changed(&'a Validator),
}

/// What an origin is asked for.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// Whom.
    pub source: &'a Source,
    /// What. Its path has the query that is part of the key.
    pub key: &'a ObjectKey,
    /// How far this box has come with purges: the home of a key must have, too.
    pub purged: PurgedUpTo,
    /// Which part; `None` for all of it.
    pub range: Option<Range<u64>>,
    /// On which condition.
    pub condition: Condition<'a>,
}

/// An answer: its head, and the content as it comes.
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its fields.
    pub fields: HeaderMap,
    /// Its content.
    pub body: Box<dyn Body>,
}

/// Whoever can be asked.
pub trait Origins: Send + Sync {
    /// Asks an origin. Any status is an answer.
    fn ask<'a>(&'a self, asked: Asked<'a>) -> Promise<'a, Result<Reply, FetchFailed>>;
}

impl Origins for Fetcher {
    fn ask<'a>(&'a self, asked: Asked<'a>) -> Promise<'a, Result<Reply, FetchFailed>> {
        Box::pin(self.ask_origin(asked))
    }
}

impl Fetcher {
    async fn ask_origin(&self, asked: Asked<'_>) -> Result<Reply, FetchFailed> {
        let response = self.send(asked.source, request(&asked)?).await?;
        let (head, incoming) = response.into_parts();
        let octets = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
            name.as_str().len() + value.len()
        };
        if head.headers.iter().map(octets).sum::<usize>() > MOST_FIELD_OCTETS {
            let reason = "the fields of its answer are too many".to_owned();
            return Err(FetchFailed::Connection(reason));
        }
        let body = self.body(incoming);
        Ok(Reply { status: head.status, fields: head.headers, body })
    }
}

fn request(asked: &Asked<'_>) -> Result<Request<Empty<Bytes>>, FetchFailed> {
    let unusable = |what: String| FetchFailed::Unusable(what);
    let Asked { source, key, purged, range, condition } = asked;
    let request = match (&source.origin, &source.kind) {
        (Some(origin), _) => {
            Request::get(format!("{}{}", origin.prefix, key.path)).header(HOST, &origin.host)
        }
        (None, SourceKind::Peer(_)) => Request::get(demanded_path(key))
            .header(HOST, source.tls_name.as_deref().unwrap_or_default())
            .header(PURGED_UP_TO, purged.to_string()),
        (None, _) => return Err(unusable("it is no origin".to_owned())),
    };
    let mut request = request
        // What is kept is cut into slices of what viewers get.
        .header(ACCEPT_ENCODING, "identity");
    if let Some(range) = range {
        let last = range.end.saturating_sub(1);
        request = request.header(RANGE, format!("bytes={}-{last}", range.start));
    }
    let condition = match *condition {
        Condition::None => None,
        Condition::Unchanged(validator) => field(validator, IF_MATCH, IF_UNMODIFIED_SINCE),
        Condition::Changed(validator) => field(validator, IF_NONE_MATCH, IF_MODIFIED_SINCE),
    };
    if let Some((name, value)) = condition {
        request = request.header(name, value);
    }
    request.body(Empty::new()).map_err(|err| unusable(deepest(&err)))
}

fn field<T>(validator: &Validator, by_tag: T, by_date: T) -> Option<(T, String)> {
    match validator {
        Validator::Etag(tag) => Some((by_tag, tag.to_string())),
        Validator::Modified(s) => {
            let since = Duration::from_secs(u64::try_from(*s).ok()?);
            Some((by_date, httpdate::fmt_http_date(SystemTime::UNIX_EPOCH.checked_add(since)?)))
        }
        Validator::Nothing => None,
    }
}
