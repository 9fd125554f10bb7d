//! What a sibling is answered that turns to this box for what nobody ordered, as the home of its
//! key: what the origin said, with all that a cache has to know, and not what a viewer is told.
//!
//! Whatever comes from the origin may be kept: an answer that may not be is this box's own, and
//! the sibling asks the origins itself.

use super::answer::{Answer, Kind, Representation};
use super::cache_control::CacheControl;
use super::cache_status::CacheStatus;
use super::demanded::{self, Miss, span_s};
use super::etag::EntityTag;
use super::index::{Demanded, Found, Held, Index};
use super::peer;
use super::policy::{GroupPolicy, Policy};
use super::request::Request;
use super::respond::{Context, bad_question, missing, select};
use cache::received::{Absence, Facts, Terms, Validator};
use contract::config::OnMiss;
use contract::object::ObjectKey;
use contract::tombstones::BadPurgedUpTo;
use http::StatusCode;

/// For so long a sibling need not ask again for what is not there: this box knows better when
/// that is worth a question to the origin.
const ABSENT_FOR_S: u64 = 1;

/// Decides about a path that a sibling asks the home of.
pub(super) fn decide<'p, I: Index>(
    context: &Context<'p, I>,
    request: &Request<'_>,
    group: &'p GroupPolicy,
    path: &str,
) -> (Answer<'p, I::Held>, Option<Miss>) {
    match peer::purged_up_to(&request.fields) {
        Ok(Some(theirs)) if context.index.purged_up_to().covers(theirs) => {}
        // Who does not say how far it has come may be further.
        Ok(_) => return (not_here(context.policy, CacheStatus::PurgePending), None),
        Err(BadPurgedUpTo) => return (bad_question(context.policy), None),
    }
    let key = ObjectKey { group: group.name.clone(), path: path.into() };
    let is_ordered = !matches!(context.index.find(&group.name, path), Found::Unknown);
    let is_home = context.siblings.is_some_and(|siblings| siblings.is_home(&key));
    if group.on_miss != OnMiss::Proxy || is_ordered || !is_home {
        return (not_here(context.policy, CacheStatus::Unknown), None);
    }
    let asked = context.before.map(|before| before.at);
    match context.index.find_demanded(&group.name, path, asked, context.now) {
        Demanded::Usable(held) => (usable(context, request, held), None),
        Demanded::Withheld => (not_here(context.policy, CacheStatus::NotServedNow), None),
        Demanded::Absent(why) => (absent(context, why), None),
        Demanded::Ask(is_stale) => {
            let miss = demanded::miss(context, key, demanded::offset(request), is_stale);
            (absent(context, Absence::NoAnswer), miss)
        }
    }
}

/// 421 (RFC 9110 §15.5.20): this box can say nothing that would hold.
fn not_here<H>(policy: &Policy, cache_status: CacheStatus) -> Answer<'_, H> {
    let words = "This box is not the one to ask for it.\n";
    let refusal = Answer::refusal(StatusCode::MISDIRECTED_REQUEST, words, &policy.cache_name);
    Answer { cache_status, ..refusal }
}

fn absent<'p, I: Index>(context: &Context<'p, I>, why: Absence) -> Answer<'p, I::Held> {
    let forward = context.before.map(|before| before.forward);
    let cache_status = CacheStatus::Absent { why, forward };
    if why == Absence::NotFound {
        let cache_control = Some(CacheControl::Shared { max_age_s: ABSENT_FOR_S });
        return Answer { cache_control, ..missing(context.policy, cache_status) };
    }
    let words = "No origin has given it.\n";
    let refusal = Answer::refusal(StatusCode::GATEWAY_TIMEOUT, words, &context.policy.cache_name);
    Answer { cache_status, ..refusal }
}

fn usable<'p, I: Index>(
    context: &Context<'p, I>,
    request: &Request<'_>,
    held: I::Held,
) -> Answer<'p, I::Held> {
    let Some((terms, facts)) = held.received().map(|it| (it.terms(), it.facts().clone())) else {
        return not_here(context.policy, CacheStatus::Unknown);
    };
    let mut answer = select(context, request, held, cache_control(&terms));
    if let Kind::Whole(whole) | Kind::Part(whole, ..) | Kind::NotModified(whole) = &mut answer.kind
    {
        as_received(whole, facts);
        answer.age_s = Some(span_s(terms.born, context.now));
    }
    answer
}

