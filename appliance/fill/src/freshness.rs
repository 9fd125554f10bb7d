//! How long an answer may be served (RFC 9111 §4.2, RFC 5861). Pure: times come in as arguments.
//!
//! Nothing stale is served where the origin forbids it, and `s-maxage` is such a word
//! (§4.2.4, §5.2.2.10), whatever stands beside it.

use crate::directives::{Directives, MAX_DELTA_S, delta};
use cache::received::Terms;
use contract::time::TimeUs;
use hyper::HeaderMap;
use hyper::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, HeaderName, LAST_MODIFIED, VARY};

/// Of what an origin says nothing about, a tenth of its age may pass (§4.2.2), but no more than
/// this: who looks at a mistake of yesterday mends it today.
const LONGEST_GUESS_S: u64 = 86_400;

/// What is not there may come at any time; some origins give a 404 a day.
const LONGEST_ABSENCE_S: u64 = 300;

/// Where the origin says nothing: a live segment that was asked for too early comes in seconds.
const USUAL_ABSENCE_S: u64 = 5;

const S: i64 = 1_000_000;

/// When a question was asked, and when the head of its answer had come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exchange {
    pub(crate) asked: TimeUs,
    pub(crate) answered: TimeUs,
}

/// What an answer says of how it may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Freshness {
    /// The origin does not forbid it.
    allows_storing: bool,
    /// And it is the same for everybody.
    pub(crate) may_store: bool,
    /// It says how long, itself.
    pub(crate) is_explicit: bool,
    pub(crate) terms: Terms,
}

impl Freshness {
    /// Of an answer that is understood.
    pub(crate) fn of(fields: &HeaderMap, exchange: Exchange) -> Self {
        let directives =
            Directives::of(fields.get_all(CACHE_CONTROL).iter().map(|line| line.as_bytes()));
        let date = instant(fields, &DATE).unwrap_or(exchange.answered);
        let explicit = explicit_s(&directives, fields, date);
        let fresh_s = match (directives.no_cache, explicit) {
            (true, _) => 0,
            (false, Some(fresh_s)) => fresh_s,
            (false, None) => guessed_s(fields, date),
        };
        let forbids_stale =
            directives.no_cache || directives.must_revalidate || directives.s_maxage_s.is_some();
        let stale = |allowed: Option<u64>| if forbids_stale { 0 } else { allowed.unwrap_or(0) };
        let born = born(fields, date, exchange);
        let fresh_until = later(born, fresh_s);
        let terms = Terms {
            born,
            validated: exchange.answered,
            fresh_until,
            players_until: explicit_private_s(&directives, fields, date).map(|it| later(born, it)),
            while_revalidate_until: later(fresh_until, stale(directives.stale_while_revalidate_s)),
            if_error_until: later(fresh_until, stale(directives.stale_if_error_s)),
        };
        let allows_storing = directives.allows_storing();
        let may_store = allows_storing && !varies(fields);
        let is_explicit = explicit.is_some() || directives.no_cache;
        Self { allows_storing, may_store, is_explicit, terms }
    }

    /// What a 304 makes of terms: its own, where it has some, else those there were, from now on
    /// (§3.2, §4.3.4). `None` where it may not be kept any more.
    pub(crate) fn again(before: Terms, fields: &HeaderMap, exchange: Exchange) -> Option<Terms> {
        let said = Self::of(fields, exchange);
        if !said.may_store {
            return None;
        }
        let says_something =
            said.is_explicit || fields.contains_key(CACHE_CONTROL) || fields.contains_key(EXPIRES);
        if says_something {
            return Some(said.terms);
        }
        let from = |until: TimeUs| {
            let span_us = until.0.saturating_sub(before.born.0);
            TimeUs(said.terms.born.0.saturating_add(span_us))
        };
        Some(Terms {
            fresh_until: from(before.fresh_until),
            players_until: before.players_until.map(from),
            while_revalidate_until: from(before.while_revalidate_until),
            if_error_until: from(before.if_error_until),
            ..said.terms
        })
    }

