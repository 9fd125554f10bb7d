//! What a request for something that no manifest names leads to, in a group that is filled by
//! demand.
//!
//! The meaning of a request stays a pure function: where origins have to be asked first, the
//! decision says so ([`Miss`]), the engine has that done, waits, and asks for the meaning again
//! with what it has waited for ([`Before`]).

use super::answer::Answer;
use super::cache_control::CacheControl;
use super::cache_status::{CacheStatus, Forward};
use super::index::{Demanded, Held, Index};
use super::policy::GroupPolicy;
use super::range::{self, Wanted};
use super::request::Request;
use super::respond::{Context, missing, select, too_many_misses};
use cache::received::{Absence, Terms};
use contract::object::ObjectKey;
use contract::slices::MAX_OBJECT_BYTES;
use contract::time::TimeUs;

/// So often origins are asked for one request: what they said may have been purged or evicted
/// before it was looked at.
const MOST_TRIES: u8 = 3;

/// Somebody else has to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    /// For what.
    pub key: ObjectKey,
    /// Who.
    pub whom: Whom,
}

/// Who has to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// The origins of the group.
    Origins {
        /// The byte that is wanted first.
        offset: u64,
        /// Something is here, and stale.
        is_stale: bool,
    },
    /// The other boxes of the site.
    Siblings,
    /// Whoever fills this box, to do so now, for a sibling.
    Filler {
        /// The byte that is wanted first.
        offset: u64,
    },
}

/// What a request has waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// When it came.
    pub at: TimeUs,
    /// Why origins were asked.
    pub forward: Forward,
    /// They were being asked already.
    pub is_collapsed: bool,
    tries: u8,
}

impl Before {
    /// Origins were asked for a request that came at `at`, and perhaps were asked before.
    #[must_use]
    pub fn after(before: Option<Self>, miss: &Miss, is_first: bool, at: TimeUs) -> Self {
        let tries = before.map_or(1, |before| before.tries.saturating_add(1));
        let is_stale = matches!(miss.whom, Whom::Origins { is_stale: true, .. });
        let forward = if is_stale { Forward::Stale } else { Forward::UriMiss };
        // What came first is why: later tries are for the sake of the same.
        let forward = before.map_or(forward, |before| before.forward);
        let is_collapsed = before.map_or(!is_first, |before| before.is_collapsed);
        Self { at: before.map_or(at, |before| before.at), forward, is_collapsed, tries }
    }
}

/// Decides about a path that no manifest names.
pub(super) fn decide<'p, I: Index>(
    context: &Context<'p, I>,
    request: &Request<'_>,
    group: &'p GroupPolicy,
    path: &str,
) -> (Answer<'p, I::Held>, Option<Miss>) {
    let asked = context.before.map(|before| before.at);
    match context.index.find_demanded(&group.name, path, asked, context.now) {
        Demanded::Usable(held) => (usable(context, request, held), None),
        Demanded::Withheld => (missing(context.policy, CacheStatus::NotServedNow), None),
        Demanded::Absent(why) => (nothing(context, group, why), None),
        // Who has guessed too often has no origin asked what it makes of more.
        Demanded::Ask(false)
            if context.misses.is_guessing(context.client, &group.name, context.now) =>
        {
            (too_many_misses(context.policy), None)
        }
        Demanded::Ask(is_stale) => {
            let key = ObjectKey { group: group.name.clone(), path: path.into() };
            let miss = miss(context, key, offset(request), is_stale);
            // What is said where nobody can be asked.
            (absent(context, Absence::NoAnswer), miss)
        }
    }
}

/// Nothing is there. That counts as a miss, and as a guess where an origin was asked for it.
pub(super) fn nothing<'p, I: Index>(
    context: &Context<'p, I>,
    group: &GroupPolicy,
    why: Absence,
) -> Answer<'p, I::Held> {
    if why == Absence::NotFound && context.before.is_some() {
        context.misses.guessed(context.client, &group.name, context.now);
    }
    match context.misses.allows(context.client, context.now) {
        true => absent(context, why),
        false => too_many_misses(context.policy),
    }
}

/// The question to the origins; `None` once it was asked often enough.
pub(super) fn miss<I>(
    context: &Context<'_, I>,
    key: ObjectKey,
    offset: u64,
    is_stale: bool,
) -> Option<Miss> {
    may_ask(context).then_some(Miss { key, whom: Whom::Origins { offset, is_stale } })
}

/// Whether somebody else may be asked once more.
pub(super) fn may_ask<I>(context: &Context<'_, I>) -> bool {
    context.before.is_none_or(|before| before.tries < MOST_TRIES)
}

/// Whole seconds from one instant to a later one.
pub(super) fn span_s(from: TimeUs, to: TimeUs) -> u64 {
    u64::try_from(to.unix_s().saturating_sub(from.unix_s())).unwrap_or(0)
}

/// How long whoever is given it may keep it, beginning where its age does; never beyond its rights.
fn lifetime_s(terms: &Terms, served_until: Option<TimeUs>) -> u64 {
    let until = terms.players_until.unwrap_or(terms.fresh_until);
    span_s(terms.born, served_until.map_or(until, |served_until| served_until.min(until)))
}

fn usable<'p, I: Index>(
    context: &Context<'p, I>,
    request: &Request<'_>,
    held: I::Held,
) -> Answer<'p, I::Held> {
    let Some(terms) = held.received().map(cache::Received::terms) else {
        return missing(context.policy, CacheStatus::Unknown);
    };
    let max_age_s = lifetime_s(&terms, context.index.served_until(held.entry()));
    let answer = select(context, request, held, CacheControl::Shared { max_age_s });
    if answer.cache_status != CacheStatus::Hit {
        return answer;
    }
    let ttl_s = terms.fresh_until.unix_s().saturating_sub(context.now.unix_s());
    let cache_status = match context.before {
        None => CacheStatus::Fresh { ttl_s, tier: None },
        Some(Before { forward, is_collapsed, .. }) => {
            CacheStatus::Forwarded { forward, is_collapsed, ttl_s }
        }
    };
    Answer { cache_status, age_s: Some(span_s(terms.born, context.now)), ..answer }
}

pub(super) fn absent<'p, I: Index>(context: &Context<'p, I>, why: Absence) -> Answer<'p, I::Held> {
    let forward = context.before.map(|before| before.forward);
    missing(context.policy, CacheStatus::Absent { why, forward })
}

/// The first byte that is wanted; 0 where that depends on the length.
pub(super) fn offset(request: &Request<'_>) -> u64 {
    let range = request.fields.range.value().map(|value| range::wanted(value, u64::MAX));
    match range {
        Some(Wanted::Part { start, .. }) if start < MAX_OBJECT_BYTES => start,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_keeps_anything_beyond_its_rights() {
        let born = TimeUs(1_700_000_000_000_000);
        let later = |s| born.plus_s(s);
        let terms = |players_until| Terms {
            born,
            validated: born,
            fresh_until: later(60),
            players_until,
            while_revalidate_until: later(90),
            if_error_until: later(600),
        };
        for (players, served, expected) in
            [(None, None, 60), (Some(9), None, 9), (None, Some(30), 30), (Some(9), Some(30), 9)]
        {
            let said = lifetime_s(&terms(players.map(later)), served.map(later));
            assert_eq!(said, expected, "{players:?} {served:?}");
        }
        assert_eq!(lifetime_s(&terms(None), Some(later(-5))), 0);
    }
}
