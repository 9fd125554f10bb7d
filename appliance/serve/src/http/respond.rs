//! What a request means: from a request and an index to an answer.
//!
//! Pure: the index, the time and the miss limit come in as arguments.

use super::answer::{Answer, Body, Kind, MediaType, Representation};
use super::awaited;
use super::cache_control::{self, CacheControl};
use super::cache_status::CacheStatus;
use super::client::ClientPrefix;
use super::cors::{Cors, Preflight};
use super::date::DateText;
use super::demanded::{self, Before, Miss};
use super::etag::EntityTag;
use super::home;
use super::index::{Found, Held, Index};
use super::key;
use super::method::Method;
use super::miss_limit::MissLimit;
use super::peer::{self, PeerObject, Wish};
use super::policy::{GroupPolicy, Policy};
use super::precondition::{self, Outcome, Validators};
use super::range::{self, Wanted};
use super::redirect;
use super::request::Request;
use super::span::Span;
use super::target::Target;
use crate::siblings::Siblings;
use cache::Received;
use cache::received::Validator;
use contract::catalogue::CatalogueEntry;
use contract::config::{ListenerRole, OnMiss};
use contract::path::BadPath;
use contract::tags::Tags;
use contract::time::TimeUs;
use contract::tombstones::BadPurgedUpTo;
use http::StatusCode;
use std::borrow::Cow;

/// What an answer depends on beside the request.
#[derive(Clone, Copy)]
pub struct Context<'p, I> {
    /// The configuration.
    pub policy: &'p Policy,
    /// What is here.
    pub index: &'p I,
    /// Who knows what other boxes of the site hold, if anybody does.
    pub siblings: Option<&'p dyn Siblings>,
    /// How many misses a network may cause.
    pub misses: &'p MissLimit,
    /// Who may ask on this listener.
    pub role: ListenerRole,
    /// Who asks.
    pub client: ClientPrefix,
    /// The time.
    pub now: TimeUs,
    /// What the request has waited for, if it has.
    pub before: Option<Before>,
}

/// An answer, and what the request was about: for counters and the log.
#[derive(Debug)]
pub struct Decision<'p, 'a, H> {
    /// The answer.
    pub answer: Answer<'p, H>,
    /// Whose content was asked for.
    pub group: Option<&'p GroupPolicy>,
    /// The path half of the cache key, once it was understood.
    pub path: Cow<'a, str>,
    /// Somebody else has to be asked first. The answer is for where that cannot be done.
    pub miss: Option<Miss>,
}

/// Decides what to answer.
#[must_use]
pub fn respond<'p, 'a, I: Index>(
    context: &Context<'p, I>,
    request: &Request<'a>,
) -> Decision<'p, 'a, I::Held> {
    let mut decision = decide(context, request);
    if request.method == Method::Head {
        decision.answer = decision.answer.without_body();
    }
    decision
}

fn decide<'p, 'a, I: Index>(
    context: &Context<'p, I>,
    request: &Request<'a>,
) -> Decision<'p, 'a, I::Held> {
    if request.method == Method::Other {
        return about_nothing(not_allowed(context.policy));
    }
    let Target::Resource { host, path, query } = request.target else {
        return about_nothing(options(context.policy, None));
    };
    if path.len() + query.map_or(0, str::len) > context.policy.max_target_bytes {
        return about_nothing(bad_path(context.policy, BadPath::TooLong));
    }
    if context.role == ListenerRole::Peer {
        return for_peer(context, request, path, query);
    }
    let Some(group) = context.policy.group_of_host(host) else {
        return about_nothing(misdirected(context.policy));
    };
    let ((mut answer, miss), path) = match key::path_of(path, query, &group.query_keys) {
        Ok(path) => (for_player(context, request, group, &path), path),
        Err(bad) => ((bad_path(context.policy, bad), None), Cow::Borrowed("")),
    };
    answer.cors = match answer.kind {
        // A preflight has its own fields.
        Kind::Options(Some(_)) => Cors::Silent,
        _ => Cors::of(group, request.fields.origin),
    };
    Decision { answer, group: Some(group), path, miss }
}