    /// For how long nobody asks again for what is not there: not at all, where not even that may be
    /// kept.
    pub(crate) fn absent_until(&self, now: TimeUs) -> TimeUs {
        if !self.allows_storing {
            return now;
        }
        let usual = later(now, USUAL_ABSENCE_S);
        let until = if self.is_explicit { self.terms.fresh_until } else { usual };
        until.clamp(now, later(now, LONGEST_ABSENCE_S))
    }
}

/// §4.2.1, for a cache that serves many.
fn explicit_s(directives: &Directives, fields: &HeaderMap, date: TimeUs) -> Option<u64> {
    directives.s_maxage_s.or_else(|| for_anybody_s(directives, fields, date))
}

/// For one that serves one, where that is something else (§5.2.2.10).
fn explicit_private_s(directives: &Directives, fields: &HeaderMap, date: TimeUs) -> Option<u64> {
    directives.s_maxage_s?;
    if directives.no_cache { Some(0) } else { for_anybody_s(directives, fields, date) }
}

fn for_anybody_s(directives: &Directives, fields: &HeaderMap, date: TimeUs) -> Option<u64> {
    directives.max_age_s.or_else(|| {
        let expires = fields.get(EXPIRES)?;
        // An invalid one, `0` above all, means that it has expired (§5.3).
        let at = parse_date(expires.as_bytes()).unwrap_or(date);
        Some(span_s(date, at).min(MAX_DELTA_S))
    })
}

fn guessed_s(fields: &HeaderMap, date: TimeUs) -> u64 {
    let modified = instant(fields, &LAST_MODIFIED);
    modified.map_or(0, |modified| (span_s(modified, date) / 10).min(LONGEST_GUESS_S))
}

/// When its age was 0 (§4.2.3).
fn born(fields: &HeaderMap, date: TimeUs, exchange: Exchange) -> TimeUs {
    let Exchange { asked, answered } = exchange;
    // Several caches on the way may each have added one; the first is the nearest (§5.1).
    let age_s = fields.get(AGE).map_or(0, |age| delta(age.as_bytes()));
    let apparent_us = answered.0.saturating_sub(date.0).max(0);
    let delay_us = answered.0.saturating_sub(asked.0).max(0);
    let corrected_us = i64::try_from(age_s).unwrap_or(0) * S + delay_us;
    TimeUs(answered.0.saturating_sub(apparent_us.max(corrected_us)))
}

/// Whether what comes depends on who asks. We always ask in the same words, without
/// `Accept-Encoding` but for `identity`, and without `Origin`: an answer that depends on these
/// alone is the one for everybody here.
fn varies(fields: &HeaderMap) -> bool {
    let names =
        fields.get_all(VARY).iter().flat_map(|line| line.as_bytes().split(|it| *it == b','));
    names.map(<[u8]>::trim_ascii).any(|name| {
        !name.is_empty()
            && !name.eq_ignore_ascii_case(b"accept-encoding")
            && !name.eq_ignore_ascii_case(b"origin")
    })
}

fn instant(fields: &HeaderMap, name: &HeaderName) -> Option<TimeUs> {
    parse_date(fields.get(name)?.as_bytes())
}

/// An HTTP date in any of its three forms (RFC 9110 §5.6.7).
pub(crate) fn parse_date(text: &[u8]) -> Option<TimeUs> {
    let text = std::str::from_utf8(text).ok()?;
    httpdate::parse_http_date(text).ok().map(TimeUs::from)
}

fn later(at: TimeUs, s: u64) -> TimeUs {
    TimeUs(at.0.saturating_add(i64::try_from(s).unwrap_or(0).saturating_mul(S)))
}

fn span_s(from: TimeUs, to: TimeUs) -> u64 {
    u64::try_from(to.0.saturating_sub(from.0) / S).unwrap_or(0)
}

#[cfg(test)]
#[path = "freshness_tests.rs"]
mod tests;
