//! What a request leads to in a group whose viewers are redirected: to a box of the site that
//! would serve it, one hop and no further.
//!
//! The query goes along as it is, tokens and all: what is signed is what the player was given.
//! Behind it stands [`REDIRECTED`], and whoever gets a request with that answers by itself.

use super::answer::{Answer, Body, Kind};
use super::cache_status::CacheStatus;
use super::demanded::{Miss, Whom};
use super::index::Index;
use super::policy::GroupPolicy;
use super::request::Request;
use super::respond::{Context, missing, too_many_misses};
use super::target::Target;
use crate::siblings::Sibling;
use contract::exchange::REDIRECTED;
use contract::object::ObjectKey;
use contract::path;
use http::StatusCode;

/// Whether another box has sent the viewer here.
pub(super) fn is_marked(query: Option<&str>) -> bool {
    let name = |argument: &str| argument.split_once('=').map_or(argument, |(name, _)| name).len();
    let is_mark = |argument: &str| argument.get(..name(argument)) == Some(REDIRECTED);
    query.is_some_and(|query| query.split('&').any(is_mark))
}

/// Decides about a path that this box does not hold.
pub(super) fn decide<'p, I: Index>(
    context: &Context<'p, I>,
    request: &Request<'_>,
    group: &'p GroupPolicy,
    path: &str,
) -> (Answer<'p, I::Held>, Option<Miss>) {
    let key = ObjectKey { group: group.name.clone(), path: path.into() };
    let siblings = context.siblings;
    let known = siblings.map_or(Sibling::Nobody, |siblings| siblings.known(&key, context.now));
    if let Sibling::At(authority) = &known
        && let Some(location) = location(context, request, authority)
    {
        return (redirect(context, location), None);
    }
    // Whoever has waited was counted before anybody was asked for him: a scan of guesses costs
    // the site no more than this box.
    let has_waited = context.before.is_some();
    if !has_waited && !context.misses.allows(context.client, context.now) {
        return (too_many_misses(context.policy), None);
    }
    let must_ask = known == Sibling::Ask && !has_waited;
    let miss = must_ask.then_some(Miss { key, whom: Whom::Siblings });
    (missing(context.policy, CacheStatus::NoSibling), miss)
}

fn redirect<'p, I: Index>(context: &Context<'p, I>, location: String) -> Answer<'p, I::Held> {
    let words = "Another box of this site has it.\n";
    let refusal =
        Answer::refusal(StatusCode::TEMPORARY_REDIRECT, words, &context.policy.cache_name);
    let kind = Kind::Redirect(location.into());
    Answer { kind, cache_status: CacheStatus::Redirected, body: Body::Words(words), ..refusal }
}

/// The same resource at another authority, marked. `None` where it could not be named there
/// without doubt: too long, or with octets that no URI has.
fn location<I>(context: &Context<'_, I>, request: &Request<'_>, authority: &str) -> Option<String> {
    let Target::Resource { path: raw, query, .. } = request.target else { return None };
    let path = path::normalise(raw).ok()?;
    let location = match query {
        Some(query) => format!("https://{authority}{path}?{query}&{REDIRECTED}"),
        None => format!("https://{authority}{path}?{REDIRECTED}"),
    };
    let target = location.len() - "https://".len() - authority.len();
    // A fragment would swallow the mark.
    let is_plain = location.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'#');
    (is_plain && target <= context.policy.max_target_bytes).then_some(location)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_known_by_its_name() {
        for marked in ["headend-redirected", "a=b&headend-redirected", "headend-redirected=1&a"] {
            assert!(is_marked(Some(marked)), "{marked}");
        }
        let unmarked = [None, Some(""), Some("headend-redirected2"), Some("a=headend-redirected")];
        for unmarked in unmarked {
            assert!(!is_marked(unmarked), "{unmarked:?}");
        }
    }
}