fn about_nothing<'p, H>(answer: Answer<'p, H>) -> Decision<'p, 'static, H> {
    Decision { answer, group: None, path: Cow::Borrowed(""), miss: None }
}

fn for_player<'p, I: Index>(
    context: &Context<'p, I>,
    request: &Request<'_>,
    group: &'p GroupPolicy,
    path: &str,
) -> (Answer<'p, I::Held>, Option<Miss>) {
    if request.method == Method::Options {
        return (options(context.policy, Preflight::of(group, request)), None);
    }
    let found = context.index.find(&group.name, path);
    match (found, group.on_miss) {
        (Found::Unknown, OnMiss::Proxy) => demanded::decide(context, request, group, path),
        (Found::Wanted, OnMiss::Proxy) => awaited::wanted(context, request, group, path),
        (Found::Arriving(coming), OnMiss::Proxy) => {
            awaited::arriving(context, request, group, (path, coming))
        }
        (Found::Arriving(_) | Found::Wanted | Found::Unknown, OnMiss::Redirect)
            if !redirect::is_marked(request.query()) =>
        {
            redirect::decide(context, request, group, path)
        }
        (found, _) => (of_manifest(context, request, group, found), None),
    }
}

/// What a manifest names, or nobody has told the box of.
fn of_manifest<'p, I: Index>(
    context: &Context<'p, I>,
    request: &Request<'_>,
    group: &'p GroupPolicy,
    found: Found<I::Held>,
) -> Answer<'p, I::Held> {
    match found {
        Found::Held(held) if held.entry().is_served_at(context.now) => {
            let keep = CacheControl::of(group, held.entry(), context.now);
            awaited::as_brought(context, group, select(context, request, held, keep))
        }
        Found::Held(_) => missing(context.policy, CacheStatus::NotServedNow),
        found if !context.misses.allows(context.client, context.now) => {
            debug_assert!(!matches!(found, Found::Held(_)), "hits are never limited");
            too_many_misses(context.policy)
        }
        Found::Arriving(_) | Found::Wanted => missing(context.policy, CacheStatus::Wanted),
        Found::Unknown => missing(context.policy, CacheStatus::Unknown),
    }
}

/// A sibling box fills ahead of the rights window and keeps to it by itself; browsers and
/// their rules play no part, and siblings are not counted as guessing. What is still arriving
/// here goes on to them as it comes, so that it crosses the provider's edge once and a site
/// waits for one transfer, not for two in a row. Who goes before this box is not given what this
/// box has from siblings: it may be the very one that is waited for.
fn for_peer<'p, 'a, I: Index>(
    context: &Context<'p, I>,
    request: &Request<'a>,
    path: &'a str,
    query: Option<&'a str>,
) -> Decision<'p, 'a, I::Held> {
    if request.method == Method::Options {
        return about_nothing(options(context.policy, None));
    }
    let asked = match peer::object_of(context.policy, path, query) {
        Ok(Some(asked)) => asked,
        Ok(None) => return about_nothing(missing(context.policy, CacheStatus::Unknown)),
        Err(bad) => return about_nothing(bad_path(context.policy, bad)),
    };
    match asked.what {
        Wish::Held => {}
        Wish::ForViewer => {
            let answer = as_a_viewer_would(context, request, &asked);
            return Decision { answer, group: Some(asked.group), path: asked.path, miss: None };
        }
        Wish::Demanded => {
            let (answer, miss) = home::decide(context, request, asked.group, &asked.path);
            return Decision { answer, group: Some(asked.group), path: asked.path, miss };
        }
    }
    let fields = &request.fields;
    let only_if_cached = cache_control::is_only_if_cached(fields);
    let is_it = |entry: &CatalogueEntry| precondition::is_meant(fields, &entry.blake3);
    let found = context.index.find_version(&asked.group.name, &asked.path, is_it);
    let miss = awaited::hastened(context, request, asked.group, &asked.path, &found);
    let answer = match found {
        Found::Arriving(coming) if only_if_cached && !coming.is_from_beyond() => {
            not_cached(context.policy)
        }
        Found::Wanted if only_if_cached => not_cached(context.policy),
        Found::Held(held) | Found::Arriving(held) => {
            select(context, request, held, CacheControl::NoStore)
        }
        Found::Wanted => missing(context.policy, CacheStatus::Wanted),
        Found::Unknown => missing(context.policy, CacheStatus::Unknown),
    };
    Decision { answer, group: Some(asked.group), path: asked.path, miss }
}

