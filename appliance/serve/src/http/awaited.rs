//! What a request leads to for something that a manifest names and that has not come, in a group
//! that is filled by demand: it is brought now, and given as it comes.
//!
//! What was received under the same key before anybody ordered it plays no part: that is another
//! thing, which no hash of the catalogue vouches for.

use super::answer::{Answer, Body};
use super::cache_control::CacheControl;
use super::cache_status::CacheStatus;
use super::demanded::{self, Before, Miss, Whom};
use super::index::{Found, Held, Index};
use super::method::Method;
use super::policy::GroupPolicy;
use super::request::Request;
use super::respond::{Context, missing, select};
use cache::received::{Absence, Ordered};
use contract::config::OnMiss;
use contract::object::ObjectKey;

/// What the field says with which a box asks another for what a viewer waits for (RFC 9651).
const TRUE: &[u8] = contract::exchange::TRUE.as_bytes();

/// Decides about what a viewer asks for and of which nothing is here.
pub(super) fn wanted<'p, I: Index>(
    context: &Context<'p, I>,
    request: &Request<'_>,
    group: &'p GroupPolicy,
    path: &str,
) -> (Answer<'p, I::Held>, Option<Miss>) {
    ask(context, group, path, demanded::offset(request))
}

/// Decides about what is on its way: what there is of it is given, and the rest as it comes.
pub(super) fn arriving<'p, I: Index>(
    context: &Context<'p, I>,
    request: &Request<'_>,
    group: &'p GroupPolicy,
    (path, coming): (&str, I::Held),
) -> (Answer<'p, I::Held>, Option<Miss>) {
    if !coming.entry().is_served_at(context.now) {
        return (missing(context.policy, CacheStatus::NotServedNow), None);
    }
    let keep = CacheControl::of(group, coming.entry(), context.now);
    let answer = as_brought(context, group, select(context, request, coming, keep));
    match lacking(request, &answer) {
        Some(offset) if demanded::may_ask(context) => ask(context, group, path, offset),
        // Others wait for other parts of it: it comes.
        _ => (answer, None),
    }
}

/// What was ordered is here because this request has waited for it.
pub(super) fn as_brought<'p, I: Index>(
    context: &Context<'p, I>,
    group: &GroupPolicy,
    answer: Answer<'p, I::Held>,
) -> Answer<'p, I::Held> {
    match (context.before, answer.cache_status) {
        (Some(Before { is_collapsed, .. }), CacheStatus::Hit) if group.on_miss == OnMiss::Proxy => {
            Answer { cache_status: CacheStatus::Brought { is_collapsed }, ..answer }
        }
        _ => answer,
    }
}

/// What is to be brought here for a sibling that a viewer waits at, once for a request.
pub(super) fn hastened<I: Index>(
    context: &Context<'_, I>,
    request: &Request<'_>,
    group: &GroupPolicy,
    path: &str,
    found: &Found<I::Held>,
) -> Option<Miss> {
    let is_awaited = request.fields.awaited.value() == Some(TRUE);
    if !is_awaited || group.on_miss != OnMiss::Proxy || context.before.is_some() {
        return None;
    }
    let offset = demanded::offset(request);
    let is_lacking = match found {
        Found::Wanted => true,
        Found::Arriving(coming) => !coming.has_byte(offset),
        Found::Held(_) | Found::Unknown => false,
    };
    let key = || ObjectKey { group: group.name.clone(), path: path.into() };
    is_lacking.then(|| Miss { key: key(), whom: Whom::Filler { offset } })
}

/// The first byte that is to be given and is not here.
fn lacking<H: Held>(request: &Request<'_>, answer: &Answer<'_, H>) -> Option<u64> {
    let Body::Span(span) = &answer.body else { return None };
    let is_here = request.method == Method::Head || span.object.has_byte(span.start);
    (!is_here).then_some(span.start)
}

fn ask<'p, I: Index>(
    context: &Context<'p, I>,
    group: &'p GroupPolicy,
    path: &str,
    offset: u64,
) -> (Answer<'p, I::Held>, Option<Miss>) {
    let asked = context.before.map(|before| before.at);
    match context.index.find_ordered((&group.name, path), asked, context.now) {
        Ordered::Withheld => (missing(context.policy, CacheStatus::NotServedNow), None),
        Ordered::InVain => (demanded::nothing(context, group, Absence::NoAnswer), None),
        Ordered::Ask => {
            let key = ObjectKey { group: group.name.clone(), path: path.into() };
            let miss = demanded::miss(context, key, offset, false);
            // What is said where nobody can be asked.
            (demanded::absent(context, Absence::NoAnswer), miss)
        }
    }
}