/// The validators of the origin and none of ours: the sibling may have to go on with the origin.
fn as_received(whole: &mut Representation, facts: Facts) {
    whole.etag = match &facts.validator {
        Validator::Etag(tag) => EntityTag::received(tag),
        Validator::Modified(_) | Validator::Nothing => None,
    };
    if whole.etag.is_none() && !matches!(facts.validator, Validator::Modified(_)) {
        whole.modified = None;
    }
    whole.tags = facts.tags;
}

fn cache_control(terms: &Terms) -> CacheControl {
    CacheControl::Received {
        max_age_s: span_s(terms.born, terms.fresh_until),
        players_max_age_s: terms.players_until.map(|until| span_s(terms.born, until)),
        stale_while_revalidate_s: span_s(terms.fresh_until, terms.while_revalidate_until),
        stale_if_error_s: span_s(terms.fresh_until, terms.if_error_until),
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer::{FieldSink, MediaType};
    use super::super::date::DateText;
    use super::*;
    use contract::names::GroupName;
    use contract::object::Digest;
    use contract::tags::Tags;
    use contract::time::TimeUs;

    const MODIFIED: TimeUs = TimeUs(784_111_777_000_000);

    struct Lines(Vec<String>);

    impl FieldSink for Lines {
        fn field_of(&mut self, name: &'static str, value: &[&[u8]]) {
            self.0.push(format!("{name}: {}", String::from_utf8_lossy(&value.concat())));
        }
    }

    /// The fields of an answer about something that came with this validator.
    fn said(validator: Validator) -> Vec<String> {
        said_with(validator, None)
    }

    /// The same where the origin tells players something else than caches that serve many.
    fn said_with(validator: Validator, players_s: Option<i64>) -> Vec<String> {
        let born = MODIFIED.plus_s(1000);
        let terms = Terms {
            born,
            validated: born,
            fresh_until: born.plus_s(60),
            players_until: players_s.map(|it| born.plus_s(it)),
            while_revalidate_until: born.plus_s(90),
            if_error_until: born.plus_s(660),
        };
        let group = GroupName::new("g").unwrap();
        let facts = Facts {
            key: ObjectKey { group, path: "/a.mp4".into() },
            size_bytes: 9,
            validator,
            media_type: None,
            modified: Some(MODIFIED),
            tags: Tags::new(["a", "b"].map(|tag| tag.parse().unwrap()).to_vec()).unwrap(),
            terms,
        };
        let mut whole = Representation {
            media_type: MediaType::OfPath("video/mp4"),
            length: 9,
            etag: Some(EntityTag::of(&Digest::of(b"ours"))),
            modified: Some(DateText::of(MODIFIED)),
            tags: Tags::default(),
        };
        as_received(&mut whole, facts);
        let refusal = Answer::<()>::refusal(StatusCode::OK, "", "oca1");
        let (kind, cache_control) = (Kind::Whole(whole), Some(cache_control(&terms)));
        let answer = Answer { kind, cache_control, ..refusal };
        let mut lines = Lines(Vec::new());
        answer.write_fields(&DateText::of(born), &mut lines);
        lines.0
    }

    #[test]
    fn a_sibling_hears_the_origins_validators_and_none_of_ours() {
        let is = |lines: &[String], name: &str| lines.iter().any(|line| line.starts_with(name));
        let by_tag = said(Validator::Etag("\"v1\"".into()));
        assert!(is(&by_tag, "ETag: \"v1\"") && is(&by_tag, "Last-Modified: Sun, 06 Nov 1994"));
        let by_date = said(Validator::Modified(MODIFIED.unix_s()));
        assert!(!is(&by_date, "ETag") && is(&by_date, "Last-Modified"), "{by_date:?}");
        // Nothing that would seem to hold slices together that nothing holds together here, or
        // that cannot be said.
        let long = Validator::Etag(format!("\"{}\"", "x".repeat(100)).into());
        for validator in [Validator::Nothing, long] {
            let lines = said(validator);
            assert!(!is(&lines, "ETag") && !is(&lines, "Last-Modified"), "{lines:?}");
        }
    }

    #[test]
    fn a_sibling_hears_what_it_is_purged_by_and_all_terms() {
        let lines = said(Validator::Nothing);
        let terms = "Cache-Control: max-age=60, stale-while-revalidate=30, stale-if-error=600";
        for line in ["Cache-Tag: a", "Cache-Tag: b", terms] {
            assert!(lines.iter().any(|it| it == line), "{line} is not in {lines:?}");
        }
    }

    #[test]
    fn a_sibling_hears_what_is_for_it_and_what_is_for_players() {
        let lines = said_with(Validator::Nothing, Some(0));
        assert!(lines.iter().any(|it| it == "Cache-Control: max-age=0, s-maxage=60"), "{lines:?}");
    }
}