/// What a viewer would be given, for a sibling that would send him here. Where that one has
/// carried out purges that this box has not, the viewer would be given what it has just refused.
fn as_a_viewer_would<'p, I: Index>(
    context: &Context<'p, I>,
    request: &Request<'_>,
    asked: &PeerObject<'p, '_>,
) -> Answer<'p, I::Held> {
    match peer::purged_up_to(&request.fields) {
        Ok(Some(theirs)) if context.index.purged_up_to().covers(theirs) => {}
        // Who does not say how far it has come may be further.
        Ok(_) => return missing(context.policy, CacheStatus::PurgePending),
        Err(BadPurgedUpTo) => return bad_question(context.policy),
    }
    match context.index.find(&asked.group.name, &asked.path) {
        Found::Held(held) if held.entry().is_served_at(context.now) => {
            select(context, request, held, CacheControl::NoStore)
        }
        Found::Held(_) => missing(context.policy, CacheStatus::NotServedNow),
        Found::Arriving(_) | Found::Wanted => missing(context.policy, CacheStatus::Wanted),
        Found::Unknown => missing(context.policy, CacheStatus::Unknown),
    }
}

/// The representation is here: conditions first, then ranges (RFC 9110 §13.2.2).
pub(super) fn select<'p, I: Index>(
    context: &Context<'p, I>,
    request: &Request<'_>,
    held: I::Held,
    keep: CacheControl,
) -> Answer<'p, I::Held> {
    let entry = held.entry();
    // RFC 9110 §8.8.2.1: not later than the answer itself.
    let modified = entry.modified_us.min(context.now);
    let facts = held.received().map(Received::facts);
    let etag = match facts.map(|facts| &facts.validator) {
        Some(Validator::Etag(tag)) => EntityTag::received(tag),
        _ => None,
    };
    let etag = etag.unwrap_or_else(|| EntityTag::of(&entry.blake3));
    let validators = Validators { etag, modified_s: modified.unix_s().max(0) };
    let by_path = || {
        let path = entry.path.split('?').next().unwrap_or(&entry.path);
        MediaType::OfPath(contract::media::type_of(path))
    };
    let media_type = facts.and_then(|facts| facts.media_type.clone());
    let is_dated = facts.is_none_or(|facts| facts.modified.is_some());
    let whole = Representation {
        media_type: media_type.map_or_else(by_path, MediaType::Received),
        length: entry.size_bytes,
        etag: Some(validators.etag),
        modified: is_dated.then(|| DateText::of(modified)),
        tags: Tags::default(),
    };
    let length = whole.length;
    let (status, kind, keep, span) = match precondition::evaluate(&request.fields, &validators) {
        Outcome::Failed => return precondition_failed(context.policy),
        Outcome::NotModified => (StatusCode::NOT_MODIFIED, Kind::NotModified(whole), keep, None),
        Outcome::Proceed => match range_of(request, &validators, length) {
            Wanted::Unsatisfiable => return unsatisfiable(context.policy, length),
            Wanted::Whole => (StatusCode::OK, Kind::Whole(whole), keep, Some((0, length))),
            Wanted::Part { start, end } => {
                let kind = Kind::Part(whole, start, end - 1);
                (StatusCode::PARTIAL_CONTENT, kind, keep, Some((start, end)))
            }
        },
    };
    let body = match span {
        Some((start, end)) if start < end => Body::Span(Span { object: held, start, end }),
        _ => Body::Empty,
    };
    let refusal = Answer::refusal(status, "", &context.policy.cache_name);
    Answer { body, kind, cache_control: Some(keep), cache_status: CacheStatus::Hit, ..refusal }
}

/// `Range` is defined for GET alone (RFC 9110 §14.2).
fn range_of(request: &Request<'_>, validators: &Validators, length: u64) -> Wanted {
    let fields = &request.fields;
    match fields.range.value() {
        Some(value)
            if request.method == Method::Get
                && precondition::range_applies(fields.if_range, validators) =>
        {
            range::wanted(value, length)
        }
        _ => Wanted::Whole,
    }
}

fn options<'p, H>(policy: &'p Policy, preflight: Option<Preflight<'p>>) -> Answer<'p, H> {
    let refusal = Answer::refusal(StatusCode::NO_CONTENT, "", &policy.cache_name);
    let kind = Kind::Options(preflight);
    Answer { body: Body::Empty, kind, cache_control: None, ..refusal }
}

fn not_allowed<H>(policy: &Policy) -> Answer<'_, H> {
    let words = "Only GET, HEAD and OPTIONS are allowed here.\n";
    let refusal = Answer::refusal(StatusCode::METHOD_NOT_ALLOWED, words, &policy.cache_name);
    Answer { kind: Kind::NotAllowed, ..refusal }
}

/// 421, not 404 (RFC 9110 §15.5.20): a browser that took this connection for another name
/// of the same certificate (RFC 9113 §9.1.1) then opens one of its own; a 404 it would
/// believe.
fn misdirected<H>(policy: &Policy) -> Answer<'_, H> {
    let words = "No content group of this box has this host name.\n";
    Answer::refusal(StatusCode::MISDIRECTED_REQUEST, words, &policy.cache_name)
}

fn bad_path<H>(policy: &Policy, bad: BadPath) -> Answer<'_, H> {
    let (status, words) = match bad {
        BadPath::TooLong => (StatusCode::URI_TOO_LONG, "The target is too long.\n"),
        _ => (StatusCode::BAD_REQUEST, "The path cannot name an object.\n"),
    };
    Answer::refusal(status, words, &policy.cache_name)
}

pub(super) fn bad_question<H>(policy: &Policy) -> Answer<'_, H> {
    let words = "How far it has purged cannot be understood.\n";
    Answer::refusal(StatusCode::BAD_REQUEST, words, &policy.cache_name)
}

pub(super) fn missing<H>(policy: &Policy, cache_status: CacheStatus) -> Answer<'_, H> {
    let words = "There is no such object here.\n";
    let refusal = Answer::refusal(StatusCode::NOT_FOUND, words, &policy.cache_name);
    Answer { cache_status, ..refusal }
}

/// RFC 9111 §5.2.1.7.
fn not_cached<H>(policy: &Policy) -> Answer<'_, H> {
    let words = "The object is not here yet.\n";
    let refusal = Answer::refusal(StatusCode::GATEWAY_TIMEOUT, words, &policy.cache_name);
    Answer { cache_status: CacheStatus::Wanted, ..refusal }
}

pub(super) fn too_many_misses<H>(policy: &Policy) -> Answer<'_, H> {
    let words = "Too many requests for what is not here.\n";
    let refusal = Answer::refusal(StatusCode::TOO_MANY_REQUESTS, words, &policy.cache_name);
    Answer { kind: Kind::Later, cache_status: CacheStatus::MissLimit, ..refusal }
}

fn precondition_failed<H>(policy: &Policy) -> Answer<'_, H> {
    let words = "The object is not the one that was meant.\n";
    Answer::refusal(StatusCode::PRECONDITION_FAILED, words, &policy.cache_name)
}

fn unsatisfiable<H>(policy: &Policy, length: u64) -> Answer<'_, H> {
    let words = "The object has no such bytes.\n";
    let refusal = Answer::refusal(StatusCode::RANGE_NOT_SATISFIABLE, words, &policy.cache_name);
    Answer { kind: Kind::Unsatisfiable(length), cache_status: CacheStatus::Hit, ..refusal }
}
